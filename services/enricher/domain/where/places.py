"""Places in an article: every mention with coordinates, the dateline, and the place of an event.

    mentions = find(text, title=title, language="en", source_country="US")
    where = choose(mentions, focus=[(120, 240)], dateline=dateline(text), text=text)

Nationalities are no places, but point to countries (`demonym_countries`).
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from services.enricher.domain.where import gazetteer, outlets
from services.enricher.domain.where.choice import choose
from services.enricher.domain.where.gazetteer import Place, normal
from services.enricher.domain.where.mention import Demonym, PlaceMention
from services.enricher.domain.where.names import scan
from services.enricher.domain.where.resolve import resolve
from services.enricher.domain.where.words import Name

__all__ = ["Demonym", "PlaceMention", "choose", "dateline", "demonym_countries", "find"]

PRECISION = {
    "locality": 4,
    "neighbourhood": 1,
    "country": 6,
    "continent": 6,
    "admin1": 4,
    "admin2": 3,
    "region": 5,
    "sea": 7,
}


def find(
    text: str,
    *,
    title: str | None = None,
    language: str | None = None,
    source_country: str | None = None,
    source: str | None = None,
) -> list[PlaceMention]:
    """Every place mention, the title's first, in order.

    `source_country`: ISO code of where the outlet is; `source`: its host name, which for local papers says the town.
    """
    source_country = source_country or outlets.country(source)
    hints = Counter(
        {
            country: min(count, 4)
            for country, count in Counter(d.country for d in demonym_countries(text, title)).items()
        }
    )
    if source_country:
        hints[source_country] += 1
    named = _countries_named(f"{title or ''}\n{text}")
    persons: set[str] = set()
    body = scan(text, {*hints, *named}, persons)
    head = _headline(title, {*hints, *named}, persons) if title else []
    for name in body:
        name.qualifier = None if name.qualifier is None else name.qualifier + len(head)
    names = [*head, *body]
    unnamed = _capitals(text, title)
    if not names:
        return unnamed
    meant = resolve(names, hints, outlets.home(source), language in {None, "en"}, len(head))
    mentions = [_mention(name, meant[index].place, index < len(head)) for index, name in enumerate(names)]
    return sorted([*mentions, *unnamed], key=lambda mention: (not mention.in_title, mention.start))


def _headline(title: str, countries: set[str], persons: set[str]) -> list[Name]:
    """Names of a title; those behind it ("| WXYZ Memphis News & Weather") say where the outlet is."""
    tail = outlets.masthead(title)
    found = scan(outlets.without_masthead(title, tail), countries, persons)
    for name in found:
        name.masthead = name.start >= tail
    return found


_CAPITAL = re.compile(r" capital(?! (?:city )?(?:of )?[A-Z]|,? [A-Z]| punishment| murder| gains| market)(?: city)?\b")


def _capitals(text: str, title: str | None) -> list[PlaceMention]:
    """ "The Somali capital" is a place, where its name does not follow."""
    found = []
    for demonym in demonym_countries(text, title):
        field = (title or "") if demonym.in_title else text
        capital = gazetteer.capitals().get(demonym.country)
        if capital and (match := _CAPITAL.match(field, demonym.end)):
            span = field[demonym.start : match.end()]
            found.append(_mention(Name(demonym.start, match.end(), span, "", []), capital, demonym.in_title))
    return found


def _mention(name: Name, place: Place, in_title: bool) -> PlaceMention:
    return PlaceMention(
        name.start,
        name.end,
        name.text,
        place.name,
        place.geonameid,
        place.lat,
        place.lon,
        place.country,
        _admin1(place),
        place.name if place.kind in {"city", "locality", "neighbourhood", "landmark"} else None,
        place.kind,
        _precision(place, name),
        place.radius_km,
        in_title,
        name.part,
        name.masthead,
    )


def _precision(place: Place, name: Name) -> int:
    """ "Nowshera district" is a district, though the gazetteer knows the town alone."""
    if name.unit and place.kind == "city":
        return PRECISION[name.unit]
    return 6 if place.kind == "locality" and not place.admin1 else PRECISION.get(place.kind, 1)


def _admin1(place: Place) -> str | None:
    if place.kind == "admin1":
        return place.name
    division = gazetteer.division(place.country, place.admin1) if place.country and place.admin1 else None
    return division.name if division else None


def demonym_countries(text: str, title: str | None = None) -> list[Demonym]:
    """Nationalities named, in order, the title's first: hints at a country, not places."""
    pattern, countries = _demonyms()
    return [
        Demonym(match.start(), match.end(), countries[normal(match[0])], in_title)
        for field, in_title in ((title or "", True), (text, False))
        for match in pattern.finditer(field)
    ]


