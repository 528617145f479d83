"""Which events may hold a report: by country, time and distance, so that a store can answer from an index."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from shared.codes import WherePrecision
from shared.contracts import EventSnapshot, Frame, Place, WhenRange

SEARCH_KM = 100.0  # candidates lie within this distance, or have no point; the newest may lie anywhere in the country,
NEWEST = timedelta(days=7)  # since a report may be placed wrongly
SEARCH_DAYS = 60  # candidates were last reported within this many days
NEAR_DAYS = 3 * 366  # ... those whose points lie near: arrests, trials and sentences come late
DATE_SLACK = timedelta(days=3)  # ... or have a date within this of the report's
LONGEST_DATE = timedelta(days=31)  # a date known by the year only finds nothing
CANDIDATES = 64
LEAST = 64  # with those that cannot hold it, nearest in time: what words and names attacks share is to be told

Cell = tuple[int, int]  # a degree of latitude and one of longitude, by their lower ends


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees; a box around a point, so that an index can answer."""

    south: float
    north: float
    west: float
    east: float

    def degrees(self) -> dict[str, float]:
        return {"south": self.south, "north": self.north, "west": self.west, "east": self.east}


@dataclass(frozen=True, slots=True)
class Search:
    """Which events may hold a report. The stores answer it by index; `could_be` says the same of one event."""

    country: str | None  # null: any; events without a country always come along
    box: Box | None  # null: the country; inside it the country matters not, at a border papers differ in it
    newest: tuple[datetime, datetime]  # last reported within these: anywhere in the country
    near: tuple[datetime, datetime]  # last reported within these: inside the box
    reported: tuple[datetime, datetime]  # last reported within these: where one side has no point
    happened: tuple[date, date] | None  # ... or dated within these
    around: datetime  # nearest first
    limit: int
    least: int  # where fewer may hold it, so many with others from anywhere


@dataclass(frozen=True, slots=True)
class Found:
    """What a store knows, nearest in time first. `fitting`: events that may hold the report; `others`: that cannot, and
    are only there to tell what attacks have in common."""

    fitting: Sequence[KnownEvent]
    others: Sequence[KnownEvent] = ()


def search(report: ReportRecord) -> Search:
    return search_for(report.frame, report.said_at)


def search_for(frame: Frame, said: datetime) -> Search:
    """`said`: when the report was published, else its message time."""
    span = timedelta(days=SEARCH_DAYS)
    return Search(
        country=frame.place.country if frame.place else None,
        box=box_around(frame.place),
        newest=(said - NEWEST, said + NEWEST),
        near=(said - timedelta(days=NEAR_DAYS), said + timedelta(days=NEAR_DAYS)),
        reported=(said - span, said + span),
        happened=(frame.date.start - DATE_SLACK, frame.date.end + DATE_SLACK) if frame.date else None,
        around=said,
        limit=CANDIDATES,
        least=LEAST,
    )


def nearness(event: KnownEvent, asked: Search) -> tuple[timedelta, UUID]:
    """By which candidates are in order, nearest in time first."""
    return abs(event.snapshot.last_reported_at - asked.around), event.event_id


def found_among(fitting: Iterable[KnownEvent], others: Iterable[KnownEvent], asked: Search) -> Found:
    """The nearest of them."""
    nearest = sorted(fitting, key=lambda event: nearness(event, asked))[: asked.limit]
    beside = max(0, asked.least - len(nearest))
    return Found(nearest, sorted(others, key=lambda event: nearness(event, asked))[:beside] if beside else [])


def with_reports(found: Found) -> Found:
    """Without the events whose reports were all taken back."""
    return Found(*([event for event in some if event.reports] for some in (found.fitting, found.others)))


def could_be(event: EventSnapshot, asked: Search) -> bool:
    """The same question of one event, for stores without an index."""
    place, when, last = event.place, event.date, event.last_reported_at
    pointed = place is not None and box_around(place) is not None
    if asked.box and pointed and place and _inside(place, asked.box):  # whatever its country: papers differ at borders
        return _between(last, asked.near) or _happened(when, asked)
    if asked.country is None:
        return _between(last, asked.newest if asked.box else asked.reported)
    country = place.country if place else None
    if country == asked.country and asked.box and pointed:
        return _between(last, asked.newest)
    return country in (asked.country, None) and (_between(last, asked.reported) or _happened(when, asked))


def _between(moment: datetime, span: tuple[datetime, datetime]) -> bool:
    return span[0] <= moment <= span[1]


def _happened(when: WhenRange | None, asked: Search) -> bool:
    if when is None or asked.happened is None or when.end - when.start > LONGEST_DATE:
        return False
    return when.start <= asked.happened[1] and when.end >= asked.happened[0]


def cells(box: Box) -> list[Cell]:
    """The cells that the box touches."""
    rows = range(math.floor(box.south), math.floor(box.north) + 1)
    return [(row, column) for row in rows for column in range(math.floor(box.west), math.floor(box.east) + 1)]


def box_around(place: Place | None) -> Box | None:
    if place is None or place.lat is None or place.lon is None or place.precision >= WherePrecision.PROVINCE:
        return None
    tall = SEARCH_KM / 111.2
    wide = tall / max(0.05, math.cos(math.radians(place.lat)))
    return Box(place.lat - tall, place.lat + tall, place.lon - wide, place.lon + wide)


def _inside(place: Place, box: Box) -> bool:
    assert place.lat is not None and place.lon is not None  # noqa: S101 - `box_around` found a point
    return box.south <= place.lat <= box.north and box.west <= place.lon <= box.east
