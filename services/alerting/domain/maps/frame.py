"""Which part of the world a map shows: the country around the place, or as much of it as still says where."""

from collections.abc import Iterable
from math import cos, inf, radians
from typing import NamedTuple

from services.alerting.domain.geofence import KM_PER_DEGREE, distance_km
from services.alerting.domain.maps.outlines import Box, Outline, Point, Ring
from shared.codes import WherePrecision
from shared.contracts import Place

LEAST_KM, MOST_KM = 500.0, 3400.0  # from left to right
AT_SEA_KM = 1600.0
MARGIN = 1.15
STEEPEST = 80.0  # degrees of latitude: nearer to a pole degrees of longitude are drawn no narrower


class Frame(NamedTuple):
    """`pixels`: for one degree of latitude. Degrees of longitude are as narrow as they are in the middle."""

    lon: float  # of the middle
    lat: float
    pixels: float
    width: int
    height: int

    def at(self, lon: float, lat: float) -> Point:
        """In pixels from the upper left corner."""
        narrow = self.pixels * _narrow(self.lat)
        return self.width / 2 + (lon - self.lon) * narrow, self.height / 2 - (lat - self.lat) * self.pixels

    def ring(self, ring: Ring, turn: float = 0.0) -> list[Point]:
        """A ring in pixels, moved by so many degrees; of points that fall together the first."""
        narrow = self.pixels * _narrow(self.lat)
        left, top = self.width / 2 + (turn - self.lon) * narrow, self.height / 2 + self.lat * self.pixels
        drawn: list[Point] = []
        last_x = last_y = inf
        for lon, lat in ring:
            x, y = left + lon * narrow, top - lat * self.pixels
            if abs(x - last_x) >= 1 or abs(y - last_y) >= 1:
                drawn.append((x, y))
                last_x, last_y = x, y
        return drawn

    def length(self, km: float) -> float:
        """In pixels."""
        return km / KM_PER_DEGREE * self.pixels

    def turn(self, box: Box) -> float:
        """By how many degrees (0, or once around) land must be moved to lie where the map shows it."""
        return round((self.lon - (box.west + box.east) / 2) / 360) * 360.0

    def shows(self, box: Box) -> bool:
        turn = self.turn(box)
        left, bottom = self.at(box.west + turn, box.south)
        right, top = self.at(box.east + turn, box.north)
        return left < self.width and right > 0 and top < self.height and bottom > 0


def frame_of(lat: float, lon: float, place: Place, land: Iterable[Outline], width: int, height: int) -> Frame:
    """The frame for a place at a point: the land of its country that it lies on or near to, if that fits."""
    own = [one for one in land if place.country and one.country == place.country]
    if not own:
        return _around(lat, lon, AT_SEA_KM, width, height)
    known = place.precision not in (WherePrecision.COUNTRY, WherePrecision.VAGUE)
    box = min(own, key=lambda one: _apart(one.box, lat, lon)).box if known else max(map(_size, own))[1]
    middle = (box.south + box.north) / 2
    wide = (box.east - box.west) * KM_PER_DEGREE * _narrow(middle)
    km = MARGIN * max(wide, (box.north - box.south) * KM_PER_DEGREE * width / height)
    if known and (km > MOST_KM or not box.holds(lon, lat)):
        return _around(lat, lon, min(MOST_KM, max(LEAST_KM, km)), width, height)
    return _around(middle, (box.west + box.east) / 2, max(LEAST_KM, km), width, height)


def _around(lat: float, lon: float, km: float, width: int, height: int) -> Frame:
    return Frame(lon, lat, width / (km / KM_PER_DEGREE), width, height)


def _apart(box: Box, lat: float, lon: float) -> float:
    """Kilometres from a point to a box; of boxes that hold it the smallest is the nearest, just below nothing."""
    if box.holds(lon, lat):
        return -1 / (1 + (box.east - box.west) * (box.north - box.south))
    return distance_km(lat, lon, min(max(lat, box.south), box.north), min(max(lon, box.west), box.east))


def _size(one: Outline) -> tuple[float, Box]:
    return (one.box.east - one.box.west) * (one.box.north - one.box.south), one.box


def _narrow(lat: float) -> float:
    return cos(radians(min(STEEPEST, abs(lat))))
