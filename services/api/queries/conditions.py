"""A filter as conditions on `events`, each written so that an index of migrations 0005 to 0011 serves it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, all_, and_, any_, case, cast, exists, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from services.api.filters import EARTH_KM, Box, Circle, Filter
from shared.codes import EventStatus
from shared.database.tables import Event, EventPerpetrator, Report

NO_ATTACK = (EventStatus.REJECTED, EventStatus.RETRACTED)
COARSEST_DATE = timedelta(days=366)  # a date of precision `year` spans no more

day_: ColumnElement[Any] = literal_column("coalesce(events.date_start, '-infinity')")  # unknown: before all others
killed_: ColumnElement[int] = literal_column("coalesce(events.killed, -1)")
injured_: ColumnElement[int] = literal_column("coalesce(events.injured, -1)")
outlet_: ColumnElement[str] = literal_column("(reports.record ->> 'source')")
live_: ColumnElement[bool] = literal_column("events.epoch = 0")  # spelled as the indexes spell it


def matching(asked: Filter, *, few_there: bool = False, by_words: bool = True) -> list[ColumnElement[bool]]:
    """All must hold. What is merged into another event never matches, unless its status is asked for.

    `few_there`: so few events lie in its box and circle that the index of places finds them; else each event that the
    other conditions or the order lead to is asked where it lies. `by_words`: the index of words may find them; else
    each is asked for its words.
    """
    places = [on_the_map(area) if few_there else _beside(area) for area in areas(asked)]
    words = [_has_words(asked.q) if by_words else _of_each(_has_words(asked.q))] if asked.q else []
    return [live_, *_shown(asked), *_when(asked), *places, *_where(asked), *_what(asked), *_said(asked), *words]


def _shown(asked: Filter) -> Iterator[ColumnElement[bool]]:
    if asked.status:
        yield _one_of(Event.status, asked.status)
    else:
        hidden = () if asked.include_rejected else NO_ATTACK
        yield Event.status != all_(_texts([EventStatus.MERGED, *hidden]))
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
    if circle := asked.circle():
        yield _distance_km(circle) <= circle.radius_km


def _what(asked: Filter) -> Iterator[ColumnElement[bool]]:
    groups = asked.perpetrator
    if (
        len(groups) == 1
    ):  # in the order of events: a group that is long gone is not looked for among all that came since
        yield Event.id.in_(select(EventPerpetrator.event_id).where(EventPerpetrator.perpetrator == groups[0]))
    elif groups:
        yield _any_of(Event.perpetrators, groups)
    for column, values in ((Event.attack_types, asked.attack_type), (Event.targets, asked.target)):
        if values:
            yield _any_of(column, values)
    for toll, least in ((killed_, asked.killed_at_least), (injured_, asked.injured_at_least)):
        if least is not None:
            yield toll >= least


def _said(asked: Filter) -> Iterator[ColumnElement[bool]]:
    if asked.confidence_at_least is not None:
        yield Event.score >= asked.confidence_at_least
    if asked.sources_at_least is not None:
        yield Event.independent_sources >= asked.sources_at_least
    if asked.source:
        yield exists(select(1).where(*told_by(asked.source)))
    if asked.language:
        yield _any_of(Event.languages, [asked.language])


def _has_words(said: str) -> ColumnElement[bool]:
    return Event.words.op("@@", is_comparison=True)(func.websearch_to_tsquery("english", said))


def told_by(outlet: str) -> tuple[ColumnElement[bool], ...]:
    """Of a report: it is of the event, and of that outlet."""
    return Report.event_id == Event.id, outlet_ == outlet


def areas(asked: Filter) -> list[Box]:
    """The boxes in which the events that are asked for lie: that of the filter, and that around its circle."""
    box, circle = asked.box(), asked.circle()
    return [area for area in (box, circle and circle.box()) if area]


def on_the_map(box: Box) -> ColumnElement[bool]:
    """Written for the index of places."""
    if box.west <= box.east:
        return _in_rectangle(box)
    return or_(
        *(_in_rectangle(Box(west, box.south, east, box.north)) for west, east in ((box.west, 180), (-180, box.east)))
    )


def _in_rectangle(box: Box) -> ColumnElement[bool]:
    sides: ColumnElement[Any] = func.box(func.point(box.west, box.south), func.point(box.east, box.north))
    inside: ColumnElement[bool] = func.point(Event.lon, Event.lat).op("<@", is_comparison=True)(sides)
    return inside


def _beside(box: Box) -> ColumnElement[bool]:
    """Of each event: the planner cannot know how many lie within two ranges."""
    across = or_(Event.lon >= box.west, Event.lon <= box.east)
    columns = Event.lon.between(box.west, box.east) if box.west <= box.east else across
    return _of_each(and_(Event.lat.between(box.south, box.north), columns))


def _of_each(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Written so that no index is tried."""
    return case((condition, True), else_=False)


def _any_of(column: Any, values: Iterable[str]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column.op("&&")(_texts(values))
    return condition


def _one_of(column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column == (values[0] if len(values) == 1 else any_(_texts(values)))
    return condition


def _texts(values: Iterable[str]) -> ColumnElement[Any]:
    """One parameter, so that the statement is the same for any number of values."""
    return cast(list(map(str, values)), ARRAY(Text))


def _distance_km(circle: Circle) -> ColumnElement[float]:
    """Great-circle distance by the haversine formula."""
    lat, lon = func.radians(circle.lat), func.radians(circle.lon)
    a = func.power(func.sin((func.radians(Event.lat) - lat) / 2), 2) + func.cos(lat) * func.cos(
        func.radians(Event.lat)
    ) * func.power(func.sin((func.radians(Event.lon) - lon) / 2), 2)
    return 2 * EARTH_KM * func.asin(func.least(1.0, func.sqrt(a)))
