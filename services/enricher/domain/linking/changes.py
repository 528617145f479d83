"""One article's reports become changes of events: link, create, merge, relate. Runs on any `Store`.

The service runs it on Postgres inside the transaction of its stage, the batch mode on memory: the same code, the same
events for the same order of articles.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.enricher.domain.linking import freshness, ledger, link, reports, revise
from services.enricher.domain.linking.factors import distance_km
from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.search import Search, search
from services.enricher.domain.linking.standing import absorbable, inherited, rejected
from services.enricher.domain.linking.withdrawal import withdraw
from shared.codes import Change, DatePrecision, EventStatus, Reliability
from shared.contracts import ArticleEnriched, EventChanged, EventSnapshot, Reason

RELATED_KM = 50.0
DENIED = freshness.Freshness(False, "denied: the article says that there was no attack")


class Store(Protocol):
    """What linking needs of a store; `services/enricher/store.py` and `memory.py` pass one behaviour suite."""

    def keep_article(self, article: ArticleEnriched, message_time: datetime) -> Reliability:
        """Returns how reliable the article's source has been."""

    def linked_before(self, article: ArticleEnriched) -> dict[int, KnownEvent] | None:
        """Events that an earlier version of this article was linked to, by frame index; its reports are taken back.

        Null: this version as this extractor reads it, or a later one, was taken in before. Nothing is taken back.
        """

    def candidates(self, asked: Search) -> Sequence[KnownEvent]:
        """Unmerged events that `search.could_be` lets through, nearest in time first, with their reports."""

    def related(self, event_id: UUID) -> Sequence[UUID]: ...

    def kept_apart(self, event_id: UUID) -> Sequence[UUID]:
        """Events that a reviewer parted from this one."""

    def save(self, event: KnownEvent, changed: EventChanged, message_time: datetime) -> None:
        """Insert or update an event with its new revision."""

    def attach(self, event_id: UUID, report: ReportRecord, decision: Decision) -> None: ...

    def absorb(self, absorbed: UUID, surviving: UUID) -> None: ...

    def relate(self, a: UUID, b: UUID, relation: str) -> None: ...


def link_article(
    article: ArticleEnriched, message_time: datetime, store: Store, new_id: Callable[[], UUID]
) -> list[EventChanged]:
    """Take in one article; returns what changed, in order. One that reports nothing is kept and changes nothing, nor
    does one that comes again."""
    before = store.linked_before(article)
    if before is None:
        return []
    reliability = store.keep_article(article, message_time)
    told = reports.of_article(article, message_time, reliability)
    again = _same_events(before, [report.frame_index for report in told])
    changes: list[EventChanged] = []
    touched: list[KnownEvent] = []
    for report in told:
        decision = _decide(report, store, again.get(report.frame_index), touched)
        event, made = _apply(report, decision, store, new_id)
        changes += made
        touched.append(event)
    for event in _no_longer_told(before, again):
        lesser, changed = withdraw(event, article)
        store.save(lesser, changed, message_time)
        changes.append(changed)
    _relate(touched, store)
    return changes


def _same_events(before: Mapping[int, KnownEvent], indexes: Sequence[int]) -> dict[int, KnownEvent]:
    """The events that a new version's frames go on telling of: by index, else, where frames have moved, in order."""
    again = {index: before[index] for index in indexes if index in before}
    moved = iter(_no_longer_told(before, again))
    return again | dict(zip((index for index in indexes if index not in again), moved, strict=False))


def _no_longer_told(before: Mapping[int, KnownEvent], again: Mapping[int, KnownEvent]) -> list[KnownEvent]:
    told = {event.event_id for event in again.values()}
    return [
        event for event in {event.event_id: event for event in before.values()}.values() if event.event_id not in told
    ]


def _decide(
    report: ReportRecord, store: Store, linked_before: KnownEvent | None, same_article: Iterable[KnownEvent]
) -> Decision:
    """A new version of an article stays with its event; two attacks of one article are two events."""
    if linked_before is not None:
        return Decision(linked_before, score=1.0, factors={"same_article": 1.0})
    taken = {event.event_id for event in same_article}
    return link.decide(report, [event for event in store.candidates(search(report)) if event.event_id not in taken])


