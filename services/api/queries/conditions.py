"""A filter as conditions on `events`, each written so that an index of migration 0005 serves it."""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, and_, any_, case, cast, exists, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.api.filters import EARTH_KM, Box, Circle, Filter
from shared.codes import EventStatus
from shared.database.tables import Event, Report

NO_ATTACK = (EventStatus.REJECTED, EventStatus.RETRACTED)
COARSEST_DATE = timedelta(days=366)  # a date of precision `year` spans no more
MOST_CELLS = 4_000  # of one square degree; a larger box is compared by its sides

day_: ColumnElement[Any] = literal_column("coalesce(events.date_start, '-infinity')")  # unknown: before all others
killed_: ColumnElement[int] = literal_column("coalesce(events.killed, -1)")
injured_: ColumnElement[int] = literal_column("coalesce(events.injured, -1)")
outlet_: ColumnElement[str] = literal_column("(reports.record ->> 'source')")
live_: ColumnElement[bool] = literal_column("events.epoch = 0")  # spelled as the indexes spell it


def matching(asked: Filter) -> list[ColumnElement[bool]]:
    """All must hold. What is merged into another event never matches, unless its status is asked for."""
    return [live_, *_shown(asked), *_when(asked), *_where(asked), *_what(asked), *_said(asked)]


def _shown(asked: Filter) -> Iterator[ColumnElement[bool]]:
    if asked.status:
        yield _one_of(Event.status, asked.status)
    else:
        hidden = () if asked.include_rejected else NO_ATTACK
        yield Event.status.not_in([EventStatus.MERGED, *hidden])
    if not asked.include_filed:
        yield Event.alertable.is_(True)


def _when(asked: Filter) -> Iterator[ColumnElement[bool]]:
    if asked.until:
        yield day_ <= asked.until
    if asked.since:
        if asked.since - date.min > COARSEST_DATE:
            yield day_ >= asked.since - COARSEST_DATE
        yield Event.date_end >= asked.since
    elif asked.until:
        yield Event.date_start.is_not(None)
    if asked.updated_since:
        yield Event.updated_at >= asked.updated_since


def _where(asked: Filter) -> Iterator[ColumnElement[bool]]:
    if asked.country:
        yield _one_of(Event.country, asked.country)
    if asked.admin1:
        yield Event.admin1 == asked.admin1
    if box := asked.box():
        yield from _within(box)
    if circle := asked.circle():
        if cells := _cells(circle.box()):
            yield in_cells(cells)
        else:
            yield from _within(circle.box())
        yield _distance_km(circle) <= circle.radius_km


def _what(asked: Filter) -> Iterator[ColumnElement[bool]]:
    for column, values in (
        (Event.attack_types, asked.attack_type),
        (Event.perpetrators, asked.perpetrator),
        (Event.targets, asked.target),
    ):
        if values:
            yield column.op("&&")(cast(array(map(str, values)), ARRAY(Text)))
    for toll, least in ((killed_, asked.killed_at_least), (injured_, asked.injured_at_least)):
        if least is not None:
            yield toll >= least


def _said(asked: Filter) -> Iterator[ColumnElement[bool]]:
    if asked.confidence_at_least is not None:
        yield Event.score >= asked.confidence_at_least
    if asked.sources_at_least is not None:
        yield Event.independent_sources >= asked.sources_at_least
    if asked.source:
        yield exists(select(1).where(Report.event_id == Event.id, outlet_ == asked.source))
    if asked.language:
        yield Event.languages.op("&&")(cast(array([asked.language]), ARRAY(Text)))
    if asked.q:
        yield Event.words.op("@@")(func.websearch_to_tsquery("english", asked.q))


def cells_of(asked: Filter) -> list[int]:
    """The square degrees that its box and circle touch; none: it has neither, or they touch too many."""
    circle, box = asked.circle(), asked.box()
    found = [set(_cells(area)) for area in (box, circle.box() if circle else None) if area]
    return sorted(set.intersection(*found)) if found and all(found) else []


def in_cells(cells: list[int]) -> ColumnElement[bool]:
    return Event.cell == any_(cast(cells, ARRAY(Integer)))


def _one_of(column: Any, values: list[Any]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column == values[0] if len(values) == 1 else column.in_(values)
    return condition


def _within(box: Box) -> Iterator[ColumnElement[bool]]:
    across = or_(Event.lon >= box.west, Event.lon <= box.east)
    columns = Event.lon.between(box.west, box.east) if box.west <= box.east else across
    inside = and_(Event.lat.between(box.south, box.north), columns)
    if cells := _cells(box):
        yield in_cells(cells)
        yield case((inside, True), else_=False)  # the planner must not take it for a second, independent narrowing
    else:
        yield inside


def _cells(box: Box) -> list[int]:
    """The numbers (`map_cell`) of the square degrees that it touches; none where they are too many to name.

    The planner knows how many events each has, which it cannot know of a point within two ranges.
    """
    west, east = math.floor(box.west), math.floor(box.east)
    columns = range(west, east + 1) if box.west <= box.east else [*range(west, 181), *range(-180, east + 1)]
    rows = range(math.floor(box.south), math.floor(box.north) + 1)
    if len(columns) * len(rows) > MOST_CELLS:
        return []
    return [row * 360 + column for row in rows for column in columns]


def _distance_km(circle: Circle) -> ColumnElement[float]:
    """Great-circle distance by the haversine formula."""
    lat, lon = func.radians(circle.lat), func.radians(circle.lon)
    a = func.power(func.sin((func.radians(Event.lat) - lat) / 2), 2) + func.cos(lat) * func.cos(
        func.radians(Event.lat)
    ) * func.power(func.sin((func.radians(Event.lon) - lon) / 2), 2)
    return 2 * EARTH_KM * func.asin(func.least(1.0, func.sqrt(a)))
