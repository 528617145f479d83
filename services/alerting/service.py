"""The stage that decides: a change of an event comes in; decisions, threads and deliveries go out, in one transaction.

The deliveries are in Postgres when it commits; a hint for each then wakes a worker.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Connection

from services.alerting.domain import alert, policy
from services.alerting.domain.destinations import Destination, EmailConfig, is_reference
from services.alerting.domain.policy import Decision, OpenThread
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule
from services.alerting.store import decisions as store
from services.alerting.store.rules import RuleCache
from shared.codes import MessageKind
from shared.contracts import EVENTS_CHANGED, EventChanged
from shared.handler import Filtered, HandleWith, Produced, Stage
from shared.stage import Incoming

Wake = Callable[[UUID], None]


def stage(wake: Wake) -> Stage[EventChanged]:
    """`wake` is called with each new delivery after the commit."""
    return Stage("alerting", EVENTS_CHANGED, (), handler(wake))


def handler(wake: Wake) -> HandleWith[EventChanged]:
    cache = RuleCache()

    def handle(incoming: Incoming[EventChanged], connection: Connection) -> Produced | Filtered:
        change, book = incoming.body, cache.current(connection, incoming.time)
        _adopt(connection, change)
        threads = store.threads(connection, change.event_id)
        decided = policy.decide(change, incoming.time, book, threads)
        store.put_decisions(connection, change.event_id, change.revision, decided)
        queued = _queue(connection, incoming, book, threads, decided)
        if not queued:
            return Filtered(policy.nearest_miss(decided))
        return Produced(after_commit=[partial(wake, delivery) for delivery in queued])

    return handle


def _adopt(connection: Connection, change: EventChanged) -> None:
    """Both sides of a merge come as messages, in either order: whichever is first hands the threads on."""
    if change.merged_into is not None:
        store.adopt_threads(connection, change.merged_into, [change.event_id])
    if change.merged_from:
        store.adopt_threads(connection, change.event_id, change.merged_from)


def _queue(
    connection: Connection,
    incoming: Incoming[EventChanged],
    book: Rulebook,
    threads: Mapping[str, OpenThread],
    decided: Iterable[Decision],
) -> list[UUID]:
    """One message for each destination that is told, however many rules say so."""
    telling: dict[str, list[Decision]] = {}
    for decision in decided:
        if decision.result.kind is not None:
            telling.setdefault(decision.destination_id, []).append(decision)
    rules = {rule.id: rule for rule, _ in book.rules}
    queued = [
        _deliver(connection, incoming, book.destinations[name], threads.get(name), why, rules)
        for name, why in telling.items()
    ]
    return [delivery for delivery in queued if delivery is not None]


def _deliver(
    connection: Connection,
    incoming: Incoming[EventChanged],
    destination: Destination,
    thread: OpenThread | None,
    why: Sequence[Decision],
    rules: Mapping[str, Rule],
) -> UUID | None:
    change, kind = incoming.body, why[0].result.kind
    assert kind is not None  # noqa: S101 - only decisions that tell come here
    rule_ids = [decision.rule_id for decision in why if decision.rule_id != policy.NO_RULE]
    content = alert.compose(
        change,
        kind,
        [rules[rule] for rule in rule_ids],
        destination.config.timezone,
        thread.subject if thread else None,
    )
    delivery = delivery_id(change.event_id, change.revision, destination.id)
    ref = message_ref(destination, delivery)
    if not store.put_delivery(connection, delivery, destination.id, content, rule_ids, ref, incoming.time):
        return None
    if kind is MessageKind.ALERT:
        store.open_thread(connection, change.event_id, destination.id, delivery, content.subject)
    else:
        store.close_thread(connection, change.event_id, destination.id, _ends(change, kind))
    return delivery


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
