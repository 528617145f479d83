"""Whether report and event lie in the same place."""

import math
from collections.abc import Iterable, Sequence

from services.enricher.domain.linking.factors.names import Factors
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.spots import SAME_PLACE_KM, distance_km
from shared.codes import WherePrecision
from shared.contracts import Place

KM_PER_DEGREE = 111.2  # of latitude
SAME_PLACE_DEGREES = SAME_PLACE_KM / KM_PER_DEGREE


def place_agreement(report: ReportRecord, event: KnownEvent, compared: Iterable[ReportRecord]) -> Factors:
    """The event's place decides; where that is another one, a report that agrees, or that only names the place."""
    here = report.frame.place
    place = _place_factors(here, event.snapshot.place)
    if "place_same" in place:
        return place
    if any("place_same" in _place_factors(here, other.frame.place) for other in compared):
        return {"place_some": 1.0}
    return {"place_mentioned": 1.0} if _mentioned(report, event) else place


def _mentioned(report: ReportRecord, event: KnownEvent) -> bool:
    """One side names the other's place, though it puts its own attack elsewhere."""
    there, here = event.snapshot.place, report.frame.place
    return _names_point(report.mentions, there) or any(_names_point(other.mentions, here) for other in event.reports)


def _names_point(mentions: Sequence[tuple[float, float]], place: Place | None) -> bool:
    if place is None or place.lat is None or place.lon is None or place.precision >= WherePrecision.PROVINCE:
        return False
    wide = SAME_PLACE_DEGREES / max(0.05, math.cos(math.radians(place.lat)))
    return any(abs(lat - place.lat) <= SAME_PLACE_DEGREES and abs(lon - place.lon) <= wide for lat, lon in mentions)


def _place_factors(a: Place | None, b: Place | None) -> Factors:
    if a is None or b is None:
        return {"place_unknown": 1.0}
    distance = distance_km(a, b)
    coarse = max(a.precision, b.precision) >= WherePrecision.PROVINCE
    at_border = distance is not None and distance <= SAME_PLACE_KM and not coarse  # papers differ in whose town it is
    if a.country and b.country and a.country != b.country and not at_border:
        return {"country_differs": 1.0}
    if distance is None or coarse:
        return {"place_coarse": 1.0}
    if distance <= max(SAME_PLACE_KM, a.radius_km or 0.0, b.radius_km or 0.0):
        return {"place_same": 1.0}
    return {"place_near": 1.0} if distance <= 50 else {"place_far": 1.0}
