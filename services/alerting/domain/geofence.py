"""Is an attack within a circle? As certain an answer as the place of the attack is known."""

from enum import IntEnum
from math import asin, cos, radians, sin, sqrt

from pydantic import BaseModel, ConfigDict, Field

from shared.codes import WherePrecision
from shared.contracts import Place

EARTH_RADIUS_KM = 6371.0
KM_PER_DEGREE = EARTH_RADIUS_KM * radians(1)  # of latitude

# How far the attack may lie from the point of its place, where the place itself does not say (`radius_km`).
UNCERTAINTY_KM = {
    WherePrecision.EXACT: 1.0,
    WherePrecision.NEAR: 25.0,  # as UCDP defines it
    WherePrecision.DISTRICT: 50.0,
    WherePrecision.PROVINCE: 150.0,
    WherePrecision.VAGUE: 200.0,
    WherePrecision.COUNTRY: 500.0,
    WherePrecision.INTERNATIONAL: 500.0,
}


class Containment(IntEnum):
    """From outside to certainly inside; `REGION_ONLY`: a province or country is known, and it reaches the circle."""

    OUTSIDE = 0
    REGION_ONLY = 1
    POSSIBLE = 2
    INSIDE = 3


class Circle(BaseModel):
    """A radius around a point, in degrees and kilometres."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    km: float = Field(gt=0, le=20_000)


def containment(circle: Circle, place: Place | None) -> Containment:
    """Where the attack lies; a place without a point is outside every circle."""
    if place is None or place.lat is None or place.lon is None:
        return Containment.OUTSIDE
    apart = distance_km(circle.lat, circle.lon, place.lat, place.lon)
    uncertain = uncertainty_km(place)
    if apart + uncertain <= circle.km:
        return Containment.INSIDE
    if apart - uncertain > circle.km:
        return Containment.OUTSIDE
    return Containment.POSSIBLE if place.precision <= WherePrecision.DISTRICT else Containment.REGION_ONLY


def uncertainty_km(place: Place) -> float:
    """How far from its point the attack may lie."""
    return place.radius_km if place.radius_km is not None else UNCERTAINTY_KM[place.precision]


def distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle distance (haversine)."""
    a, b = radians(lat_a), radians(lat_b)
    h = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(h)))
