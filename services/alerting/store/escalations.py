"""Who else is told where nobody acknowledges an alert. Due by the clock on the wall: people answer by it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from services.alerting.domain.rules import Rule


def put(connection: Connection, delivery: UUID, rule: Rule) -> None:
    """Tell the rule's second destinations in time, unless somebody acknowledges."""
    if rule.escalate is None:
        return
    connection.execute(
        text("""
            INSERT INTO escalations (delivery_id, destination_id, rule_id, minutes, due_at)
            VALUES (:delivery, :to, :rule, :minutes, clock_timestamp() + make_interval(mins => :minutes))
            ON CONFLICT DO NOTHING
        """),
        [
            {"delivery": delivery, "to": name, "rule": rule.id, "minutes": rule.escalate.after_minutes}
            for name in rule.escalate.to
        ],
    )


def due(connection: Connection, limit: int = 200) -> Sequence[Row[Any]]:
    """Those to look at now, each with the alert, what became of its thread, and who acknowledged the event.

    `content` and `revision` are of the newest message about the event to the destination of the alert.
    """
    return connection.execute(
        text("""
            SELECT e.delivery_id, e.destination_id, e.rule_id, e.minutes, d.event_id, d.destination_id AS told,
                   t.closed, newest.content, newest.message_time,
                   (SELECT min(a.by) FROM acknowledgements a WHERE a.event_id = d.event_id) AS acknowledged
            FROM escalations e
            JOIN deliveries d ON d.id = e.delivery_id
            JOIN LATERAL (
                SELECT n.content, n.message_time FROM deliveries n
                WHERE n.event_id = d.event_id AND n.destination_id = d.destination_id
                  AND n.kind <> 'acknowledgement' AND n.content ->> 'merged_into' IS NULL
                ORDER BY n.revision DESC LIMIT 1
            ) newest ON true
            LEFT JOIN threads t ON t.event_id = d.event_id AND t.destination_id = d.destination_id
            WHERE e.settled_at IS NULL AND e.due_at <= clock_timestamp()
            ORDER BY e.due_at LIMIT :limit FOR UPDATE OF e SKIP LOCKED
        """),
        {"limit": limit},
    ).all()


def incidents(connection: Connection, channels: Sequence[str], limit: int) -> Sequence[Row[Any]]:
    """Of those to look at now the alerts that such channels keep incidents of: `root` is what they call theirs."""
    return connection.execute(
        text("""
            SELECT d.id, d.destination_id, t.root
            FROM deliveries d
            JOIN threads t ON t.event_id = d.event_id AND t.destination_id = d.destination_id
            JOIN destinations g ON g.id = d.destination_id
            WHERE t.closed IS NULL AND g.enabled AND g.channel = ANY(:channels) AND d.id IN (
                SELECT delivery_id FROM escalations WHERE settled_at IS NULL AND due_at <= clock_timestamp()
            )
            ORDER BY d.created_at LIMIT :limit
        """),
        {"channels": list(channels), "limit": limit},
    ).all()


def settle(connection: Connection, delivery: UUID, destination: str, outcome: str) -> None:
    connection.execute(
        text("""
            UPDATE escalations SET settled_at = clock_timestamp(), outcome = :outcome
            WHERE delivery_id = :delivery AND destination_id = :destination
        """),
        {"delivery": delivery, "destination": destination, "outcome": outcome},
    )
