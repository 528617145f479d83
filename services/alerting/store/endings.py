"""How attempts to deliver ended: of a batch in one transaction. Only the claim of the newest attempt can settle."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from services.alerting.channels.outcome import Ref
from services.alerting.store.deliveries import FOLLOWS, ROOTS, Claimed
from shared.codes import DeliveryState


@dataclass(frozen=True)
class Ending:
    """What became of an attempt. `ref`: what the channel calls the message; `delay`: seconds until it is due again.

    `ambiguous`: it may have been sent; `unused`: the claim was given back, nothing was tried.
    """

    state: DeliveryState
    error: str | None = None
    ref: Ref | None = None
    delay: float = 0.0
    ambiguous: bool = False
    unused: bool = field(default=False, kw_only=True)


_SETTLE = text("""
    UPDATE deliveries d
    SET state = n.state, error = n.error, lease_until = NULL, ambiguous = d.ambiguous + n.ambiguous,
        attempts = d.attempts - n.unused,
        next_at = clock_timestamp() + make_interval(secs => n.delay),
        provider_ref = coalesce(n.ref, d.provider_ref),
        sent_at = CASE WHEN n.state = 'sent' THEN clock_timestamp() ELSE d.sent_at END
    FROM jsonb_to_recordset(CAST(:endings AS jsonb)) AS n(
        id uuid, attempt int, state text, error text, ref jsonb, delay float, ambiguous int, unused int
    )
    WHERE d.id = n.id AND d.attempts = n.attempt AND d.state = 'sending'
    RETURNING d.id
""")


def settle(connection: Connection, destination_id: str, ended: Sequence[tuple[Claimed, Ending]]) -> set[UUID]:
    """Write how attempts ended; returns those that were still ours."""
    rows = [_row(claimed, ending) for claimed, ending in ended]
    ours = set(connection.execute(_SETTLE, {"endings": json.dumps(rows)}).scalars())
    roots = [(one, ending) for one, ending in ended if one.kind in ROOTS and one.id in ours]
    sent = [{"id": str(one.id), "ref": e.ref or {}} for one, e in roots if e.state is DeliveryState.SENT]
    if sent:
        connection.execute(_ROOTS_SENT, {"destination": destination_id, "sent": json.dumps(sent)})
    dead = [str(one.id) for one, ending in roots if ending.state is DeliveryState.DEAD]
    if dead:
        _roots_dead(connection, destination_id, dead)
    return ours


def _row(claimed: Claimed, ending: Ending) -> dict[str, Any]:
    return {
        "id": str(claimed.id),
        "attempt": claimed.attempt,
        "state": str(ending.state),
        "error": ending.error.replace("\0", "") if ending.error else None,  # Postgres keeps no NUL
        "ref": ending.ref,
        "delay": ending.delay,
        "ambiguous": int(ending.ambiguous),
        "unused": int(ending.unused),
    }


_ROOTS_SENT = text("""
    UPDATE threads t SET root = t.root || n.ref
    FROM jsonb_to_recordset(CAST(:sent AS jsonb)) AS n(id text, ref jsonb)
    WHERE t.destination_id = :destination AND t.root ->> 'delivery_id' = n.id
""")


def _roots_dead(connection: Connection, destination_id: str, ids: list[str]) -> None:
    """Nobody got the alert: what follows it dies with it, and the next change is an alert again."""
    values = {"destination": destination_id, "ids": ids}
    connection.execute(
        text(f"""
            UPDATE deliveries d
            SET state = 'dead', error = 'the alert that it follows was not delivered: ' || (t.root ->> 'delivery_id')
            FROM threads t
            WHERE t.destination_id = :destination AND t.root ->> 'delivery_id' = ANY(:ids)
              AND d.event_id = t.event_id AND d.destination_id = t.destination_id
              AND {FOLLOWS} AND d.state IN ('pending', 'retry')
        """),  # noqa: S608
        values,
    )
    connection.execute(
        text("DELETE FROM threads WHERE destination_id = :destination AND root ->> 'delivery_id' = ANY(:ids)"), values
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
