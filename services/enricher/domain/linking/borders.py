"""Which countries an attack may be put in by papers that place it a little differently: those near its point."""

import gzip
import math
from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from services.enricher.domain.linking.search import Cell, box_around, cells
from services.enricher.domain.where.gazetteer import LEXICON
from shared.contracts import Place


def countries_near(place: Place | None) -> frozenset[str | None]:
    """The place's country and those with a town within the distance that linking searches; null among them: any.

    A place without a point (a province, a country) is its country; one without country and point may be anywhere.
    """
    box = box_around(place)
    if place is None or (box is None and place.country is None):
        return frozenset([None])
    found: set[str | None] = {place.country} if place.country else set()
    if box:
        for lat, lon in cells(box):
            found |= _towns().get((lat, (lon + 180) % 360 - 180), frozenset())
    return frozenset(found or {None})


@cache
def _towns() -> Mapping[Cell, frozenset[str]]:
    """Countries with a town in each cell."""
    cells: dict[Cell, set[str]] = defaultdict(set)
    lines = gzip.decompress((LEXICON / "gazetteer_places.tsv.gz").read_bytes()).decode().splitlines()
    for _, _, lat, lon, country, _, kind, *_ in (line.split("\t") for line in lines):
        if kind == "city":
            cells[math.floor(float(lat)), math.floor(float(lon))].add(country)
    return {cell: frozenset(countries) for cell, countries in cells.items()}
