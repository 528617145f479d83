"""The stage that decides: a change of an event comes in; decisions, threads and deliveries go out, in one transaction.

The deliveries are in Postgres when it commits; a hint for each then wakes a worker.
"""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from services.alerting import outgoing
from services.alerting.domain import policy
from services.alerting.outgoing import message_ref
from services.alerting.store import decisions as store
from services.alerting.store import past
from services.alerting.store.rules import RuleCache
from shared.contracts import EVENTS_CHANGED, EventChanged
from shared.handler import Filtered, HandleWith, Produced, Stage
from shared.stage import Incoming

__all__ = ["Wake", "handler", "message_ref", "stage"]

Wake = Callable[[UUID], None]


def stage(wake: Wake) -> Stage[EventChanged]:
    """`wake` is called with each new delivery after the commit."""
    return Stage("alerting", EVENTS_CHANGED, (), handler(wake))


def handler(wake: Wake) -> HandleWith[EventChanged]:
    cache = RuleCache()

    def handle(incoming: Incoming[EventChanged], connection: Connection) -> Produced | Filtered:
        change, at = incoming.body, incoming.time
        digests = outgoing.release(connection, at)
        book = cache.current(connection, at)
        _adopt(connection, change)
        threads = past.threads(connection, change.event_id)
        asked = policy.candidates(change, book, threads)
        before = past.load(connection, change, at, past.need(change, book, asked))
        decided = policy.decide(change, at, book, threads, before, asked)
        store.put_decisions(connection, change.event_id, change.revision, decided)
        queued = outgoing.tell(connection, change, at, book, threads, asked, decided)
        outgoing.hold(connection, change, at, decided)
        digests += outgoing.uncover(connection, change, at)
        wakes = tuple(partial(wake, delivery) for delivery in (*digests, *queued))
        return Produced(after_commit=wakes) if queued else Filtered(policy.nearest_miss(decided), after_commit=wakes)

    return handle


def _adopt(connection: Connection, change: EventChanged) -> None:
    """Both sides of a merge come as messages, in either order: whichever is first hands the threads on."""
    if change.merged_into is not None:
        store.adopt_threads(connection, change.merged_into, [change.event_id])
    if change.merged_from:
        store.adopt_threads(connection, change.event_id, change.merged_from)
