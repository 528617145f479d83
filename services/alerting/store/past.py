"""What was told before, as far as a decision depends on it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from services.alerting.domain import steps
from services.alerting.domain.past import Active, OpenThread, Past, Told
from services.alerting.domain.results import Result
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule
from shared.codes import MessageKind
from shared.contracts import EventChanged, Place

_LOCK = 0x746F63_616C6572  # one transaction at a time counts what a destination got, and adds to it
_LATE_SECONDS = 3600  # as the enricher's freshness has it: later than this is late


def threads(connection: Connection, event: UUID) -> dict[str, OpenThread]:
    """What was told about an event, by destination, and by which rules."""
    rows = connection.execute(
        text("""
            SELECT t.destination_id, t.subject, t.closed, array(
                SELECT DISTINCT unnest(d.rule_ids) FROM deliveries d
                WHERE d.id = CAST(t.root ->> 'delivery_id' AS uuid) AND d.kind = 'alert'
                   OR d.event_id = t.event_id AND d.destination_id = t.destination_id
                UNION SELECT unnest(h.rule_ids) FROM holds h
                WHERE h.event_id = t.event_id AND h.destination_id = t.destination_id AND h.delivery_id IS NOT NULL
            ) AS rules
            FROM threads t WHERE t.event_id = :event
        """),
        {"event": event},
    )
    return {row.destination_id: OpenThread(row.subject, row.closed, frozenset(row.rules)) for row in rows}


@dataclass(frozen=True)
class Need:
    """Destinations about which a decision depends on what they got (`counted`), or on what may hide it (`hiding`)."""

    counted: Collection[str]
    window: timedelta  # how far back is counted
    hiding: Collection[str]
    hours: float  # how far back something may hide


def need(change: EventChanged, book: Rulebook, asked: Sequence[tuple[Rule, int]]) -> Need:
    windows: dict[str, timedelta] = {}
    hiding: set[str] = set()
    hours = 0.0
    for rule, _ in asked:
        told = [name for _, name in rule.route.stages() if name in book.destinations]
        windows |= {
            name: window
            for name in told
            if (window := steps.window(book.destinations[name].config, change)) is not None
        }
        if rule.inhibited_by is not None:
            hiding.update(told)
            hours = max(hours, rule.inhibited_by.hours)
    return Need(windows.keys(), max(windows.values(), default=timedelta()), hiding, hours)


def load(connection: Connection, change: EventChanged, at: datetime, needed: Need) -> Past:
    """Waits until no other transaction decides about destinations that are counted."""
    if needed.counted or needed.hiding:
        lock(connection)
    return Past(
        told=_told(connection, needed, at),
        active=_active(connection, needed, at),
        pending=_pending(connection, needed.counted),
        hidden=_hidden(connection, change),
    )


def lock(connection: Connection) -> None:
    """Until the end of the transaction. What is counted must not change between the count and the message."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _told(connection: Connection, needed: Need, at: datetime) -> dict[str, list[Told]]:
    if not needed.counted:
        return {}
    rows = connection.execute(
        text("""
            SELECT destination_id, event_id, kind, message_time,
                   coalesce(extract(epoch FROM message_time - published_at) > :late, false) AS late
            FROM deliveries
            WHERE destination_id = ANY(:destinations) AND message_time > :since AND message_time <= :at
              AND kind NOT IN ('test', 'acknowledgement')
        """),
        {"destinations": list(needed.counted), "since": at - needed.window, "at": at, "late": _LATE_SECONDS},
    )
    found: dict[str, list[Told]] = {}
    for row in rows:
        told = Told(row.event_id, MessageKind(row.kind), row.message_time, row.late)
        found.setdefault(row.destination_id, []).append(told)
    return found


def _active(connection: Connection, needed: Need, at: datetime) -> dict[str, list[Active]]:
    if not needed.hiding:
        return {}
    rows = connection.execute(
        text("""
            SELECT d.destination_id, d.event_id, d.rule_ids, d.message_time, d.content #> '{event,place}' AS place,
                   CAST(d.content #>> '{event,killed,best}' AS integer) AS killed
            FROM deliveries d
            JOIN threads t ON t.event_id = d.event_id AND t.destination_id = d.destination_id
            WHERE d.destination_id = ANY(:destinations) AND d.message_time > :since AND d.message_time <= :at
              AND d.kind IN ('alert', 'update', 'correction') AND t.closed IS NULL
        """),
        {"destinations": list(needed.hiding), "since": at - timedelta(hours=needed.hours), "at": at},
    )
    found: dict[str, list[Active]] = {}
    for row in rows:
        place = Place.model_validate(row.place) if row.place else None
        active = Active(row.event_id, row.rule_ids, row.message_time, place, row.killed)
        found.setdefault(row.destination_id, []).append(active)
    return found


def _pending(connection: Connection, destinations: Collection[str]) -> dict[tuple[str, Result], datetime]:
    if not destinations:
        return {}
    rows = connection.execute(
        text("""
            SELECT destination_id, why, max(due_at) AS due FROM holds
            WHERE settled_at IS NULL AND destination_id = ANY(:destinations) AND due_at IS NOT NULL
            GROUP BY destination_id, why
        """),
        {"destinations": list(destinations)},
    )
    return {(row.destination_id, Result(row.why)): row.due for row in rows}


def _hidden(connection: Connection, change: EventChanged) -> dict[tuple[str, int, str], Result]:
    if change.revision <= 1:
        return {}
    rows = connection.execute(
        text("""
            SELECT rule_id, rule_version, destination_id, result FROM decisions
            WHERE event_id = :event AND revision < :revision AND result IN ('silenced', 'inhibited')
        """),
        {"event": change.event_id, "revision": change.revision},
    )
    return {(row.rule_id, row.rule_version, row.destination_id): Result(row.result) for row in rows}
