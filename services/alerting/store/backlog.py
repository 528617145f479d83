"""What is still to be sent: what is due, what waited for what, what was given up."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, func, select, text

from services.alerting.domain.digest_message import subject_of
from services.alerting.store import decisions, holds
from shared.codes import DeliveryState, MessageKind
from shared.database import tables


def destinations(connection: Connection, deliveries: Sequence[UUID]) -> list[str]:
    """Where deliveries go, each place once."""
    table = tables.Delivery
    return list(connection.scalars(select(table.destination_id).where(table.id.in_(deliveries)).distinct()))


def urgent(connection: Connection, deliveries: Sequence[UUID], most: int) -> list[UUID]:
    """Those of them that are alerts by a rule that is urgent, `most` at most, oldest first."""
    query = text("""
        SELECT d.id FROM deliveries d
        WHERE d.id = ANY(:ids) AND d.kind = 'alert' AND EXISTS (
            SELECT FROM (
                SELECT DISTINCT ON (id) definition FROM rules WHERE id = ANY(d.rule_ids) ORDER BY id, version DESC
            ) newest
            WHERE definition @> '{"urgent": true}'
        )
        ORDER BY d.created_at, d.id LIMIT :most
    """)
    return list(connection.scalars(query, {"ids": list(deliveries), "most": most}))


def due(connection: Connection) -> list[str]:
    """Destinations for which something is due, or was left behind by a worker that is silent."""
    query = text("""
        SELECT DISTINCT destination_id FROM deliveries
        WHERE state IN ('pending', 'retry', 'unknown', 'sending')
          AND next_at <= clock_timestamp()
          AND (state <> 'sending' OR lease_until < clock_timestamp())
    """)
    return list(connection.scalars(query))


def count_open(connection: Connection) -> dict[str, int]:
    """How many deliveries wait, by state."""
    table = tables.Delivery
    states = [DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.UNKNOWN, DeliveryState.SENDING]
    rows = connection.execute(select(table.state, func.count()).where(table.state.in_(states)).group_by(table.state))
    return dict.fromkeys(map(str, states), 0) | {row.state: row[1] for row in rows}


# --- by hand ----------------------------------------------------------------------------------------------------------


def revive(connection: Connection, delivery: UUID) -> bool:
    """Queue a delivery anew, whatever became of it; False where there is none, or it is being sent right now."""
    row = connection.execute(
        text("""
            UPDATE deliveries SET state = 'pending', attempts = 0, next_at = clock_timestamp(), error = NULL
            WHERE id = :id AND state <> 'sending'
            RETURNING event_id, destination_id, kind, content ->> 'subject' AS subject
        """),
        {"id": delivery},
    ).one_or_none()
    if row is not None and row.kind == MessageKind.ALERT:
        decisions.open_thread(connection, row.event_id, row.destination_id, delivery, row.subject)
    if row is not None and row.kind == MessageKind.DIGEST:
        for held in holds.told_by(connection, delivery):
            if held.kind is MessageKind.ALERT:
                subject = subject_of(held.change)
                decisions.open_thread(connection, held.change.event_id, row.destination_id, delivery, subject)
    return row is not None


def dead(connection: Connection, destination: str | None = None) -> list[UUID]:
    """Deliveries that were given up, oldest first; of one destination, where it is named."""
    table = tables.Delivery
    query = select(table.id).where(table.state == DeliveryState.DEAD).order_by(table.created_at)
    return list(connection.scalars(query.where(table.destination_id == destination) if destination else query))
