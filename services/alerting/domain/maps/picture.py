"""The map of a place: its country among its neighbours, a dot where the attack was, a ring where that is not sure."""

from functools import lru_cache
from typing import NamedTuple

from services.alerting.domain.geofence import uncertainty_km
from services.alerting.domain.maps.canvas import Canvas
from services.alerting.domain.maps.frame import Frame, frame_of
from services.alerting.domain.maps.outlines import Outline, outlines
from shared.codes import WherePrecision
from shared.contracts import Place

WIDTH, HEIGHT = 1120, 640  # pixels; shown half as large
# Neither white nor black: it stands beside letters on either.
PALETTE = ("#c3d3df", "#e4dfd2", "#fbf7ea", "#a9a396", "#57534a", "#b42318", "#ffffff")
SEA, LAND, OWN, BORDER, OWN_BORDER, MARK, HALO = range(len(PALETTE))
DOT = 13  # pixels
WHOLE_COUNTRY = (WherePrecision.COUNTRY, WherePrecision.VAGUE)
BARS_KM = (1000, 500, 200, 100, 50)


class Picture(NamedTuple):
    """`bar_km`: how long the bar in the lower left corner is; `ring`: is there one around the place?"""

    png: bytes
    bar_km: int
    ring: bool


def picture(place: Place | None) -> Picture | None:
    """None where there is no point. The same place has the same picture, drawn once."""
    if place is None or place.lat is None or place.lon is None:
        return None
    if not (-90 <= place.lat <= 90 and -180 <= place.lon <= 180):
        return None
    return _draw(place.lat, place.lon, place.country, place.precision, uncertainty_km(place))


@lru_cache(maxsize=64)
def _draw(lat: float, lon: float, country: str | None, precision: WherePrecision, uncertain: float) -> Picture:
    place = Place(name="", country=country, precision=precision)
    frame = frame_of(lat, lon, place, outlines(), WIDTH, HEIGHT)
    canvas = Canvas(WIDTH, HEIGHT, SEA)
    _land(canvas, frame, country)
    ring = _mark(canvas, frame, lat, lon, precision, uncertain)
    bar = next((km for km in BARS_KM if frame.length(km) <= WIDTH / 4), BARS_KM[-1])
    _bar(canvas, frame.length(bar))
    return Picture(canvas.png(PALETTE), bar, ring)


def _land(canvas: Canvas, frame: Frame, country: str | None) -> None:
    shown = [(one, _rings(frame, one)) for one in outlines() if frame.shows(one.box)]
    shown.sort(key=lambda pair: pair[0].country == country)  # its own border is drawn last
    for one, rings in shown:
        canvas.fill(rings, OWN if one.country == country else LAND)
    for one, rings in shown:
        own = one.country == country
        for ring in rings:
            canvas.line([*ring, ring[0]], OWN_BORDER if own else BORDER, 4 if own else 2)


def _rings(frame: Frame, one: Outline) -> list[list[tuple[float, float]]]:
    turn = frame.turn(one.box)
    return [drawn for ring in one.rings if (drawn := frame.ring(ring, turn))]


def _mark(canvas: Canvas, frame: Frame, lat: float, lon: float, precision: WherePrecision, uncertain: float) -> bool:
    """A dot, a ring, or both; neither where only the country is known. Returns whether there is a ring."""
    if precision in WHOLE_COUNTRY:
        return False
    x, y = frame.at(lon, lat)
    radius = frame.length(uncertain)
    ring = radius > 2 * DOT
    if ring:
        canvas.disc(x, y, radius + 4, HALO, hole=radius - 4)
        canvas.disc(x, y, radius + 2, MARK, hole=radius - 2)
    if precision <= WherePrecision.DISTRICT:
        canvas.disc(x, y, DOT + 4, HALO)
        canvas.disc(x, y, DOT, MARK)
    return ring


def _bar(canvas: Canvas, length: float) -> None:
    left, bottom = 28, HEIGHT - 28
    canvas.box(left - 4, bottom - 12, length + 8, 16, HALO)
    canvas.box(left, bottom - 8, length, 8, OWN_BORDER)