def _apply(
    report: ReportRecord, decision: Decision, store: Store, new_id: Callable[[], UUID]
) -> tuple[KnownEvent, list[EventChanged]]:
    if decision.event is None:
        event, changed = _create(report, new_id())
        store.save(event, changed, report.message_time)
        store.attach(event.event_id, report, decision)
        return event, [changed]
    known = decision.event
    if decision.absorbed:
        decision = replace(decision, absorbed=absorbable(known, decision.absorbed, store.kept_apart))
    merged = [_absorbed(other, known, report) for other in decision.absorbed]
    event, changed = _extend(report, decision, store.related(known.event_id))
    for other, note in merged:
        store.save(other, note, report.message_time)
        store.absorb(other.event_id, event.event_id)
    store.save(event, changed, report.message_time)
    store.attach(event.event_id, report, decision)
    return event, [changed, *(note for _, note in merged)]


def _create(report: ReportRecord, event_id: UUID) -> tuple[KnownEvent, EventChanged]:
    snapshot = ledger.assess(event_id, 1, [report], {})
    fresh = DENIED if report.frame.retraction else freshness.judge(snapshot.date, report)
    change = Change.CREATED if fresh.alertable else Change.FILED
    why = [
        Reason(field="event", new=change, source=report.source, article_id=report.article_id, sentence=report.sentence)
    ]
    event = KnownEvent(event_id, snapshot, fresh.alertable, (report,))
    return event, _changed(event, change, why, fresh, report, material=fresh.alertable)


def _extend(report: ReportRecord, decision: Decision, related: Sequence[UUID]) -> tuple[KnownEvent, EventChanged]:
    known = decision.event
    assert known is not None  # noqa: S101 - the caller has one
    gathered = [*known.reports, *(old for other in decision.absorbed for old in other.reports), report]
    gathered.sort(key=lambda item: (item.message_time, str(item.report_id)))
    pinned = dict(known.pinned)
    for other in decision.absorbed:
        pinned = inherited(pinned, other.pinned)
    snapshot = ledger.assess(known.event_id, known.snapshot.revision + 1, gathered, pinned, related)
    fresh = freshness.judge(snapshot.date, report)
    alertable = known.alertable or fresh.alertable or any(other.alertable for other in decision.absorbed)
    why = revise.reasons(known.snapshot, snapshot, report)
    event = KnownEvent(known.event_id, snapshot, alertable, tuple(gathered), pinned)
    change = Change.MERGED if decision.absorbed else revise.change(known.snapshot, snapshot, report, why)
    woken = alertable and not known.alertable
    material = not rejected(known) and (woken or bool(decision.absorbed) or any(reason.material for reason in why))
    merged_from = [other.event_id for other in decision.absorbed]
    changed = _changed(event, change, why, fresh, report, material=material)
    return event, changed.model_copy(update={"merged_from": merged_from})


def _absorbed(other: KnownEvent, into: KnownEvent, report: ReportRecord) -> tuple[KnownEvent, EventChanged]:
    snapshot = other.snapshot.model_copy(update={"revision": other.snapshot.revision + 1, "status": EventStatus.MERGED})
    event = KnownEvent(other.event_id, snapshot, other.alertable, (), other.pinned)
    why = [Reason(field="merged_into", new=str(into.event_id), source=report.source, article_id=report.article_id)]
    fresh = freshness.Freshness(other.alertable, None if other.alertable else "merged before it could alert")
    changed = _changed(event, Change.MERGED, why, fresh, report, material=True)
    return event, changed.model_copy(update={"merged_into": into.event_id})


def _changed(
    event: KnownEvent,
    change: Change,
    why: list[Reason],
    fresh: freshness.Freshness,
    report: ReportRecord,
    *,
    material: bool,
) -> EventChanged:
    alertable = event.alertable and not rejected(event)
    return EventChanged(
        event_id=event.event_id,
        revision=event.snapshot.revision,
        change=change,
        material=material,
        reasons=why,
        alertable=alertable,
        not_alertable=None if alertable else fresh.why_not or event.snapshot.status,
        late_seconds=fresh.late_seconds,
        article_id=report.article_id,
        fetched_at=report.fetched_at,
        published_at=report.published_at,
        snapshot=event.snapshot,
    )


def _relate(events: Sequence[KnownEvent], store: Store) -> None:
    """Attacks of one day and one area in one article belong together: a second device, several sites."""
    for index, a in enumerate(events):
        for b in events[index + 1 :]:
            if a.event_id != b.event_id and _belong_together(a.snapshot, b.snapshot):
                store.relate(min(a.event_id, b.event_id), max(a.event_id, b.event_id), "same_report")


def _belong_together(a: EventSnapshot, b: EventSnapshot) -> bool:
    if a.date is None or b.date is None or a.place is None or b.place is None:
        return False
    by_day = a.date.precision == b.date.precision == DatePrecision.DAY
    distance = distance_km(a.place, b.place)
    return by_day and a.date.start == b.date.start and distance is not None and distance <= RELATED_KM
