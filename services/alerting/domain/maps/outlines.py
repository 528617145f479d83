"""Coasts and borders, from `lexicon/outlines.json.gz` (Natural Earth, 1:50 million; `lexicon/build_outlines.py`)."""

import gzip
import json
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).parents[2] / "lexicon" / "outlines.json.gz"
_PER_DEGREE = 100

Point = tuple[float, float]  # longitude, latitude
Ring = Sequence[Point]


class Box(NamedTuple):
    """In degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north


class Outline(NamedTuple):
    """One piece of land of a country: its shore or border, then the holes in it."""

    country: str  # ISO 3166-1 alpha-2; "" where it has none
    rings: Sequence[Ring]
    box: Box


@cache
def outlines() -> Sequence[Outline]:
    """All the land there is."""
    countries = json.loads(gzip.decompress(_FILE.read_bytes()))
    return [_outline(code, polygon) for code, polygons in countries for polygon in polygons]


def _outline(code: str, polygon: Sequence[Sequence[int]]) -> Outline:
    rings = [_ring(flat) for flat in polygon]
    lons, lats = zip(*rings[0], strict=True)
    return Outline(code, rings, Box(min(lons), min(lats), max(lons), max(lats)))


def _ring(steps: Sequence[int]) -> Ring:
    lons, lats = accumulate(steps[::2]), accumulate(steps[1::2])
    return [(lon / _PER_DEGREE, lat / _PER_DEGREE) for lon, lat in zip(lons, lats, strict=True)]
