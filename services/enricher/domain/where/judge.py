"""Is it a place? Names of persons, streets, papers, teams and everyday words are not."""

import re

from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.gazetteer import normal
from services.enricher.domain.where.words import CASELESS, Name, Scan, everyday, given_names, not_places, words

_AGE = re.compile(r",? \(?\d{1,2}\b(?!st|nd|rd|th|[:\d])[,)]")
_DATELINE = re.compile(r"\s?(?:[,|(—–:-])")
_TOWN = re.compile(
    r"\b(?:town|city|village|hamlet|district|suburb|neighbou?rhood|province|state|port|region|capital|municipality|settlement"
    r"|county|governorate) of $"
)
_BLOCK = re.compile(
    r"\bblocks? of (?:[NSEW]\.? |North |South |East |West )?$"
    r"|(?:\d(?:st|nd|rd|th)|(?:Street|Avenue|Ave\.|Road|Boulevard|Drive|Sts?\.)) and $"
    r"|\d(?:st|nd|rd|th) (?:Street|Avenue) and $"
    r"|\b(?:corner|intersection) of (?:[\w.]+ ){0,4}$"
)
_CROSS = re.compile(
    r"(?:,| and| &) (?:[NSEW]\.? )?(?:[A-Z]\w+ ){1,2}(?:Streets?|Avenues?|Roads?|Sts?\.|Aves?\.|Boulevard|Drive)"
)


def accept(scan: Scan, name: Name, first: int, last: int) -> bool:
    """Whether the name at words `first` to `last` may be a place; notes what grammar says of it."""
    if CASELESS.match(name.text) or scan.caseless or _shouted(scan, name):
        return _accept_caseless(scan, name, first, last)
    before, after = scan.before(first), scan.after(last)
    if first == last and not _fit_word(scan, name, before, after):
        return False
    name.strong = name.strong or before in words("near") or before in words("directions") or _town_of(scan, name)
    return not _is_person(scan, name, before, after) and _fits(scan, name, before, after)


def _town_of(scan: Scan, name: Name) -> bool:
    """ "the northern town of X" """
    return bool(_TOWN.search(scan.text, max(0, name.start - 20), name.start))


def _fit_word(scan: Scan, name: Name, before: str, after: str) -> bool:
    """Single words: nationalities, initials and everyday words need a reason."""
    if name.key in gazetteer.demonyms():
        return after.lower() in {"region", "state"}
    letters = name.text.replace(".", "")
    if len(letters) <= 5 and letters.isupper():
        name.strong = name.text in gazetteer.initials() or _opens_line(scan, name)
        return name.strong
    if len(name.key) < 4:
        return False
    if name.key in everyday() or name.text in words("brands"):
        longer = after[:1].isupper() and after.lower() not in words("civic")
        name.strong = before in {"in", "near"} and not longer
        return name.strong
    return True


def _opens_line(scan: Scan, name: Name) -> bool:
    """ROME (Reuters) -"""
    start = scan.text.rfind("\n", 0, name.start) + 1
    return not scan.text[start : name.start].strip() and bool(_DATELINE.match(scan.text, name.end)) and name.notable()


def _is_person(scan: Scan, name: Name, before: str, after: str) -> bool:
    initial = len(before) == 1 and scan.text[name.start - 2] == "."  # "J. Houston", not "A Houston man"
    if before[:1].isupper() and (
        before.lower() in words("titles") or (name.single and (before in given_names() or initial))
    ):
        scan.persons.add(name.key)
        return True
    if name.single and name.text in given_names() and after[:1].isupper() and not name.strong and not _heads(after):
        scan.persons.add(normal(after))
        return True
    return bool(_AGE.match(scan.text, name.end)) and not name.strong


def _heads(word: str) -> bool:
    """Heads of longer names: County, Street, Times."""
    return any(
        word.lower() in words(kind) for kind in ("facilities", "civic", "streets", "papers", "teams", "directions")
    )


def _is_street(scan: Scan, name: Name, after: str) -> bool:
    before = scan.text[max(0, name.start - 40) : name.start]
    return after.lower() in words("streets") or bool(_BLOCK.search(before) or _CROSS.match(scan.text, name.end))


def _fits(scan: Scan, name: Name, before: str, after: str) -> bool:
    low = after.lower()
    name.unit = _unit(low)
    name.quarter, name.civic = low in words("quarters"), low in words("civic")
    name.strong = name.strong or name.unit is not None or low in words("townsfolk")
    event = low in words("events") and _headline(scan, name)  # "Winchester Shooting"
    if after[:1].isupper() and not event:
        if _is_street(scan, name, after) or low in words("papers") or low in words("teams"):
            return False
        name.part = True
        if low in words("civic") or low in words("titles"):
            name.strong = True
        elif not name.strong and not _known_alone(name):
            return False
    elif _is_street(scan, name, ""):
        return False
    if not name.single or name.strong or name.big():
        return True
    if low in words("speech"):
        return False
    opens = before.lower() in words("openers")
    return opens or not before[:1].isupper() or _headline(scan, name) or low in words("facilities")


def _known_alone(name: Name) -> bool:
    """Whether a name inside a longer one is a place still: "Karachi Water Board", not "Chelsea Handler"."""
    return name.big() or (name.notable() and (not name.single or name.text not in given_names()))


def _unit(after: str) -> str | None:
    if after in {"province", "governorate", "oblast", "state"}:
        return "admin1"
    return "admin2" if after in {"district", "county"} else None


def _headline(scan: Scan, name: Name) -> bool:
    """The line gives every longer word a capital."""
    line = scan.line(name)
    longer = [word for word in line.split() if len(word) > 3 and word[0].isalpha()]
    return len(line) < 200 and sum(word[0].isupper() for word in longer) > 0.7 * len(longer)


def _shouted(scan: Scan, name: Name) -> bool:
    """The line is all capitals."""
    if not name.text.isupper() or len(name.text) < 4:
        return False
    line = scan.line(name)[:300]
    return sum(map(str.isupper, line)) > 4 * sum(map(str.islower, line))


def _accept_caseless(scan: Scan, name: Name, first: int, last: int) -> bool:
    """No capitals to go by: curated names and large towns; small ones only after a preposition, in a country named."""
    before = scan.before(first).lower()
    name.strong = before in words("near")
    name.unit = _unit(scan.after(last).lower())
    script = CASELESS.match(name.text)
    if first == last and (name.key in everyday() or name.key in not_places() or len(name.key) < (3 if script else 4)):
        return name.text.replace(".", "").upper() in {"US", "UK", "UAE"} and ("." in name.text or name.text.isupper())
    if name.key in scan.lower_words and not scan.caseless and not script:
        return False
    given = first == last and name.text.capitalize() in given_names()
    return any(_accept_candidate(scan, name, candidate, given) for candidate in name.candidates)


def _accept_candidate(scan: Scan, name: Name, candidate: gazetteer.Candidate, given: bool) -> bool:
    place, near = candidate.place, candidate.place.country in scan.countries
    if place.kind not in {"city", "admin2"}:
        return not given or name.strong or place.kind == "country"
    # In Arabic letters every name is another one
    least = 300_000 if not candidate.alias else 500_000 if CASELESS.match(name.text) else 1_000_000
    if place.population >= least:
        return name.strong or not given
    if name.strong and near:
        return place.population >= 2000 or not name.single
    return not name.single and near and not candidate.alias
