"""Where an event lies, so that many can be held against one another quickly."""

import math
from typing import NamedTuple

from shared.codes import WherePrecision
from shared.contracts import Place

EARTH_KM = 6371.0
SAME_PLACE_KM = 12.0


class Spot(NamedTuple):
    """A point on the sphere, km from its centre; `reach`: what lies within it, in a straight line, is the same place.

    Straight, not along the ground: that takes no trigonometry for each pair.
    """

    x: float
    y: float
    z: float
    reach: float
    country: str | None


def spot(place: Place | None) -> Spot | None:
    """Null for a place without a point, or known no more exactly than by its province."""
    if place is None or place.lat is None or place.lon is None or place.precision >= WherePrecision.PROVINCE:
        return None
    lat, lon = math.radians(place.lat), math.radians(place.lon)
    flat = EARTH_KM * math.cos(lat)
    reach = _straight(max(SAME_PLACE_KM, place.radius_km or 0.0))
    return Spot(flat * math.cos(lon), flat * math.sin(lon), EARTH_KM * math.sin(lat), reach, place.country)


def same_spot(a: Spot, b: Spot) -> bool:
    """Within reach of either; of two countries only where papers may differ in whose town it is."""
    apart = math.dist(a[:3], b[:3])
    if apart > max(a.reach, b.reach):
        return False
    return apart <= _NEAR or not a.country or not b.country or a.country == b.country


def distance_km(a: Place, b: Place) -> float | None:
    """Great-circle distance; null where one has no point."""
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return None
    lat1, lat2 = math.radians(a.lat), math.radians(b.lat)
    h = math.sin((lat2 - lat1) / 2) ** 2
    h += math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, h)))


def _straight(km: float) -> float:
    """The chord of so many km along the ground."""
    return 2 * EARTH_KM * math.sin(min(km / (2 * EARTH_KM), math.pi / 2))


_NEAR = _straight(SAME_PLACE_KM)
