"""The queue of deliveries. Postgres is the queue and its clock the only one; the broker only says where to look.

pending -> sending(lease) -> sent | retry(next_at) | unknown(next_at) | dead

A claim commits before anything is sent, so a delivery found in `sending` after its lease may have been sent. Each
claim counts an attempt up; only the claim of the newest attempt can settle.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, text

from services.alerting.channels.outcome import Ref
from services.alerting.domain.destinations import Destination
from services.alerting.store.rules import read_destination
from shared.codes import DeliveryState
from shared.database import tables


@dataclass(frozen=True)
class Claimed:
    """A delivery that is ours for the length of its lease. `doubt`: an earlier attempt may have been sent."""

    id: UUID
    attempt: int
    doubt: bool
    event_id: UUID | None
    destination_id: str
    destination: Destination | None
    fault: str | None  # why there is no destination to send to
    content: dict[str, Any]
    message_ref: str
    root: Ref | None
    created_at: datetime
    fetched_at: datetime | None


@dataclass(frozen=True)
class Wait:
    """Nothing to do now. `seconds`: when to look again, where nobody else will."""

    seconds: float | None = None


# Open: what is still to be sent. A delivery waits for the first message of its thread and for older ones on its event.
_CLAIM = text("""
    SELECT d.id, d.state, d.kind, d.event_id, d.destination_id, d.content, d.message_ref, d.created_at, d.attempts,
           d.fetched_at, t.root
    FROM deliveries d
    LEFT JOIN threads t ON t.event_id = d.event_id AND t.destination_id = d.destination_id
    WHERE d.id = :id
      AND CASE WHEN d.state = 'sending' THEN d.lease_until < clock_timestamp()
               ELSE d.state IN ('pending', 'retry', 'unknown') AND d.next_at <= clock_timestamp() END
      AND NOT EXISTS (
          SELECT FROM deliveries e
          WHERE d.kind <> 'alert' AND e.id <> d.id AND e.destination_id = d.destination_id
            AND e.state IN ('pending', 'sending', 'retry', 'unknown')
            AND (e.event_id = d.event_id AND e.revision < d.revision OR e.id = CAST(t.root ->> 'delivery_id' AS uuid))
      )
    FOR UPDATE OF d SKIP LOCKED
""")

_PASS_GATE = text("""
    INSERT INTO send_slots (key, open_at) VALUES (:lane, clock_timestamp() + make_interval(secs => :gap))
    ON CONFLICT (key) DO UPDATE SET open_at = excluded.open_at WHERE send_slots.open_at <= clock_timestamp()
    RETURNING key
""")

_GATE = text("""
    SELECT extract(epoch FROM open_at - clock_timestamp())::float AS seconds
    FROM send_slots WHERE key = :lane AND open_at > clock_timestamp()
""")


def claim(connection: Connection, delivery: UUID, lease: float, gaps: dict[str, float]) -> Claimed | Wait:
    """Take a delivery that is due, unless its receiver must be left alone for now. The caller commits.

    `lease` in seconds; `gaps`: seconds between two messages to one receiver, by channel.
    """
    row = connection.execute(_CLAIM, {"id": delivery}).one_or_none()
    if row is None:
        return Wait()
    destination, fault = _destination(connection, row.destination_id)
    if destination is not None:
        seconds = _gate(connection, destination.lane, gaps.get(destination.channel, 0.0))
        if seconds is not None:
            return Wait(seconds if _first_in_line(connection, row) else None)
    connection.execute(
        text("""
            UPDATE deliveries SET state = 'sending', attempts = attempts + 1,
                   lease_until = clock_timestamp() + make_interval(secs => :lease),
                   ambiguous = ambiguous + CASE WHEN state = 'sending' THEN 1 ELSE 0 END
            WHERE id = :id
        """),
        {"id": delivery, "lease": lease},
    )
    return Claimed(
        id=row.id,
        attempt=row.attempts + 1,
        doubt=row.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN),
        event_id=row.event_id,
        destination_id=row.destination_id,
        destination=destination,
        fault=fault,
        content=row.content,
        message_ref=row.message_ref,
        root=row.root if row.kind != "alert" else None,
        created_at=row.created_at,
        fetched_at=row.fetched_at,
    )


def _destination(connection: Connection, name: str) -> tuple[Destination | None, str | None]:
    row = connection.execute(select(tables.Destination).where(tables.Destination.id == name)).one()
    found = read_destination(row)
    if not isinstance(found, Destination):
        return None, "; ".join(found)
    return (found, None) if found.enabled else (None, f"destination {name!r} is disabled")


def _gate(connection: Connection, lane: str, gap: float) -> float | None:
    """None: the receiver can be sent to now (and then not for `gap` seconds); else in how many seconds it can."""
    if gap and connection.execute(_PASS_GATE, {"lane": lane, "gap": gap}).first() is not None:
        return None
    shut: float | None = connection.execute(_GATE, {"lane": lane}).scalar_one_or_none()
    return shut if shut is not None or not gap else 0.0  # it opened between the two questions


def _first_in_line(connection: Connection, row: Row[Any]) -> bool:
    """One look-out for each destination is enough: its oldest delivery that is due."""
    first: UUID = row.id
    return next_in_line(connection, row.destination_id) == first


# --- how an attempt ends ----------------------------------------------------------------------------------------------

_SETTLE = text("""
    UPDATE deliveries
    SET state = :state, error = :error, lease_until = NULL, ambiguous = ambiguous + :ambiguous,
        next_at = clock_timestamp() + make_interval(secs => :delay),
        provider_ref = coalesce(CAST(:ref AS jsonb), provider_ref),
        sent_at = CASE WHEN :state = 'sent' THEN clock_timestamp() ELSE sent_at END
    WHERE id = :id AND attempts = :attempt AND state = 'sending'
    RETURNING kind
