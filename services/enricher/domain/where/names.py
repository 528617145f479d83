"""Finding place names in a text: the longest name the gazetteer knows, unless it is a person's or an organisation's.

What is plainly a person or a place at one spot ("Sheriff Jackson", "in Jackson, Miss.") decides about the bare name
elsewhere (one sense per discourse).
"""

import re
from collections.abc import Iterable

from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.gazetteer import MAX_WORDS, normal
from services.enricher.domain.where.judge import accept
from services.enricher.domain.where.qualify import qualify
from services.enricher.domain.where.variants import uninflected
from services.enricher.domain.where.words import CASELESS, Name, Scan, given_names, not_places, words

_GAP = re.compile(r"[ \xa0\n]?|[-‐–]")


def scan(text: str, countries: Iterable[str] = (), persons: set[str] | None = None) -> list[Name]:
    """Place names of a text in order, not overlapping. `countries` (ISO codes) are those the article is about.

    `persons` is filled with the keys of surnames met, and those in it already are believed.
    """
    found = Scan(text, frozenset(countries), persons if persons is not None else set())
    index = 0
    while index < len(found.words):
        index = _step(found, index)
    found.names = qualify(text, found.names)
    return _settle(found)


def _step(scan: Scan, index: int) -> int:
    """Take the longest known name that begins at this word; returns the next word to look at."""
    if not _opens(scan, index):
        return index + 1
    for last in range(min(len(scan.words), index + MAX_WORDS) - 1, index - 1, -1):
        if not _joined(scan, index, last):
            continue
        start, end = scan.words[index].start(), _end(scan.words[last])
        key: str | None = normal(scan.text[start:end])
        if key in not_places() and not (last == index and scan.caseless):
            return last + 1
        if not gazetteer.known(key or ""):
            key = uninflected(scan.text[start:end]) if last == index else None
        if not key:
            continue
        name = Name(start, end, scan.text[start:end], key, gazetteer.lookup(key))
        if accept(scan, name, index, last):
            scan.names.append(name)
            return last + 1
    return index + 1


def _opens(scan: Scan, index: int) -> bool:
    word = scan.words[index].group()
    if scan.caseless or CASELESS.match(word):
        return len(word) > 2 or word in words("articles")
    if word[0].isupper():
        return True
    after = scan.text[scan.words[index].end() :][:2]  # al-Hasakah, el-Arish
    return word in words("articles") and len(after) == 2 and after[0] in "- " and after[1].isupper()


def _joined(scan: Scan, first: int, last: int) -> bool:
    for one, two in zip(scan.words[first:last], scan.words[first + 1 : last + 1], strict=True):
        gap = scan.text[one.end() : two.start()]
        if not _GAP.fullmatch(gap) and not (gap in {". ", "."} and one.group().lower() in words("shortened")):
            return False
        if _end(one) < one.end() and one.group().lower() not in words("possessive_names"):
            return False
    final = scan.words[last].group()
    return scan.caseless or last == first or not final[0].islower() or final in words("small_ends")


def _end(word: re.Match[str]) -> int:
    """A possessive s belongs to no name."""
    return word.end() - 2 if word.group().endswith(("'s", "’s")) else word.end()


def _settle(scan: Scan) -> list[Name]:
    """One sense per discourse: surnames and words that nothing marks as a place are dropped."""
    strong = {name.key for name in scan.names if name.strong}
    kept: dict[int, Name] = {}
    for index, name in enumerate(scan.names):
        marked = name.strong and (name.key not in scan.persons or name.qualifier is not None or name.part)
        if marked or _survives(scan, name, strong):
            kept[index] = name
    order = {index: position for position, index in enumerate(kept)}
    for name in kept.values():
        name.qualifier = order.get(name.qualifier) if name.qualifier is not None else None
    return list(kept.values())


def _survives(scan: Scan, name: Name, strong: set[str]) -> bool:
    if name.key in scan.persons:
        return any(c.place.kind == "country" for c in name.candidates)
    widely = {c.place.kind for c in name.candidates if not c.alias} - {"city", "admin2"}
    if name.key in strong or widely - {"admin1"} or (widely and name.text not in given_names()):
        return True
    if name.single and name.text.lower() in scan.lower_words and not scan.caseless and not name.notable():
        return False
    # A tenth of its people for a name that is not the main one
    largest = max(c.place.population // (10 if c.alias else 1) for c in name.candidates)
    if name.text.split()[0] in given_names():
        return largest >= 500_000
    return largest >= (25_000 if name.single else 1000)
