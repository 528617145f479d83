"""Events: lists by filter and order, and everything that is known of one."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row, RowMapping, Text, and_, cast, func, literal, select

from services.api.filters import Filter, narrowed
from services.api.queries.conditions import areas, day_, injured_, killed_, live_, matching, on_the_map, told_by
from services.api.queries.pages import Order, cursor_after, fetched, first, in_order, page, plan_anew, rows
from shared.database.tables import Decision, Event, LedgerEntry, RelatedEvents, Report, Revision

LIVE = 0  # epoch
READ_AHEAD = 1_000  # rows of an export in memory at once
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
    wanted = select(Event.id).where(*matching(narrowed(asked, source=None), few_there=_few_there(connection, asked)))
    if asked.source:  # its reports lie in the order of their events, and the newest fifty are enough
        wanted = wanted.join(Report, and_(*told_by(asked.source))).group_by(Event.id)
    found = page(wanted, order, cursor, limit).cte("found").prefix_with("MATERIALIZED")  # by indexes alone, if they can
    text = cast(Event.snapshot, Text).label("text")
    query = select(Event.id, text, Event.alertable, read.label("sorted_by")).join(found, found.c.id == Event.id)
    rows = fetched(connection, in_order(query, order)).all()
    items = [f'{row.text[:-1]}, "alertable": {"true" if row.alertable else "false"}}}' for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return items, cursor_after(order, last.sorted_by, last.id) if last else None


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
    query = select(Event.snapshot, Event.alertable).where(*matching(asked)).order_by(Event.id)
    found = connection.execution_options(stream_results=True, max_row_buffer=READ_AHEAD).execute(query)
    for row in found:
        yield row.snapshot | {"alertable": row.alertable}


def event(connection: Connection, event_id: UUID) -> Row[*tuple[Any, ...]] | None:
    """Its snapshot, whether it may alert, the event that it was merged into, and what a reviewer set."""
    query = select(Event.snapshot, Event.alertable, Event.merged_into, Event.pinned)
    return first(connection, query.where(Event.id == event_id, Event.epoch == LIVE))


def reports(connection: Connection, event_id: UUID) -> list[dict[str, Any]]:
    """Each report with its frame, its evidence and why it was linked; oldest first."""
    query = (
        select(Report.record, Report.link_score, Report.link_factors)
        .where(Report.event_id == event_id)
        .order_by(Report.message_time, Report.id)
    )
    compared = {"names", "terms", "mentions", "fingerprint"}
    return [
        {name: value for name, value in row.record.items() if name not in compared}
        | {"link_score": row.link_score, "link_factors": row.link_factors}
        for row in fetched(connection, query)
    ]


def ledger(connection: Connection, event_id: UUID) -> list[RowMapping]:
    return rows(
        connection, select(LedgerEntry.__table__).where(LedgerEntry.event_id == event_id).order_by(LedgerEntry.id)
    )


def revisions(connection: Connection, event_id: UUID) -> list[dict[str, Any]]:
    """The history, oldest first, each with the reasons of its change."""
    query = select(Revision.__table__).where(Revision.event_id == event_id).order_by(Revision.revision)
    return [
        {**row, "not_alertable": row["body"].get("not_alertable"), "reasons": row["body"]["reasons"]}
        for row in rows(connection, query)
    ]


def related(connection: Connection, event_id: UUID) -> list[dict[str, Any]]:
    """Events that belong together with this one, and how."""
    pairs = fetched(
        connection,
        select(RelatedEvents.a, RelatedEvents.b, RelatedEvents.relation).where(
            (RelatedEvents.a == event_id) | (RelatedEvents.b == event_id)
        ),
    )
    return sorted(
        ({"event_id": pair.b if pair.a == event_id else pair.a, "relation": pair.relation} for pair in pairs),
        key=lambda found: str(found["event_id"]),
    )


def decisions(connection: Connection, event_id: UUID) -> list[dict[str, Any]]:
    """For every revision and rule: why it did or did not alert."""
    query = select(Decision.__table__).where(Decision.event_id == event_id)
    return [
        dict(row)
        for row in rows(connection, query.order_by(Decision.revision, Decision.rule_id, Decision.destination_id))
    ]
