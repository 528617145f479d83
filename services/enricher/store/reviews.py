"""A review as one transaction: under the countries' lock the revision, the ledger, the audit record and the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.enricher.domain.linking.reports import KnownEvent
from services.enricher.domain.linking.review import (
    Review,
    ReviewError,
    StaleReview,
    merge_events,
    revise_event,
    split_event,
)
from services.enricher.domain.linking.revisions import Revised
from services.enricher.store import sources
from services.enricher.store.linking import PostgresStore
from services.enricher.store.locks import lock_countries
from shared import outbox
from shared.contracts import EVENTS_CHANGED, EventChanged, EventSnapshot, message_id
from shared.database.tables import AuditEntry, Event, LedgerEntry
from shared.envelope import Outgoing
from shared.ids import uuid7

LINK = "link"  # whose relay sends what a review changes, and gives it its place in the cursor


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """The event after the review (for a merge the one that stays), and all that changed, in order."""

    event_id: UUID
    revision: int
    snapshot: EventSnapshot
    changes: tuple[EventChanged, ...]


def apply_review(connection: Connection, review: Review, at: datetime) -> ReviewResult:
    """Do what a reviewer says, in the transaction of `connection`. `at`: message time, with its zone.

    Raises `LookupError` for an event that is not on file, `StaleReview` where it has changed since
    `review.expected_revision`, `ReviewError` where the review makes no sense. Nothing is written then.
    """
    events = _locked(connection, [review.event_id, *([review.into] if review.into else [])])
    store = PostgresStore(connection)
    known = events[review.event_id]
    revised: Sequence[Revised]
    if review.action == "merge" and review.into:
        stays, ends = revised = merge_events(review, known, events[review.into])
        store.let_together(review.event_id, review.into)
        _save(store, revised, review, at)
        store.absorb(ends.event.event_id, stays.event.event_id)
    elif review.action == "split":
        rest, apart = revised = split_event(review, known, uuid7(), at)
        _save(store, revised, review, at)
        store.move([report.report_id for report in apart.event.reports], apart.event.event_id)
        store.keep_apart(rest.event.event_id, apart.event.event_id)
    else:
        revised = (revise_event(review, known),)
        _save(store, revised, review, at)
        sources.judge(connection, known, revised[0].event.pinned)
    _note(connection, review, known, revised[0], at)
    changes = tuple(one.changed for one in revised)
    outbox.enqueue(connection, LINK, [outgoing(change, at) for change in changes])
    first = revised[0].event
    return ReviewResult(first.event_id, first.snapshot.revision, first.snapshot, changes)


def outgoing(change: EventChanged, at: datetime | None = None) -> Outgoing:
    """A change as a message. `at` None: message time is that of its cause."""
    identity = message_id(EVENTS_CHANGED, change.event_id, change.revision)
    return Outgoing(EVENTS_CHANGED, str(change.event_id), change, identity, at)


def _locked(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, KnownEvent]:
    """The events, with all linkers kept out of their countries."""
    query = select(Event.id, Event.country).where(Event.id.in_(ids))
    seen = {event.id: event.country for event in connection.execute(query)}
    if missing := [event for event in ids if event not in seen]:
        raise LookupError(f"no event has the id {missing[0]}")
    lock_countries(connection, seen.values())
    store = PostgresStore(connection)
    events = {event: known for event in ids if (known := store.event(event))}
    for event_id, known in events.items():
        place = known.snapshot.place
        if (place.country if place else None) != seen[event_id]:
            raise StaleReview(f"event {event_id} has changed a moment ago: it lies in another country now")
    if missing := [event for event in ids if event not in events]:
        raise ReviewError(f"event {missing[0]} is of a reprocessed epoch that is not promoted")
    return events


def _save(store: PostgresStore, revised: Sequence[Revised], review: Review, at: datetime) -> None:
    for one in revised:
        store.save(one.event, one.changed, at, actor=review.by)


def _note(connection: Connection, review: Review, before: KnownEvent, after: Revised, at: datetime) -> None:
    """Who said what, and the values that a person set on the ledger beside those of the reports."""
    detail = {
        "review": review.model_dump(mode="json", exclude_defaults=True),
        "revision": after.event.snapshot.revision,
        "changes": [
            reason.model_dump(mode="json", include={"field", "old", "new"}) for reason in after.changed.reasons
        ],
    }
    entry = {"at": at, "actor": review.by, "action": f"event.{review.action}", "target": str(review.event_id)}
    connection.execute(insert(AuditEntry).values(**entry, detail=detail))
    if review.action == "merge":
        return
    said = {field: value for field, value in after.event.pinned.items() if before.pinned.get(field, ...) != value}
    for field, value in said.items():
        connection.execute(
            insert(LedgerEntry).values(
                event_id=after.event.event_id,
                field=field,
                value=value,
                source="reviewer",
                said_at=at,
                sentence=review.reason,
                extractor="review",
            )
        )
