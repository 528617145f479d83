"""The queue of deliveries: what is taken from it. How it ended, `endings.py` writes.

Postgres is the queue and its clock the only one; the broker only says where to look.

pending -> sending(lease) -> sent | retry(next_at) | unknown(next_at) | dead

A claim commits before anything is sent, so a delivery found in `sending` after its lease may have been sent. Each
claim counts an attempt up; only the claim of the newest attempt can settle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from services.alerting.channels.outcome import Ref
from services.alerting.domain.destinations import Destination
from services.alerting.store.rules import read_destination
from shared.codes import DeliveryState

ROOTS = ("alert", "digest")  # kinds of messages that begin threads


@dataclass(frozen=True)
class Claimed:
    """A delivery that is ours for the length of its lease. `doubt`: an earlier attempt may have been sent."""

    id: UUID
    attempt: int
    doubt: bool
    kind: str
    content: dict[str, Any]
    message_ref: str
    root: Ref | None
    created_at: datetime
    fetched_at: datetime | None


@dataclass(frozen=True)
class Batch:
    """Deliveries to one destination that are ours now, oldest first; without any, `seconds` until one may be due."""

    destination_id: str
    destination: Destination | None = None
    fault: str | None = None  # why there is no destination to send to
    claimed: Sequence[Claimed] = ()
    seconds: float | None = None


_DESTINATION = text("SELECT id, channel, enabled, config, unsubscribed FROM destinations WHERE id = :id")

# Due: nobody's, or its lease ran out. A delivery waits for the first message of its thread, and for older ones on its
# event.
FOLLOWS = f"d.kind NOT IN {ROOTS}"
_DUE = """
    CASE WHEN d.state = 'sending' THEN d.lease_until < clock_timestamp()
         ELSE d.state IN ('pending', 'retry', 'unknown') AND d.next_at <= clock_timestamp() END
"""
_OPEN = "('pending', 'sending', 'retry', 'unknown')"
_SELECT = f"""
    SELECT d.id, d.state, d.kind, d.content, d.message_ref, d.created_at, d.attempts, d.fetched_at,
           t.root || jsonb_build_object(
               'kind', r.kind, 'goes_on', coalesce(s.root ->> 'delivery_id' = t.root ->> 'delivery_id', false)
           ) AS root
    FROM deliveries d
    LEFT JOIN threads t ON t.event_id = d.event_id AND t.destination_id = d.destination_id
    LEFT JOIN deliveries r ON r.id = CAST(t.root ->> 'delivery_id' AS uuid)
    LEFT JOIN threads s ON s.destination_id = d.destination_id
        AND s.event_id = CAST(d.content ->> 'merged_into' AS uuid)
    WHERE d.destination_id = :destination AND d.state IN {_OPEN} AND {_DUE}
      AND NOT EXISTS (
          SELECT FROM deliveries e
          WHERE {FOLLOWS} AND e.event_id = d.event_id AND e.destination_id = d.destination_id
            AND e.revision < d.revision AND e.state IN {_OPEN}
      )
      AND NOT EXISTS (
          SELECT FROM deliveries e
          WHERE {FOLLOWS} AND e.id = CAST(t.root ->> 'delivery_id' AS uuid) AND e.id <> d.id
            AND e.state IN {_OPEN}
      )
"""  # noqa: S608 - put together from constants
_CLAIM = text(f"{_SELECT} ORDER BY d.created_at, d.id LIMIT :most FOR UPDATE OF d SKIP LOCKED")
_CLAIM_ONE = text(f"{_SELECT} AND d.id = :id FOR UPDATE OF d SKIP LOCKED")

_TAKE = text("""
    UPDATE deliveries SET state = 'sending', attempts = attempts + 1,
           lease_until = clock_timestamp() + make_interval(secs => :lease),
           ambiguous = ambiguous + CASE WHEN state = 'sending' THEN 1 ELSE 0 END
    WHERE id = ANY(:ids)
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

_NEXT = text("""
    SELECT extract(epoch FROM min(greatest(next_at, at.open)) - clock_timestamp())::float
    FROM deliveries, (SELECT clock_timestamp() + make_interval(secs => :shut) AS open) at
    WHERE destination_id = :destination AND state IN ('pending', 'retry', 'unknown')
      AND (:shut > 0 OR next_at > clock_timestamp())
""")


def claim(
    connection: Connection,
    destination_id: str,
    most: int,
    lease: float,
    gaps: Mapping[str, float],
    only: UUID | None = None,
) -> Batch:
    """Take up to `most` deliveries that are due, unless their receiver must be left alone for now. The caller commits.

    `lease` in seconds; `gaps`: seconds between two messages to one receiver, by channel; `only`: this one, or nothing.
    """
    destination, fault = _destination(connection, destination_id)
    gap = gaps.get(destination.channel, 0.0) if destination else 0.0
    shut = connection.execute(_GATE, {"lane": destination.lane}).scalar_one_or_none() if destination else None
    if shut is not None:
        return Batch(destination_id, seconds=_later(connection, destination_id, shut))
    rows = _candidates(connection, destination_id, 1 if gap else most, only)
    if not rows:
        return Batch(destination_id, seconds=_later(connection, destination_id))
    if destination and gap and not connection.execute(_PASS_GATE, {"lane": destination.lane, "gap": gap}).first():
        return Batch(destination_id, seconds=gap)  # another worker was quicker
    connection.execute(_TAKE, {"ids": [row.id for row in rows], "lease": lease})
    return Batch(destination_id, destination, fault, [_claimed(row) for row in rows])


def _candidates(connection: Connection, destination_id: str, most: int, only: UUID | None) -> Sequence[Row[Any]]:
    if only is not None:
        return connection.execute(_CLAIM_ONE, {"destination": destination_id, "id": only}).all()
    return connection.execute(_CLAIM, {"destination": destination_id, "most": most}).all()


def _claimed(row: Row[Any]) -> Claimed:
    return Claimed(
        id=row.id,
        attempt=row.attempts + 1,
        doubt=row.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN),
        kind=row.kind,
        content=row.content,
        message_ref=row.message_ref,
        root=row.root if row.kind not in ROOTS else None,
        created_at=row.created_at,
        fetched_at=row.fetched_at,
    )


def _destination(connection: Connection, name: str) -> tuple[Destination | None, str | None]:
    found = read_destination(connection.execute(_DESTINATION, {"id": name}).one())
    if not isinstance(found, Destination):
        return None, "; ".join(found)
    return (found, None) if found.enabled else (None, f"destination {name!r} is disabled")


def _later(connection: Connection, destination_id: str, shut: float = 0.0) -> float | None:
    """Seconds until something is due at a destination that is `shut` for so long; None: nothing is waited for.

    What is due now and was not taken is another worker's, or follows something that is.
    """
    seconds: float | None = connection.execute(_NEXT, {"destination": destination_id, "shut": shut}).scalar_one()
    return None if seconds is None else max(0.0, seconds)
