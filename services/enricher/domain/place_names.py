"""Finding place names in a text: the longest name the gazetteer knows, unless it is a person's or an organisation's.

Text is scanned twice: what is plainly a person or a place at one spot ("Sheriff Jackson", "in Jackson, Miss.")
decides about the bare name elsewhere (one sense per discourse).
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from services.enricher.domain import gazetteer
from services.enricher.domain.gazetteer import LEXICON, MAX_WORDS, Candidate, normal
from services.enricher.domain.text import is_lower_case

WORD = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’ʼ`][^\W\d_]+)*")
_GAP = re.compile(r"[  \n]|[-‐–]")
_ABBREVIATED = frozenset({"st", "ste", "ft", "mt"})
_CASELESS = re.compile(r"[؀-ۿऀ-ॿ֐-׿]")
_AGE = re.compile(r",? \(?\d{1,2}\b(?!st|nd|rd|th|[:\d])[,)]")


@dataclass(slots=True)
class Name:
    """A place name at text[start:end]. `strong`: grammar says it is a place; `part`: it is within a longer name
    ("Memphis Police"); `qualifier`: index of the name that says where it lies ("Gary, Indiana")."""

    start: int
    end: int
    text: str
    key: str
    candidates: Sequence[Candidate]
    strong: bool = False
    part: bool = False
    qualifier: int | None = None


@dataclass(slots=True)
class _Scan:
    text: str
    words: list[re.Match[str]]
    caseless: bool
    countries: frozenset[str]
    persons: set[str] = field(default_factory=set)
    names: list[Name] = field(default_factory=list)
    lower_words: frozenset[str] = frozenset()


def scan(text: str, countries: Iterable[str] = (), persons: set[str] | None = None) -> list[Name]:
    """Place names of a text in order, not overlapping. `countries` (ISO codes) are those the article is about.

    `persons` is filled with the keys of surnames met, and those in it already are believed.
    """
    words = list(WORD.finditer(text))
    lower = frozenset(w.group() for w in words if w.group().islower())
    scan_ = _Scan(
        text, words, is_lower_case(text), frozenset(countries), persons if persons is not None else set(), [], lower
    )
    index = 0
    while index < len(words):
        index = _step(scan_, index)
    _qualify(scan_)
    return _settle(scan_)


def _step(scan_: _Scan, index: int) -> int:
    """Take the longest known name that begins at this word; returns the next word to look at."""
    if not _opens(scan_, index):
        return index + 1
    for last in range(min(len(scan_.words), index + MAX_WORDS) - 1, index - 1, -1):
        if not _joined(scan_, index, last):
            continue
        start, end = scan_.words[index].start(), _end(scan_.words[last])
        key = normal(scan_.text[start:end])
        if key in _not_places() and not (last == index and scan_.caseless):
            return last + 1
        if _knows(key):
            candidates = gazetteer.lookup(key)
        elif last == index and (variant := _inflected(scan_.text[start:end])):
            key, candidates = variant, gazetteer.lookup(variant)
        else:
            continue
        name = Name(start, end, scan_.text[start:end], key, candidates)
        if _accept(scan_, name, index, last):
            scan_.names.append(name)
            return last + 1
        if last > index:
            continue
    return index + 1


def _opens(scan_: _Scan, index: int) -> bool:
    word = scan_.words[index].group()
    if scan_.caseless or _CASELESS.match(word):
        return len(word) > 2
    if word[0].isupper():
        return True
    # al-Hasakah, el-Arish
    after = scan_.text[scan_.words[index].end() :][:2]
    return word in _ARTICLES and len(after) == 2 and after[0] in "- " and after[1].isupper()


_ARTICLES = frozenset(["al", "el", "ad", "an", "ar", "as", "ash", "at", "az", "ed", "es", "sa"])


def _joined(scan_: _Scan, first: int, last: int) -> bool:
    for one, two in zip(scan_.words[first:last], scan_.words[first + 1 : last + 1], strict=True):
        gap = scan_.text[one.end() : two.start()]
        if not _GAP.fullmatch(gap) and not (gap in {". ", "."} and one.group().lower() in _ABBREVIATED):
            return False
        if one.group().endswith(("'s", "’s")) and normal(one.group()) not in {"coxs", "martins", "kings"}:
            return False
    final = scan_.words[last].group()
    return scan_.caseless or last == first or not final[0].islower() or final in _LOWER_ENDS


_LOWER_ENDS = frozenset(
    {"city", "state", "province", "county", "valley", "camp", "agency", "district", "basin", "airport"}
)


def _end(word: re.Match[str]) -> int:
    """A possessive s belongs to no name."""
    return word.end() - 2 if word.group().endswith(("'s", "’s")) else word.end()


def _knows(key: str) -> bool:
    return gazetteer.known(key)


def _inflected(word: str) -> str | None:
    """Russian cases and Arabic prefixes undone, where that gives a known name."""
    for variant in _variants(word):
        key = normal(variant)
        if len(key) > 2 and _knows(key) and any(_notable(c) for c in gazetteer.lookup(key)):
            return key
    return None


def _variants(word: str) -> Iterable[str]:
    if re.fullmatch("[А-ЯЁ][а-яё]{3,}", word):
        for ending, bases in _RUSSIAN:
            if word.endswith(ending):
                yield from (word[: len(word) - len(ending)] + base for base in bases)
    elif "؀" <= word[0] <= "ۿ":
        for prefix in ("وال", "بال", "ال", "لل", "و", "ب", "ل"):
            if word.startswith(prefix) and len(word) - len(prefix) > 2:
                yield word[len(prefix) :]


_RUSSIAN = (
    ("ами", ("ы", "и")), ("ах", ("ы", "и")), ("ии", ("ия",)), ("ию", ("ия",)), ("ией", ("ия",)), ("ем", ("й", "ь")),
    ("ом", ("",)), ("ой", ("а",)), ("ей", ("я",)), ("е", ("а", "", "о", "я")), ("у", ("а", "")), ("ы", ("а",)),
    ("и", ("ь", "я", "а")), ("а", ("",)), ("я", ("ь", "й")), ("ю", ("ь", "я", "й")),
)  # fmt: skip


def _notable(candidate: Candidate) -> bool:
    """A place that a bare name brings to mind anywhere."""
    place = candidate.place
    return place.kind not in {"city", "admin2"} or place.population >= 100_000


def _accept(scan_: _Scan, name: Name, first: int, last: int) -> bool:
    word = scan_.words[first].group()
    single = first == last
    if _CASELESS.match(word):
        return _accept_caseless(scan_, name, first, last)
    if scan_.caseless or _shouted(scan_.text, name):
        return _accept_caseless(scan_, name, first, last)
    if single and name.key in gazetteer.demonyms() and _after(scan_, last).lower() not in {"region", "state"}:
        return False
    if single and _initials(name.text):
        name.strong = gazetteer.curated(name.key)
        return name.strong
    if single and len(name.key) <= 3:
        return False
    before, after = _before(scan_, first), _after(scan_, last)
    name.strong = before in _words()["near"] or before in _words()["directions"]
    if single and name.key in _stop():
        name.strong = before in {"in", "near"} and not after[:1].isupper()
        if not name.strong:
            return False
    return not _is_person(scan_, name, first, last, before, after) and _fits(scan_, name, single, before, after)


def _initials(text: str) -> bool:
    letters = text.replace(".", "")
    return len(letters) <= 5 and letters.isupper()


def _before(scan_: _Scan, index: int) -> str:
    """The word before, in lower case where it opens a sentence, with its case elsewhere; empty at a boundary."""
    if not index:
        return ""
    word, here = scan_.words[index - 1], scan_.words[index].start()
    gap = scan_.text[word.end() : here]
    if gap not in {" ", ". ", "\n"}:
        return ""
    if gap == ". " and word.group().lower() not in _words()["titles"] and len(word.group()) > 1:
        return ""
    text = word.group()
    return text.lower() if text.lower() in _words()["near"] or text.lower() in _words()["directions"] else text


def _after(scan_: _Scan, index: int) -> str:
    if index + 1 >= len(scan_.words):
        return ""
    word, end = scan_.words[index + 1], scan_.words[index].end()
    return word.group() if scan_.text[end : word.start()] in {" "} else ""


def _is_person(scan_: _Scan, name: Name, first: int, last: int, before: str, after: str) -> bool:
    low = before.lower()
    if before[:1].isupper():
        if low in _words()["titles"]:
            scan_.persons.add(name.key)
            return True
        if first == last and (before in _given() or len(before) == 1) and not _dateline_at(scan_, name):
            scan_.persons.add(name.key)
            return True
    heads = first == last and name.text in _given()
    if heads and after[:1].isupper() and not _is_common_head(after) and not name.strong:
        scan_.persons.add(normal(after))
        return True
    return bool(_AGE.match(scan_.text, name.end)) and not name.strong


def _dateline_at(scan_: _Scan, name: Name) -> bool:
    return name.start == 0


def _is_common_head(word: str) -> bool:
    low = word.lower()
    return any(low in _words()[kind] for kind in ("facilities", "streets", "papers", "teams", "directions"))


_CROSS = re.compile(
    r"(?:,| and| &) (?:[NSEW]\.? )?(?:[A-Z]\w+ ){1,2}(?:Streets?|Avenues?|Roads?|Sts?\.|Aves?\.|Boulevard|Drive)"
)


def _is_street(scan_: _Scan, name: Name) -> bool:
    """One of two crossing streets, or a street after its block number."""
    before = scan_.text[max(0, name.start - 40) : name.start]
    if re.search(
        r"\bblocks? of (?:[NSEW]\.? |North |South |East |West )?$|\d(?:st|nd|rd|th)(?: Street| Avenue)? and $", before
    ):
        return True
    return bool(
        re.search(r"\b(?:corner|intersection) of (?:[\w.]+ ){0,4}$", before) or _CROSS.match(scan_.text, name.end)
    )


def _fits(scan_: _Scan, name: Name, single: bool, before: str, after: str) -> bool:
    low = after.lower()
    if _is_street(scan_, name):
        return False
    if after[:1].isupper():
        if low in _words()["streets"] or low in _words()["papers"] or low in _words()["teams"]:
            return False
        name.part = True
        if low in _words()["civic"] or low in _words()["titles"]:
            name.strong = True
        elif not name.strong and not (_big(name) if single else any(_notable(c) for c in name.candidates)):
            return False
    if low in _words()["speech"] and single and not name.strong and not _big(name):
        return False
    unknown_before = before[:1].isupper() and not name.strong and single
    if unknown_before and not _titled(scan_, name) and low not in _words()["facilities"]:
        return _big(name)
    return True


def _big(name: Name) -> bool:
    return any(
        c.place.kind not in {"city", "admin2"} or (c.place.population >= 1_000_000 and not c.alias)
        for c in name.candidates
    )


def _accept_caseless(scan_: _Scan, name: Name, first: int, last: int) -> bool:
    """No capitals to go by: curated names and large towns; small ones only after a preposition, in a country named."""
    before = _before(scan_, first).lower()
    name.strong = before in _words()["near"]
    single = first == last
    if single and (name.key in _stop() or name.key in _not_places() or len(name.key) < 4):
        return name.text in {"u.s.", "u.k.", "U.S.", "U.K.", "US", "UK", "UAE"}
    if name.key in scan_.lower_words and not scan_.caseless and not _CASELESS.match(name.text):
        return False
    given = single and name.text.capitalize() in _given()
    for candidate in name.candidates:
        place = candidate.place
        if place.kind not in {"city", "admin2"} and not (given and not name.strong and place.kind != "country"):
            return True
        if place.population >= (1_000_000 if candidate.alias else 300_000) and (name.strong or not given):
            return True
        if name.strong and place.country in scan_.countries and (place.population >= 2000 or not single):
            return True
        if not single and place.country in scan_.countries and not candidate.alias:
            return True
    return False


def _shouted(text: str, name: Name) -> bool:
    """The name stands in a line of capitals."""
    if not name.text.isupper() or len(name.text) < 4:
        return False
    start = text.rfind("\n", 0, name.start) + 1
    line = text[start : text.find("\n", name.end) % (len(text) + 1)][:300]
    return sum(map(str.isupper, line)) > 4 * sum(map(str.islower, line))


def _titled(scan_: _Scan, name: Name) -> bool:
    """The name stands in a line where every longer word has a capital (headlines)."""
    start = scan_.text.rfind("\n", 0, name.start) + 1
    end = scan_.text.find("\n", name.end)
    line = scan_.text[start : end if end >= 0 else len(scan_.text)]
    words = [w for w in line.split() if len(w) > 3 and w[0].isalpha()]
    return len(line) < 200 and sum(w[0].isupper() for w in words) > 0.7 * len(words)


_ABBREVIATION = re.compile(
    r"(?:,|,? \(|,\s)\s?((?:[A-Z]\.\s?){2}|[A-Z][A-Za-z]{1,4}\.|[A-Z]{2,3}(?![\w-])|W\.\s?Va\.|Qld(?!\w))"
)
_QUALIFIES = re.compile(r",\s+|,? \(|\s+in\s+|\s+in the\s+|,?\s+of\s+|,\s+in\s+(?:the\s+)?")


def _qualify(scan_: _Scan) -> None:
    """Link each name to the state or country that follows it; short forms (Ind., TX) become names of their own."""
    names: list[Name] = []
    for name in scan_.names:
        if names and name.start < names[-1].end:
            continue
        names.append(name)
        match = _ABBREVIATION.match(scan_.text, name.end)
        division = _division(match[1]) if match else None
        if match and division:
            if not any(_inside(c, division) for c in name.candidates):
                if any(c.place.kind == "country" for c in name.candidates):
                    continue
                name.candidates = [Candidate(_somewhere_in(division, name.text), False)]
            start, end = match.span(1)
            names.append(Name(start, end, match[1], normal(match[1]), [Candidate(division, False)], strong=True))
    for index, name in enumerate(names[:-1]):
        after = names[index + 1]
        gap = scan_.text[name.end : after.start]
        if (
            len(gap) < 12
            and _QUALIFIES.fullmatch(gap)
            and any(holds(outer.place, inner.place) for outer in after.candidates for inner in name.candidates)
        ):
            name.qualifier, name.strong = index + 1, True
    scan_.names = names


def _division(form: str) -> gazetteer.Place | None:
    """The state of a short form: Ind., IN, or In. as some papers have it."""
    plain = form.replace(". ", ".")
    return _abbreviations().get(plain) or (
        _abbreviations().get(plain[:2].upper()) if len(plain) == 3 and plain not in _NO_STATES else None
    )


_NO_STATES = frozenset({"Ms.", "De.", "Al.", "St.", "Me.", "Or.", "Co.", "In.", "Oh."})


def _somewhere_in(division: gazetteer.Place, name: str) -> gazetteer.Place:
    """A town the gazetteer lacks, known to be in a state: the middle of the state stands for it."""
    return division._replace(geonameid=None, name=name, kind="locality", population=0)


def _inside(candidate: Candidate, division: gazetteer.Place) -> bool:
    return candidate.place.country == division.country and candidate.place.admin1 == division.admin1


def holds(outer: gazetteer.Place, inner: gazetteer.Place) -> bool:
    """Whether a country, province, district or region has the other place within it."""
    ranks = {"country": 3, "admin1": 2, "region": 2, "admin2": 1}
    if ranks.get(outer.kind, 0) <= ranks.get(inner.kind, 0) or (outer.country and outer.country != inner.country):
        return False
    if outer.kind == "country":
        return True
    if outer.admin1 and inner.admin1 and outer.country == inner.country and outer.kind == "admin1":
        return outer.admin1 == inner.admin1
    return gazetteer.kilometres(outer, inner) <= outer.radius_km * 1.3 + 20


def _settle(scan_: _Scan) -> list[Name]:
    """One sense per discourse: surnames and words that nothing marks as a place are dropped."""
    strong = {name.key for name in scan_.names if name.strong}
    kept: list[Name] = []
    moved: dict[int, int] = {}
    for index, name in enumerate(scan_.names):
        if (name.strong and (name.key not in scan_.persons or name.qualifier is not None or name.part)) or (
            _survives(scan_, name, strong)
        ):
            moved[index] = len(kept)
            kept.append(name)
    for name in kept:
        name.qualifier = moved.get(name.qualifier) if name.qualifier is not None else None
    return kept


def _survives(scan_: _Scan, name: Name, strong: set[str]) -> bool:
    if name.key in scan_.persons:
        return any(c.place.kind == "country" for c in name.candidates)
    if name.key in strong or any(c.place.kind not in {"city", "admin2"} and not c.alias for c in name.candidates):
        return True
    if " " not in name.key and name.text.lower() in scan_.lower_words and not scan_.caseless:
        return False
    largest = max((c.place.population for c in name.candidates if not c.alias), default=0)
    largest = max(largest, max((c.place.population // 10 for c in name.candidates), default=0))
    if name.text.split()[0] in _given():
        return largest >= 500_000
    return largest >= 50_000 or (" " in name.key and largest >= 1000)


@cache
def _words() -> dict[str, frozenset[str]]:
    lists = json.loads((LEXICON / "place_words.json").read_text(encoding="utf-8"))
    return {name: frozenset(words) for name, words in lists.items() if isinstance(words, list)}


@cache
def _not_places() -> frozenset[str]:
    return frozenset(map(normal, _words()["not_places"]))


@cache
def _stop() -> frozenset[str]:
    return frozenset(row[0] for row in gazetteer.rows("place_stop.txt"))


@cache
def _given() -> frozenset[str]:
    return frozenset(row[0] for row in gazetteer.rows("given_names.txt"))


@cache
def _abbreviations() -> dict[str, gazetteer.Place]:
    found = {}
    for form, country, code in gazetteer.rows("abbreviations.tsv"):
        place = gazetteer.division(country, code)
        if place:
            found[form] = place
    return found
