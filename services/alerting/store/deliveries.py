"""The queue of deliveries. Postgres is the queue and its clock the only one; the broker only says where to look.

pending -> sending(lease) -> sent | retry(next_at) | unknown(next_at) | dead

A claim commits before anything is sent, so a delivery found in `sending` after its lease may have been sent. Each
claim counts an attempt up; only the claim of the newest attempt can settle.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select, text

from services.alerting.channels.outcome import Ref
from services.alerting.domain.destinations import Destination
from services.alerting.store.backlog import next_in_line
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
