"""Which events may hold a report: by country, time and distance, so that a store can answer from an index."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.enricher.domain.linking.reports import ReportRecord
from shared.codes import WherePrecision
from shared.contracts import EventSnapshot, Place

SEARCH_KM = 100.0  # candidates lie within this distance, or have no point; the newest may lie anywhere in the country,
NEWEST = timedelta(days=7)  # since a report may be placed wrongly
SEARCH_DAYS = 60  # candidates were last reported within this many days
DATE_SLACK = timedelta(days=3)  # ... or have a date within this of the report's
CANDIDATES = 96


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees; a box around a point, so that an index can answer."""

    south: float
    north: float
    west: float
    east: float


@dataclass(frozen=True, slots=True)
class Search:
    """Which events may hold a report. The stores answer it by index; `could_be` says the same of one event."""

    country: str | None  # null: any; events without a country always come along
    box: Box | None  # null: anywhere; events without a point, or known by province or country only, come along
    newest: tuple[datetime, datetime]  # last reported within these: anywhere in the country
    reported: tuple[datetime, datetime]  # last reported within these
    happened: tuple[date, date] | None  # ... or dated within these
    around: datetime  # nearest first
    limit: int = CANDIDATES


def search(report: ReportRecord) -> Search:
    frame, said = report.frame, report.said_at
    span = timedelta(days=SEARCH_DAYS)
    return Search(
        country=frame.place.country if frame.place else None,
        box=_box_around(frame.place),
        newest=(said - NEWEST, said + NEWEST),
        reported=(said - span, said + span),
        happened=(frame.date.start - DATE_SLACK, frame.date.end + DATE_SLACK) if frame.date else None,
        around=said,
    )


def could_be(event: EventSnapshot, asked: Search) -> bool:
    """The same question of one event, for stores without an index."""
    place, when = event.place, event.date
    country = place.country if place else None
    if asked.country and country and country != asked.country:
        return False
    if asked.newest[0] <= event.last_reported_at <= asked.newest[1]:
        return True
    if asked.box and place and _box_around(place) is not None and not _inside(place, asked.box):
        return False
    if asked.reported[0] <= event.last_reported_at <= asked.reported[1]:
        return True
    return bool(asked.happened and when and when.start <= asked.happened[1] and when.end >= asked.happened[0])


def _box_around(place: Place | None) -> Box | None:
    if place is None or place.lat is None or place.lon is None or place.precision >= WherePrecision.PROVINCE:
        return None
    tall = SEARCH_KM / 111.2
    wide = tall / max(0.05, math.cos(math.radians(place.lat)))
    return Box(place.lat - tall, place.lat + tall, place.lon - wide, place.lon + wide)


def _inside(place: Place, box: Box) -> bool:
    assert place.lat is not None and place.lon is not None  # noqa: S101 - `_box_around` found a point
    return box.south <= place.lat <= box.north and box.west <= place.lon <= box.east
