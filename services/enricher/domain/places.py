"""Places in an article: every mention with coordinates, the dateline, and the place of an event.

    mentions = find(text, title=title, language="en", source_country="US")
    where = choose(mentions, focus=[(120, 240)], dateline=dateline(text), text=text)

Nationalities are no places, but point to countries (`demonym_countries`).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from services.enricher.domain import gazetteer, outlets
from services.enricher.domain.gazetteer import Place, normal
from services.enricher.domain.place_names import scan
from services.enricher.domain.place_resolve import resolve
from services.enricher.domain.place_words import Name


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place named at text[start:end] (of the title where `in_title`), and what it means.

    `kind`: country, admin1, admin2, city, neighbourhood, landmark, region, continent, sea. `country` is ISO 3166-1
    alpha-2, `admin1` and `locality` are names. `precision` is UCDP where_prec (1-7) of an event "at this place",
    `radius_km` how far from the point it may be. `part`: the name is part of a longer one ("Memphis Police").
    """

    start: int
    end: int
    text: str
    name: str
    geonameid: int | None
    lat: float
    lon: float
    country: str | None
    admin1: str | None
    locality: str | None
    kind: str
    precision: int
    radius_km: float
    in_title: bool = False
    part: bool = False


@dataclass(frozen=True, slots=True)
class Demonym:
    """A nationality at text[start:end] and its country."""

    start: int
    end: int
    country: str
    in_title: bool = False


PRECISION = {"locality": 4, "country": 6, "continent": 6, "admin1": 4, "admin2": 3, "region": 5, "sea": 7}


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
    head = scan(title, {*hints, *named}, persons) if title else []
    for name in body:
        name.qualifier = None if name.qualifier is None else name.qualifier + len(head)
    names = [*head, *body]
    unnamed = _capitals(text, title)
    if not names:
        return unnamed
    meant = resolve(names, hints, outlets.home(source), language in {None, "en"})
    mentions = [_mention(name, meant[index].place, index < len(head)) for index, name in enumerate(names)]
    return sorted([*mentions, *unnamed], key=lambda mention: (not mention.in_title, mention.start))


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


_DATELINE = re.compile(
    r"\s*(?P<city>[A-ZÀ-Ý][A-ZÀ-Ý.'’ -]{2,40}?)(?P<rest>,\s*[A-Z][\w. ]{1,30}?)?"
    r"\s*(?:[,(]\s*(?:\w+\.? \d{1,2}(?:, \d{4})?|AP|Reuters|AFP|ANI|IANS|PTI|Xinhua|[A-Z][\w/ .]{1,30})\s*\)?)?"
    r"\s*(?:--|[—–|:-])\s"
)


def dateline(text: str) -> PlaceMention | None:
    """The place in front of the first words: `KABUL, Afghanistan (AP) —`, `GARY | `, `LONDON:`."""
    for start in _openings(text):
        match = _DATELINE.match(text, start)
        if not match:
            continue
        span = text[match.start("city") : match.end("rest") if match["rest"] else match.end("city")]
        found = find(f"in {span.title() if not match['rest'] else match['city'].title() + match['rest']}")
        if found:
            first = found[0]
            begin = match.start("city") + first.start - 3
            return PlaceMention(
                begin, begin + first.end - first.start, text[begin : begin + first.end - first.start],
                *[getattr(first, f) for f in PlaceMention.__slots__[3:]],
            )  # fmt: skip
    return None


def _openings(text: str) -> list[int]:
    """Where the first few paragraphs begin: crawled pages have by-lines and captions before the story."""
    starts = [0]
    for match in re.finditer(r"\n+", text[:1500]):
        starts.append(match.end())
    return starts[:8]


def choose(
    mentions: Sequence[PlaceMention], focus: Sequence[tuple[int, int]], dateline: PlaceMention | None, text: str
) -> PlaceMention | None:
    """The mention that says where the event told in the sentences `focus` (spans of `text`) happened.

    Grammar counts ("in X", "near X"; less "from X", "X police"), nearness to the focus, how exact the place is, how
    often it is named; the dateline steps in where nothing else does. Its precision follows the words before it.
    """
    counts = Counter(mention.name for mention in mentions)
    scored = [
        (_weight(m, focus, text, counts) + _support(m, mentions, dateline), m)
        for m in mentions
        if m.kind != "continent"
    ]
    if dateline and dateline.kind != "continent":
        scored.append((1.2, dateline))
    if not scored:
        return None
    best = max(scored, key=lambda pair: pair[0])
    return _precise(best[1], text)


def _weight(mention: PlaceMention, focus: Sequence[tuple[int, int]], text: str, counts: Mapping[str, int]) -> float:
    score = {"country": -1.2, "region": -0.6, "sea": -0.4, "admin1": -0.7, "admin2": 0.0}.get(mention.kind, 0.6)
    score += 0.35 * min(counts[mention.name], 5)
    if mention.in_title:
        return score + 1.6
    score += _nearness(mention, focus)
    before = text[max(0, mention.start - 24) : mention.start].lower()
    after = text[mention.end : mention.end + 20].lower()
    if re.search(
        r"\b(?:in|at|near|inside|outside|around|on)(?: the)?(?: \w+ern| \w+ city of| city of| town of| village of)? $",
        before,
    ):
        score += 1.2
    elif re.search(r"\b(?:from|to|toward|of) $", before):
        score -= 0.5
    if re.search(r"\bborder(?:s|ed|ing)?(?: with| of| to| between)?(?: the)? $|\bfled to $|\bnative of $", before):
        score -= 2.0
    if mention.part:
        score -= 0.3
    if re.match(r"(?:,? \w+)? (?:man|woman|resident|native|teen|couple|based)\b|-(?:based|born)", after):
        score -= 0.9
    return score


def _support(mention: PlaceMention, mentions: Sequence[PlaceMention], dateline: PlaceMention | None) -> float:
    """Places of one event lie together: what stands alone, far from all others named, is likely misread."""
    if mention.kind in {"country", "region", "sea"}:
        return 0.0
    others = [m for m in (*mentions, dateline) if m and m.name != mention.name and m.kind not in {"continent", "sea"}]
    near = {m.name for m in others if _together(mention, m)}
    return 0.4 * min(len(near), 3) if near or not others else -0.6


def _together(one: PlaceMention, other: PlaceMention) -> bool:
    if other.kind == "country":
        return False
    if one.country != other.country:
        return False
    return one.admin1 == other.admin1 or math.hypot(one.lat - other.lat, one.lon - other.lon) < 1.5


def _nearness(mention: PlaceMention, focus: Sequence[tuple[int, int]]) -> float:
    if not focus:
        return 1.5 if mention.start < 400 else 0.5
    gap = min(max(start - mention.end, mention.start - end, 0) for start, end in focus)
    if gap == 0:
        return 2.4
    return 1.4 if gap < 200 else 0.8 if gap < 600 else 0.2


def _precise(mention: PlaceMention, text: str) -> PlaceMention:
    if mention.in_title or mention.precision != 1:
        return mention
    before = text[max(0, mention.start - 40) : mention.start].lower()
    if re.search(
        r"\b(?:near|outside|around|(?:kilomet(?:er|re)s?|km|miles?)\b[\w ]*\b(?:of|from)) (?:city of |town of )?$",
        before,
    ):
        values = {field: getattr(mention, field) for field in PlaceMention.__slots__}
        return PlaceMention(**(values | {"precision": 2, "radius_km": max(mention.radius_km, 25.0)}))
    return mention
