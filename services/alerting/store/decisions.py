"""What was decided about an event, the threads that it gets, and the deliveries that come of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.alerting.domain.alert import Alert
from services.alerting.domain.case import Decision
from shared.codes import DeliveryState
from shared.database import tables


def open_thread(connection: Connection, event: UUID, destination: str, delivery: UUID, subject: str) -> None:
    """The thread of an alert that is to be sent; its `root` gets the channel's reference when it was."""
    connection.execute(
        insert(tables.Thread)
        .values(event_id=event, destination_id=destination, root={"delivery_id": str(delivery)}, subject=subject)
        .on_conflict_do_nothing()
    )


def close_thread(connection: Connection, event: UUID, destination: str, why: str | None) -> None:
    """`why` None: what had ended goes on."""
    table = tables.Thread
    connection.execute(
        update(table).where(table.event_id == event, table.destination_id == destination).values(closed=why)
    )


def adopt_threads(connection: Connection, survivor: UUID, absorbed: Iterable[UUID]) -> None:
    """Where a destination was told of an absorbed event but not of the survivor, the survivor goes on in its thread."""
    connection.execute(
        text("""
            INSERT INTO threads (event_id, destination_id, root, subject)
            SELECT DISTINCT ON (destination_id) CAST(:survivor AS uuid), destination_id, root, subject
            FROM threads WHERE event_id = ANY(:absorbed) ORDER BY destination_id, created_at
            ON CONFLICT DO NOTHING
        """),
        {"survivor": survivor, "absorbed": list(absorbed)},
    )


def put_decisions(connection: Connection, event: UUID, revision: int, decisions: Sequence[Decision]) -> None:
    if not decisions:
        return
    rows = [
        {
            "event_id": event,
            "revision": revision,
            "rule_id": decision.rule_id,
            "rule_version": decision.rule_version,
            "destination_id": decision.destination_id,
            "result": str(decision.result),
            "reason": decision.reason,
        }
        for decision in decisions
    ]
    connection.execute(insert(tables.Decision).on_conflict_do_nothing(), rows)


def decisions(connection: Connection, event: UUID, rule: str | None = None) -> Sequence[Row[Any]]:
    """Every decision about an event, in order; of one rule only, where `rule` names it."""
    table = tables.Decision
    query = select(table).where(table.event_id == event).order_by(table.revision, table.rule_id, table.destination_id)
    return connection.execute(query.where(table.rule_id == rule) if rule else query).all()


def put_delivery(
    connection: Connection,
    delivery: UUID,
    destination: str,
    alert: Alert,
    rule_ids: Sequence[str],
    message_ref: str,
    message_time: datetime,
) -> bool:
    """Queue a message; False where the destination already has one about this revision."""
    values: Mapping[str, Any] = {
        "id": delivery,
        "event_id": alert.event_id,
        "revision": alert.revision,
        "destination_id": destination,
        "kind": str(alert.kind),
        "state": str(DeliveryState.PENDING),
        "rule_ids": list(rule_ids),
        "content": alert.model_dump(mode="json"),
        "message_ref": message_ref,
        "article_id": alert.article_id,
        "published_at": alert.published_at,
        "fetched_at": alert.fetched_at,
        "message_time": message_time,
    }
    new = insert(tables.Delivery).values(**values).on_conflict_do_nothing().returning(tables.Delivery.id)
    return connection.execute(new).first() is not None
