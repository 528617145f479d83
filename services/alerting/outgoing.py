"""What is put into the queue: messages about a change, digests of what was held, escalations."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Connection, Engine, Row, select

from services.alerting.domain import alert, policy, steps
from services.alerting.domain.alert import Alert
from services.alerting.domain.case import Decision
from services.alerting.domain.destinations import Destination, EmailConfig, is_reference
from services.alerting.domain.digest import digest
from services.alerting.domain.digest_message import digest_message, subject_of
from services.alerting.domain.past import OpenThread
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule
from services.alerting.store import decisions as store
from services.alerting.store import escalations, holds, past
from services.alerting.store.rules import read_destination
from shared.codes import MessageKind
from shared.contracts import EventChanged
from shared.database import tables


def tell(
    connection: Connection,
    change: EventChanged,
    at: datetime,
    book: Rulebook,
    threads: Mapping[str, OpenThread],
    asked: Sequence[tuple[Rule, int]],
    decided: Iterable[Decision],
) -> list[UUID]:
    """One message for each destination that is told now, however many rules say so; returns the new deliveries."""
    telling = _by_destination(decision for decision in decided if decision.result.kind is not None)
    rules = {rule.id: rule for rule, _ in asked}
    queued = []
    for name, why in telling.items():
        destination, thread = book.destinations[name], threads.get(name)
        kind = why[0].result.kind
        assert kind is not None  # noqa: S101 - chosen above
        speaking = [rules[one.rule_id] for one in why if one.rule_id != policy.NO_RULE]
        zone, subject = destination.config.timezone, thread.subject if thread else None
        content = alert.compose(change, kind, speaking, zone, subject)
        delivery = delivery_id(change.event_id, change.revision, name)
        ids = [rule.id for rule in speaking]
        ref = message_ref(destination, delivery)
        if not store.put_delivery(connection, delivery, name, content, ids, ref, at):
            continue
        queued.append(delivery)
        if kind is MessageKind.ALERT:
            store.open_thread(connection, change.event_id, name, delivery, content.subject)
            for rule in speaking:
                escalations.put(connection, delivery, rule)
        else:
            store.close_thread(connection, change.event_id, name, _ends(change, kind))
    return queued


def hold(connection: Connection, change: EventChanged, at: datetime, decided: Sequence[Decision]) -> None:
    """What is told later, or only if what hides it is retracted; not where the destination is told now."""
    now = {decision.destination_id for decision in decided if decision.result.kind is not None}
    if holds.waiting(connection, change.event_id):
        if change.snapshot.status in steps.GONE:
            holds.drop(connection, change.event_id, kind=MessageKind.ALERT)
        holds.drop(connection, change.event_id, now)
        holds.refresh(connection, change)
    later = (one for one in decided if (one.result.held or one.hidden_by) and one.destination_id not in now)
    for name, why in _by_destination(later).items():
        holds.put(connection, change, at, why)
        if change.merged_into is not None:
            store.close_thread(connection, change.event_id, name, _ends(change, MessageKind.UPDATE))


def uncover(connection: Connection, change: EventChanged, at: datetime) -> list[UUID]:
    """An alert was retracted: what it hid is told after all, in digests."""
    if change.merged_into is not None or change.snapshot.status not in steps.GONE:
        return []
    holds.uncover(connection, change.event_id, at)
    return release(connection, at)


def release(connection: Connection, at: datetime | None = None) -> list[UUID]:
    """One digest for each destination for which something held is due: at `at` (message time), or on the wall."""
    if not holds.any_due(connection, at):
        return []
    past.lock(connection)
    return [_digest(connection, found) for found in list(holds.due(connection, at))]


def _digest(connection: Connection, found: holds.Release) -> UUID:
    name = found.destination_id
    row = connection.execute(select(tables.Destination).where(tables.Destination.id == name)).one()
    destination = read_destination(row)  # one that is broken dies as a delivery, where its owner looks
    sound = destination if isinstance(destination, Destination) else None
    content = digest_message(digest(found.held, sound.config.timezone if sound else "UTC"))
    delivery = uuid5(NAMESPACE_URL, f"tocsin/digest/{name}/{'/'.join(map(str, found.holds))}")
    ref = message_ref(sound, delivery) if sound else str(delivery)
    store.put_delivery(connection, delivery, name, content, found.rule_ids, ref, found.at)
    holds.settle(connection, found.holds, delivery)
    for held in found.held:
        if held.kind is MessageKind.ALERT:
            store.open_thread(connection, held.change.event_id, name, delivery, subject_of(held.change))
    return delivery


def escalate(connection: Connection) -> list[UUID]:
    """Tell the second destination of each alert that nobody acknowledged in time."""
    queued = []
    for row in escalations.due(connection):
        delivery, outcome = _escalate(connection, row)
        escalations.settle(connection, row.delivery_id, row.destination_id, outcome)
        queued += [delivery] if delivery else []
    return queued


def _escalate(connection: Connection, row: Row[Any]) -> tuple[UUID | None, str]:
    if row.acknowledged:
        return None, f"acknowledged by {row.acknowledged}"
    if row.closed == "retracted":
        return None, "retracted"
    found = connection.execute(select(tables.Destination).where(tables.Destination.id == row.destination_id))
    stored = found.one_or_none()
    destination = read_destination(stored) if stored else None
    if not isinstance(destination, Destination):
        return None, f"there is no destination {row.destination_id!r}, or its configuration is broken"
    if row.destination_id in past.threads(connection, row.event_id):
        return None, "told before"
    note = f"Nobody at {row.told} has acknowledged this within {row.minutes} min"
    content = Alert.model_validate(row.content)
    content = content.model_copy(
        update={"kind": MessageKind.ALERT, "note": "; ".join(filter(None, [note, content.note])), "changes": []}
    )
    delivery = uuid5(NAMESPACE_URL, f"tocsin/escalation/{row.delivery_id}/{row.destination_id}")
    ref = message_ref(destination, delivery)
    if not store.put_delivery(connection, delivery, row.destination_id, content, [row.rule_id], ref, row.message_time):
        return None, "told before"
    store.open_thread(connection, row.event_id, row.destination_id, delivery, content.subject)
    return delivery, "told"


def catch_up(engine: Engine) -> list[UUID]:
    """What is due by the clock on the wall: digests when no message brought them, and escalations."""
    queued = []
    for due in (release, escalate):
        with engine.begin() as connection:
            queued += due(connection)
    return queued


def _by_destination(decided: Iterable[Decision]) -> dict[str, list[Decision]]:
    found: dict[str, list[Decision]] = {}
    for decision in decided:
        found.setdefault(decision.destination_id, []).append(decision)
    return found


def _ends(change: EventChanged, kind: MessageKind) -> str | None:
    """Why a thread ends with this message; None: it goes on."""
    if change.merged_into is not None:
        return f"merged into {change.merged_into}"
    return "retracted" if kind is MessageKind.RETRACTION else None


def delivery_id(event: UUID, revision: int, destination: str) -> UUID:
    """The same for the same message, so that nothing that comes twice is two messages."""
    return uuid5(NAMESPACE_URL, f"tocsin/delivery/{event}/{revision}/{destination}")


def message_ref(destination: Destination, delivery: UUID) -> str:
    """What names the message to its receiver on every attempt: a Message-ID for e-mail, else the delivery's id."""
    if not isinstance(destination.config, EmailConfig):
        return str(delivery)
    sender = destination.config.sender
    domain = "tocsin.invalid" if is_reference(sender) else sender.rpartition("@")[2].rstrip("> ")
    return f"<{delivery}@{domain}>"
