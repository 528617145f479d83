"""One event, and everything that is known of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, RowMapping, select

from services.api.queries.pages import fetched, first, rows
from shared.database.tables import Decision, Event, LedgerEntry, RelatedEvents, Report, Revision

LIVE = 0  # epoch


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
