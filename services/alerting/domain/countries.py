"""Countries and regions by name, from `lexicon/countries.tsv` (UN M49) and `lexicon/regions.tsv`."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

_LEXICON = Path(__file__).parent.parent / "lexicon"


class Country(NamedTuple):
    code: str  # ISO 3166-1 alpha-2
    name: str
    region: str  # UN M49 sub-region: "Western Asia"
    continent: str


@cache
def countries() -> dict[str, Country]:
    """Every country by its code."""
    return {row.code: row for row in (Country(*fields) for fields in _rows("countries.tsv"))}


@cache
def regions() -> dict[str, frozenset[str]]:
    """Country codes by the name of a region or continent, in lower case."""
    members: dict[str, set[str]] = {}
    for country in countries().values():
        for name in (country.region, country.continent):
            members.setdefault(name.lower(), set()).add(country.code)
    for name, codes, _ in _rows("regions.tsv"):
        members[name.lower()] = set(codes.split())
    return {name: frozenset(codes) for name, codes in members.items()}


@cache
def regions_of(code: str) -> frozenset[str]:
    """The names, in lower case, of the regions that a country lies in."""
    return frozenset(name for name, codes in regions().items() if code in codes)


def country_name(code: str) -> str:
    """The English name; the code itself where it is unknown."""
    known = countries().get(code)
    return known.name if known else code


def _rows(table: str) -> Iterator[list[str]]:
    for line in (_LEXICON / table).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")
