"""Lists of events: which are meant, in what order, found by indexes alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Text, and_, cast, func, literal, select, text

from services.api.filters import Filter, narrowed
from services.api.queries.conditions import areas, day_, injured_, killed_, live_, matching, on_the_map, told_by
from services.api.queries.pages import Order, Query, cursor_after, fetched, in_order, page, plan_anew
from shared.database.tables import Event, Report

READ_AHEAD = 1_000  # rows of an export in memory at once
EXPORT_SECONDS = 60  # for as many rows to be found
NEWEST, FURTHER = 5_000, 8  # events that are asked for their words one by one; times that, if it fills the page then
FEW = 20_000  # events that the index of places finds and that are sorted in less time than a list may take

Sort = Literal[
    "-created", "created", "-date", "date", "-updated", "updated", "-killed", "killed", "-injured", "injured",
    "-score", "score",
]  # fmt: skip

# Ids are UUIDv7: their order is that of creation. What a value is compared by, and the column that it is read from.
_ORDERS: dict[str, tuple[Any, Any, type]] = {
    "created": (Event.id, Event.id, UUID),
    "date": (day_, Event.date_start, date),
    "updated": (Event.updated_at, Event.updated_at, datetime),
    "killed": (killed_, killed_, int),
    "injured": (injured_, injured_, int),
    "score": (Event.score, Event.score, float),
}


def usual_sort(asked: Filter) -> Sort:
    """Newest first, by the time that the filter is about: with `since` or `until` by the day of the attack."""
    if asked.since or asked.until:
        return "-date"
    return "-updated" if asked.updated_since else "-created"


def listed(
    connection: Connection, asked: Filter, sort: Sort, cursor: str | None, limit: int
) -> tuple[list[str], str | None]:
    """Snapshots with `alertable` as JSON, which to read and write again would cost more than the search; and the cursor
    of the next page. Unknown dates and tolls come after known ones, or before where the order rises. Raises
    `BadCursor`."""
    name = sort.removeprefix("-")
    compared, read, kind = _ORDERS[name]
    order = Order(sort, compared, Event.id, kind, rising=sort == name)
    snapshot = cast(Event.snapshot, Text).label("snapshot")
    whole = in_order(select(Event.id, snapshot, Event.alertable, read.label("sorted_by")), order)

    def fetch(wanted: Query, by: Order = order) -> Sequence[Any]:
        found = page(wanted, by, cursor, limit).cte("found").prefix_with("MATERIALIZED")  # by indexes alone
        rows: Sequence[Any] = fetched(connection, whole.join(found, found.c.id == Event.id)).all()
        return rows

    few_there = _few_there(connection, asked)
    if asked.q and sort == "-created":
        rows = _by_words(fetch, asked, few_there, order, cursor, limit)
    else:
        rows = fetch(_ids(asked, few_there=few_there))
    items = [f'{row.snapshot[:-1]}, "alertable": {"true" if row.alertable else "false"}}}' for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return items, cursor_after(order, last.sorted_by, last.id) if last else None


def _by_words(
    fetch: Callable[..., Sequence[Any]], asked: Filter, few_there: bool, order: Order, cursor: str | None, limit: int
) -> Sequence[Any]:
    """Words that many events have are soon met among the newest; those that few have are found by their index, and
    sorted. Which they are the planner cannot tell of several words or a phrase: the newest tell how often they come."""

    def walked(events: int) -> Sequence[Any]:
        reached = page(select(Event.id), order, cursor, 0).offset(events).scalar_subquery()
        newest = Event.id >= func.coalesce(reached, UUID(int=0))
        return fetch(_ids(asked, few_there=few_there, by_words=False).where(newest))

    rows = walked(NEWEST)
    if len(rows) <= limit < len(rows) * FURTHER:
        rows = walked(NEWEST * FURTHER)
    if len(rows) > limit:
        return rows
    said = _ids(asked, few_there=few_there).cte("said").prefix_with("MATERIALIZED")
    return fetch(select(said.c.id), replace(order, value=said.c.id, identity=said.c.id))


def _ids(asked: Filter, **how: bool) -> Query:
    query: Query = select(Event.id).where(*matching(narrowed(asked, source=None), **how))
    if asked.source:  # its reports lie in the order of their events, and the newest fifty are enough
        query = query.join(Report, and_(*told_by(asked.source))).group_by(Event.id)
    return query


def _few_there(connection: Connection, asked: Filter) -> bool:
    """Whether few events lie where it looks. The planner cannot tell, and would look through all events for those
    within a mile of a village, or sort all of a continent for the newest fifty."""
    boxes = areas(asked)
    if not boxes:
        return False
    there = select(literal(1)).select_from(Event).where(live_, *map(on_the_map, boxes)).limit(FEW + 1).subquery()
    count: int = fetched(connection, select(func.count()).select_from(there)).scalar()
    return count <= FEW


def exported(connection: Connection, asked: Filter) -> Iterator[dict[str, Any]]:
    """All snapshots with `alertable`, in the order of creation, read by a server-side cursor."""
    plan_anew(connection)
    connection.execute(text(f"SET LOCAL statement_timeout = '{EXPORT_SECONDS}s'"))
    query = select(Event.snapshot, Event.alertable).where(*matching(asked)).order_by(Event.id)
    found = connection.execution_options(stream_results=True, max_row_buffer=READ_AHEAD).execute(query)
    for row in found:
        yield row.snapshot | {"alertable": row.alertable}
