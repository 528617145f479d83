"""Events that wait for a digest. One open hold for each event and destination: it has the newest change."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, text, update

from services.alerting.domain.case import Decision
from services.alerting.domain.digest import Held
from shared.codes import MessageKind
from shared.contracts import EventChanged
from shared.database import tables


def put(connection: Connection, change: EventChanged, at: datetime, why: Sequence[Decision]) -> None:
    """Hold a change for one destination. Where rules differ, it is told with the first of their digests.

    `due_at` is message time; on the wall it is due after as long, for when no message comes that says how late it is.
    """
    first = min(why, key=lambda decision: (decision.due_at is None, decision.due_at))
    connection.execute(
        text("""
            INSERT INTO holds (destination_id, event_id, kind, why, reason, rule_ids, body, hidden_by, message_time,
                               due_at, due_wall_at)
            VALUES (:destination, :event, :kind, :why, :reason, :rules, CAST(:body AS jsonb), :hidden_by, :at,
                    CAST(:due AS timestamptz),
                    clock_timestamp() + (CAST(:due AS timestamptz) - CAST(:at AS timestamptz)))
            ON CONFLICT (destination_id, event_id) WHERE settled_at IS NULL DO UPDATE
            SET why = excluded.why, reason = excluded.reason, rule_ids = excluded.rule_ids,
                body = jsonb_set(excluded.body, '{reasons}', (holds.body -> 'reasons') || (excluded.body -> 'reasons')),
                hidden_by = excluded.hidden_by, message_time = excluded.message_time,
                due_at = CASE WHEN excluded.due_at IS NOT NULL THEN least(holds.due_at, excluded.due_at) END,
                due_wall_at = CASE WHEN excluded.due_at IS NOT NULL
                                   THEN least(holds.due_wall_at, excluded.due_wall_at) END
        """),
        {
            "destination": first.destination_id,
            "event": change.event_id,
            "kind": str(first.told_as),
            "why": str(first.result),
            "reason": first.reason,
            "rules": [decision.rule_id for decision in why],
            "body": change.model_dump_json(),
            "hidden_by": first.hidden_by,
            "at": at,
            "due": first.due_at,
        },
    )


def waiting(connection: Connection, event: UUID) -> bool:
    """Does anything wait that is about this event?"""
    found = connection.execute(
        text("SELECT FROM holds WHERE event_id = :event AND settled_at IS NULL LIMIT 1"), {"event": event}
    )
    return found.first() is not None


def refresh(connection: Connection, change: EventChanged) -> None:
    """What waits is told as it is now, though the change itself need not be told."""
    connection.execute(
        text("""
            UPDATE holds
            SET body = jsonb_set(CAST(:body AS jsonb), '{reasons}',
                                 (body -> 'reasons') || (CAST(:body AS jsonb) -> 'reasons'))
            WHERE event_id = :event AND settled_at IS NULL
        """),
        {"event": change.event_id, "body": change.model_dump_json()},
    )


def drop(
    connection: Connection,
    event: UUID,
    destinations: Collection[str] | None = None,
    kind: MessageKind | None = None,
) -> None:
    """What waited need not be told any more: it was told at once, or is no attack. None: whatever the destination."""
    table = tables.Hold
    statement = update(table).where(table.event_id == event, table.settled_at.is_(None))
    if destinations is not None:
        statement = statement.where(table.destination_id.in_(destinations))
    if kind is not None:
        statement = statement.where(table.kind == str(kind))
    connection.execute(statement.values(settled_at=func.clock_timestamp()))


def uncover(connection: Connection, event: UUID, at: datetime) -> None:
    """The alert about an event was retracted: what it hid is due now."""
    connection.execute(
        text("""
            UPDATE holds SET due_at = :at, due_wall_at = clock_timestamp()
            WHERE hidden_by = :event AND settled_at IS NULL AND due_at IS NULL
        """),
        {"event": event, "at": at},
    )


def any_due(connection: Connection, at: datetime | None) -> bool:
    """`at`: message time; None: by the clock on the wall."""
    due = "due_at <= :at" if at is not None else "due_wall_at <= clock_timestamp()"
    found = connection.execute(text(f"SELECT FROM holds WHERE settled_at IS NULL AND {due} LIMIT 1"), {"at": at})
    return found.first() is not None


@dataclass(frozen=True)
class Release:
    """What one destination is told together. `at`: message time."""

    destination_id: str
    holds: Sequence[int]
    held: Sequence[Held]
    rule_ids: Sequence[str]
    at: datetime


def due(connection: Connection, at: datetime | None) -> Iterator[Release]:
    """All that is due, and what is due together with it."""
    due = "due_at <= :at" if at is not None else "due_wall_at <= clock_timestamp()"
    rows = connection.execute(
        text(f"""
            SELECT h.* FROM holds h
            JOIN (SELECT destination_id, max(due_at) AS until FROM holds WHERE settled_at IS NULL AND {due}
                  GROUP BY destination_id) d ON d.destination_id = h.destination_id AND h.due_at <= d.until
            WHERE h.settled_at IS NULL ORDER BY h.destination_id, h.id FOR UPDATE OF h
        """),  # noqa: S608 - one of two constants
        {"at": at},
    ).all()
    for destination, group in groupby(rows, key=lambda row: str(row.destination_id)):
        found = list(group)
        yield Release(
            destination,
            [row.id for row in found],
            [_held(row) for row in found],
            sorted({rule for row in found for rule in row.rule_ids}),
            max(row.due_at for row in found),
        )


def settle(connection: Connection, holds: Sequence[int], delivery: UUID) -> None:
    """They are told by a digest."""
    connection.execute(
        text("UPDATE holds SET settled_at = clock_timestamp(), delivery_id = :delivery WHERE id = ANY(:holds)"),
        {"holds": list(holds), "delivery": delivery},
    )


def told_by(connection: Connection, digest: UUID) -> list[Held]:
    """What a digest told."""
    rows = connection.execute(text("SELECT * FROM holds WHERE delivery_id = :digest ORDER BY id"), {"digest": digest})
    return [_held(row) for row in rows]


def _held(row: Row[Any]) -> Held:
    return Held(EventChanged.model_validate(row.body), MessageKind(row.kind), row.reason, row.message_time)
