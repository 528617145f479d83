"""What the API writes itself: answers to idempotent requests, the audit log; and what it forgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database.tables import AuditEntry, IdempotentRequest, PublishedChange

CHANGES_KEPT = timedelta(days=7)
ANSWERS_KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Kept:
    """An answer as it was given: `body` is the JSON text, empty for none."""

    status: int
    headers: dict[str, str]
    body: str


class OtherRequest(Exception):
    """The idempotency key was used for another request."""


def begin(connection: Connection, caller: str, key: str, request_hash: bytes) -> Kept | None:
    """Reserve the key, or the answer that it got before; raises `OtherRequest`.

    A second request that comes while the first is at work waits here for the first one's transaction.
    """
    table = IdempotentRequest
    reserved = insert(table).values(caller=caller, key=key, request_hash=request_hash).on_conflict_do_nothing()
    if connection.execute(reserved.returning(table.key)).first() is not None:
        return None
    row = connection.execute(select(table.__table__).where(table.caller == caller, table.key == key)).one()
    if bytes(row.request_hash) != request_hash:
        raise OtherRequest
    return Kept(row.status, row.headers, row.body)


def keep(connection: Connection, caller: str, key: str, answer: Kept) -> None:
    """Complete the key that `begin` reserved in this transaction."""
    table = IdempotentRequest
    values = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    connection.execute(update(table).where(table.caller == caller, table.key == key).values(**values))


def audit(connection: Connection, actor: str, action: str, target: str, before: Any, after: Any) -> None:
    """Who did what; `before` and `after` as JSON, None: it was not there."""
    detail = {"before": before, "after": after}
    connection.execute(insert(AuditEntry).values(actor=actor, action=action, target=target, detail=detail))


def audit_log(
    connection: Connection, asked: Mapping[str, str | None], before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Newest first; `asked`: column and value, None for any."""
    table = AuditEntry.__table__
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    for name, value in asked.items():
        query = query.where(table.c[name] == value) if value is not None else query
    return connection.execute(query.where(table.c.id < before) if before else query).all()


def forget_changes(connection: Connection) -> None:
    """Drop old changes; the newest one stays, for the cursor goes on from it."""
    newest = select(func.max(PublishedChange.cursor)).scalar_subquery()
    old = PublishedChange.published_at < func.now() - CHANGES_KEPT
    connection.execute(delete(PublishedChange).where(old, PublishedChange.cursor < newest))


def forget_answers(connection: Connection) -> None:
    connection.execute(delete(IdempotentRequest).where(IdempotentRequest.created_at < func.now() - ANSWERS_KEPT))