@cache
def _demonyms() -> tuple[re.Pattern[str], Mapping[str, str]]:
    words = {
        word: code
        for code, *_, demonyms in gazetteer.rows("countries.tsv")
        for word in filter(None, demonyms.split("|"))
    }
    words = {word: code for word, code in words.items() if word not in {"US", "U.S."}}
    forms = sorted({*words, *(w.lower() for w in words if w not in {"Lao", "Thai", "Polish"})}, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, forms))})(?=s?(?![\w]))")
    return pattern, {normal(word): code for word, code in words.items()}


def _countries_named(text: str) -> set[str]:
    pattern, codes = _country_names()
    return {codes[normal(match[0])] for match in pattern.finditer(text)}


@cache
def _country_names() -> tuple[re.Pattern[str], Mapping[str, str]]:
    names = {place.name: code for code, place in gazetteer.countries().items()}
    forms = sorted({*names, *(n.lower() for n in names)}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, forms))})(?!\w)"), {normal(n): c for n, c in names.items()}


_REST = r"(?P<rest>,\s*[A-Z][\w. ]{1,30}?)?"
_DATE = r"(?:\w+\.? \d{1,2}(?:, \d{4})?|\d{1,2} [^\W\d]{3,9}\.?(?: \d{2,4})?)"
_WIRE = r"\(\s*[^()\n]{2,40}\)"
_DASH = r"\s*(?:--|[—–|:-])\s"
_DATELINES = (
    # KABUL, Afghanistan (AP) —    GARY |    LONDON:    SRINAGAR, Jan 5:
    re.compile(rf"\s*(?P<city>[A-ZÀ-Ý][A-ZÀ-Ý.'’ -]{{2,40}}?){_REST}\s*(?:,?\s*{_DATE})?\s*(?:{_WIRE})?{_DASH}"),
    # Srinagar, January 5 (ANI):    san salvador, 12 jan 90 (acan-efe) --
    re.compile(rf"\s*(?P<city>[^\W\d][\w.'’ -]{{2,40}}?){_REST},\s*{_DATE}\s*(?:{_WIRE})?{_DASH}"),
    re.compile(rf"\s*(?P<city>[A-ZÀ-Ý][\w.'’ -]{{2,40}}?){_REST}\s*{_WIRE}{_DASH}"),
)


def dateline(text: str) -> PlaceMention | None:
    """The place in front of the first words: `KABUL, Afghanistan (AP) —`, `GARY | `, `LONDON:`."""
    for start in _openings(text):
        match = next((m for pattern in _DATELINES if (m := pattern.match(text, start))), None)
        if match:
            begin = match.start("city")
            # As many characters as in the text, so that offsets hold; capitals as in running text
            span = match["city"].title() + (match["rest"] or "")
            found = find(f"In {span}.")
            if found and found[0].start == 3:
                return replace(
                    found[0], start=begin, end=begin + found[0].end - 3, text=text[begin:][: found[0].end - 3]
                )
    return None


def _openings(text: str) -> list[int]:
    """Where the first few paragraphs begin: crawled pages have by-lines and captions before the story."""
    starts = [0]
    for match in re.finditer(r"\n+", text[:1500]):
        starts.append(match.end())
    return starts[:8]
