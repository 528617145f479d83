"""What is still to be sent: what is due, what waited for what, what was given up."""

from uuid import UUID

from sqlalchemy import Connection, func, select, text

from shared.codes import DeliveryState
from shared.database import tables


def followers(connection: Connection, delivery: UUID, event: UUID | None, destination: str) -> list[UUID]:
    """What waited for a delivery: the next ones of its thread."""
    rows = connection.execute(
        text("""
            SELECT DISTINCT ON (d.event_id) d.id FROM deliveries d
            LEFT JOIN threads t ON t.event_id = d.event_id AND t.destination_id = d.destination_id
            WHERE d.destination_id = :destination AND d.state IN ('pending', 'retry', 'unknown') AND d.kind <> 'alert'
              AND (d.event_id = :event OR t.root ->> 'delivery_id' = :id)
            ORDER BY d.event_id, d.revision
        """),
        {"destination": destination, "event": event, "id": str(delivery)},
    )
    return [row.id for row in rows]


def next_in_line(connection: Connection, destination: str) -> UUID | None:
    """The oldest delivery of a destination that is due."""
    query = text("""
        SELECT id FROM deliveries
        WHERE destination_id = :destination
          AND state IN ('pending', 'retry', 'unknown') AND next_at <= clock_timestamp()
        ORDER BY created_at, id LIMIT 1
    """)
    found: UUID | None = connection.execute(query, {"destination": destination}).scalar_one_or_none()
    return found


def due(connection: Connection, limit: int, per_destination: int) -> list[UUID]:
    """What a sweeper finds: due deliveries and those whose lease ran out, oldest first, of each destination a few."""
    rows = connection.execute(
        text("""
            SELECT id FROM (
                SELECT id, next_at, row_number() OVER (PARTITION BY destination_id ORDER BY created_at) AS place
                FROM deliveries
                WHERE state IN ('pending', 'retry', 'unknown', 'sending')
                  AND next_at <= clock_timestamp()
                  AND (state <> 'sending' OR lease_until < clock_timestamp())
            ) open WHERE place <= :per_destination ORDER BY next_at LIMIT :limit
        """),
        {"limit": limit, "per_destination": per_destination},
    )
    return [row.id for row in rows]


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
    if row is not None and row.kind == "alert":
        connection.execute(
            text("""
                INSERT INTO threads (event_id, destination_id, root, subject)
                VALUES (:event, :destination, jsonb_build_object('delivery_id', CAST(:id AS text)), :subject)
                ON CONFLICT DO NOTHING
            """),
            {"event": row.event_id, "destination": row.destination_id, "id": str(delivery), "subject": row.subject},
        )
    return row is not None


def dead(connection: Connection, destination: str | None = None) -> list[UUID]:
    """Deliveries that were given up, oldest first; of one destination, where it is named."""
    table = tables.Delivery
    query = select(table.id).where(table.state == DeliveryState.DEAD).order_by(table.created_at)
    return list(connection.scalars(query.where(table.destination_id == destination) if destination else query))
