"""Counts, killed and injured over the events that a filter names.

By the clock of the attack an event belongs to the day on which it may have begun (`date_start`); by that of the
reports, to the time of the first. Unknown tolls are counted as such, never as nobody.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    FromClause,
    Integer,
    RowMapping,
    Text,
    case,
    cast,
    column,
    func,
    null,
    select,
    true,
    tuple_,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.api.figures import Span, periods
from services.api.filters import Filter, narrowed
from services.api.queries.conditions import matching
from services.api.queries.events import LIVE
from services.api.queries.pages import Query, fetched
from shared.database.tables import Event

Dimension = Literal["country", "admin1", "type", "perpetrator", "target"]
Period = Literal["hour", "day", "week", "month", "quarter", "year"]
Clock = Literal["attack", "reported"]

_ARRAYS = {"type": Event.attack_types, "perpetrator": Event.perpetrators, "target": Event.targets}
_TOTALS: list[ColumnElement[Any]] = [
    func.count().label("events"),
    func.sum(Event.killed).label("killed"),
    func.sum(Event.injured).label("injured"),
    (func.count() - func.count(Event.killed)).label("killed_unknown"),
    (func.count() - func.count(Event.injured)).label("injured_unknown"),
]


def totals(connection: Connection, asked: Filter, span: Span, clock: Clock) -> RowMapping:
    """Of distinct events."""
    found: Any = fetched(connection, select(*_TOTALS).where(*_conditions(asked, span, clock)))
    row: RowMapping = found.mappings().one()
    return row


def counts(
    connection: Connection,
    asked: Filter,
    span: Span,
    clock: Clock,
    period: Period | None,
    by: Sequence[Dimension],
    limit: int,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The totals of distinct events; and a row for each period and value of each dimension, at most `limit` + 1. An
    event with two types is counted under both; one that has no value, under null, as is one whose date spans more than
    one period."""
    source: FromClause = Event.__table__
    groups: list[ColumnElement[Any]] = []
    if period:
        bucket, source = _bucket(period, clock, span)
        groups.append(bucket.label("period"))
    for dimension in by:
        value, source = _dimension(dimension, source)
        groups.append(value.label(dimension))
    if not groups:
        return dict(totals(connection, asked, span, clock)), []
    at_once = _ARRAYS.keys().isdisjoint(by)  # each event is in one row: both figures from one look at the events
    query: Query = select(*groups, *_TOTALS).select_from(source).where(*_conditions(asked, span, clock))
    if at_once:
        query = query.group_by(func.grouping_sets(tuple_(*groups), tuple_())).order_by(func.grouping(groups[0]).desc())
    else:
        query = query.group_by(*groups)
    if period:
        query = query.order_by(column("period").asc().nulls_last())
    order: list[Any] = [column(name).asc().nulls_last() for name in by]
    query = query.order_by(column("events").desc(), *order).limit(limit + 1 + at_once)
    found = fetched(connection, query)
    names = tuple(found.keys())
    rows = [dict(zip(names, row, strict=True)) for row in found]
    if not at_once:
        return dict(totals(connection, asked, span, clock)), rows
    return {name: rows[0][name] for name in names[len(groups) :]}, rows[1:]


def windows(
    connection: Connection, asked: Filter, spans: Sequence[Span], by: Dimension | None
) -> dict[str | None, dict[int, int]]:
    """Events in each span by the day of the attack: value of `by` -> number of the span -> count, without zeros."""
    if not spans:
        return {}
    table = values(column("number", Integer), column("since", Date), column("until", Date), name="spans").data(
        [(number, span.since, span.until) for number, span in enumerate(spans)]
    )
    source: FromClause = table.join(Event.__table__, Event.date_start.between(table.c.since, table.c.until))
    value: ColumnElement[Any] = cast(null(), Text)
    if by:
        value, source = _dimension(by, source)
    asked = narrowed(asked, since=None, until=None)
    query = select(value, table.c.number, func.count()).select_from(source).where(*matching(asked))
    found: dict[str | None, dict[int, int]] = {}
    for name, number, count in fetched(connection, query.group_by(*([value] if by else []), table.c.number)):
        found.setdefault(name, {})[number] = count
    return found


def first_day(connection: Connection) -> date | None:
    """The day on which events began to be kept; None where there are none."""
    query = select(Event.first_reported_at).where(Event.epoch == LIVE).order_by(Event.id).limit(1)
    found: datetime | None = fetched(connection, query).scalar()
    return found.astimezone(UTC).date() if found else None


def _conditions(asked: Filter, span: Span, clock: Clock) -> Iterator[ColumnElement[bool]]:
    yield from matching(narrowed(asked, since=None, until=None))
    if clock == "attack":
        yield Event.date_start.between(span.since, span.until)
    else:
        yield Event.first_reported_at >= datetime.combine(span.since, time.min, UTC)
        yield Event.first_reported_at < datetime.combine(span.until, time.min, UTC) + timedelta(days=1)


def _bucket(period: Period, clock: Clock, span: Span) -> tuple[ColumnElement[Any], FromClause]:
    """The period that an event belongs to, and what to select from to have it."""
    events = Event.__table__
    if period == "hour":
        return func.date_trunc(period, Event.first_reported_at, "UTC"), events
    if clock == "reported":
        return cast(func.date_trunc(period, func.timezone("UTC", Event.first_reported_at)), Date), events
    spans = list(periods(span, period))  # a look at an index for each costs less than to truncate each event's dates
    begins, ends = ([getattr(each, side) for each in spans] for side in ("since", "until"))
    table = (
        func.unnest(cast(begins, ARRAY(Date)), cast(ends, ARRAY(Date)))
        .table_valued("begins", "ends", name="periods")
        .render_derived()
    )
    source = table.join(events, Event.date_start.between(table.c.begins, table.c.ends))
    return case((Event.date_end <= table.c.ends, table.c.begins)), source


def _dimension(name: Dimension, source: FromClause) -> tuple[ColumnElement[Any], FromClause]:
    """The value to group by, and what to select from to have it."""
    if name not in _ARRAYS:
        return Event.__table__.c[name], source
    each = func.unnest(_ARRAYS[name]).table_valued("value", name=name).render_derived().lateral()
    return each.c.value, source.outerjoin(each, true())
