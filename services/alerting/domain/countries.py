"""Countries and regions by name, from `lexicon/countries.tsv` (UN M49)."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).parent.parent / "lexicon" / "countries.tsv"


class Country(NamedTuple):
    code: str  # ISO 3166-1 alpha-2
    name: str
    region: str  # UN M49 sub-region: "Western Asia"
    continent: str


@cache
def countries() -> dict[str, Country]:
    """Every country by its code."""
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    return {row.code: row for row in (Country(*line.split("\t")) for line in lines if not line.startswith("#"))}


@cache
def regions() -> dict[str, frozenset[str]]:
    """Country codes by the name of a region or continent, in lower case."""
    members: dict[str, set[str]] = {}
    for country in countries().values():
        for name in (country.region, country.continent):
            members.setdefault(name.lower(), set()).add(country.code)
    return {name: frozenset(codes) for name, codes in members.items()}


def country_name(code: str) -> str:
    """The English name; the code itself where it is unknown."""
    known = countries().get(code)
    return known.name if known else code