""")


def settle(
    connection: Connection,
    claimed: Claimed,
    state: DeliveryState,
    *,
    error: str | None = None,
    ref: str | None = None,
    delay: float = 0.0,
    ambiguous: bool = False,
) -> bool:
    """Write how an attempt ended (`ref`: JSON, `delay`: seconds to the next one); False where it is no longer ours."""
    values = {
        "id": claimed.id,
        "attempt": claimed.attempt,
        "state": str(state),
        "error": error,
        "ref": ref,
        "delay": delay,
        "ambiguous": int(ambiguous),
    }
    row = connection.execute(_SETTLE, values).one_or_none()
    if row is None:
        return False
    if row.kind == "alert" and state is DeliveryState.SENT:
        _root_sent(connection, claimed, ref)
    if row.kind == "alert" and state is DeliveryState.DEAD:
        _root_dead(connection, claimed)
    return True


def _root_sent(connection: Connection, claimed: Claimed, ref: str | None) -> None:
    connection.execute(
        text("""
            UPDATE threads SET root = root || coalesce(CAST(:ref AS jsonb), '{}')
            WHERE destination_id = :destination AND root ->> 'delivery_id' = :id
        """),
        {"ref": ref, "destination": claimed.destination_id, "id": str(claimed.id)},
    )


def _root_dead(connection: Connection, claimed: Claimed) -> None:
    """Nobody got the alert: what follows it dies with it, and the next change is an alert again."""
    values = {"destination": claimed.destination_id, "id": str(claimed.id)}
    connection.execute(
        text("""
            UPDATE deliveries d SET state = 'dead', error = 'the alert that it follows was not delivered: ' || :id
            FROM threads t
            WHERE t.destination_id = :destination AND t.root ->> 'delivery_id' = :id
              AND d.event_id = t.event_id AND d.destination_id = t.destination_id
              AND d.kind <> 'alert' AND d.state IN ('pending', 'retry')
        """),
        values,
    )
    connection.execute(
        text("DELETE FROM threads WHERE destination_id = :destination AND root ->> 'delivery_id' = :id"), values
    )


def shut_gate(connection: Connection, lane: str, seconds: float) -> None:
    """The receiver asked to be left alone (Retry-After)."""
    connection.execute(
        text("""
            INSERT INTO send_slots (key, open_at) VALUES (:lane, clock_timestamp() + make_interval(secs => :seconds))
            ON CONFLICT (key) DO UPDATE SET open_at = greatest(send_slots.open_at, excluded.open_at)
        """),
        {"lane": lane, "seconds": seconds},
    )


# --- what is due ------------------------------------------------------------------------------------------------------


def followers(connection: Connection, claimed: Claimed) -> list[UUID]:
    """What waited for this delivery: the next ones of its thread."""
    rows = connection.execute(
        text("""
            SELECT DISTINCT ON (d.event_id) d.id FROM deliveries d
            LEFT JOIN threads t ON t.event_id = d.event_id AND t.destination_id = d.destination_id
            WHERE d.destination_id = :destination AND d.state IN ('pending', 'retry', 'unknown') AND d.kind <> 'alert'
              AND (d.event_id = :event OR t.root ->> 'delivery_id' = :id)
            ORDER BY d.event_id, d.revision
        """),
        {"destination": claimed.destination_id, "event": claimed.event_id, "id": str(claimed.id)},
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
