"""The next revision of an event, with the word about it: created, extended, absorbed, parted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.enricher.domain.linking import freshness, ledger, revise
from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.parting import Parted
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.standing import inherited, rejected
from shared.codes import Change, EventStatus
from shared.contracts import EventChanged, Reason

DENIED = freshness.Freshness(False, "denied: the article says that there was no attack")


@dataclass(frozen=True, slots=True)
class Revised:
    """An event after a change, and the word about it."""

    event: KnownEvent
    changed: EventChanged


def created(report: ReportRecord, event_id: UUID) -> Revised:
    snapshot = ledger.assess(event_id, 1, [report], {})
    fresh = DENIED if report.frame.retraction else freshness.judge(snapshot.date, report)
    change = Change.CREATED if fresh.alertable else Change.FILED
    why = [
        Reason(field="event", new=change, source=report.source, article_id=report.article_id, sentence=report.sentence)
    ]
    event = KnownEvent(event_id, snapshot, fresh.alertable, (report,))
    return Revised(event, _changed(event, change, why, fresh, report, material=fresh.alertable))


def extended(report: ReportRecord, decision: Decision, related: Sequence[UUID]) -> Revised:
    """The event that a report is linked to, with the reports of those that it proved to be the same."""
    known = decision.event
    assert known is not None  # noqa: S101 - the caller has one
    gathered = [*known.reports, *(old for other in decision.absorbed for old in other.reports), report]
    gathered.sort(key=lambda item: (item.message_time, str(item.report_id)))
    pinned = dict(known.pinned)
    for other in decision.absorbed:
        pinned = inherited(pinned, other.pinned)
    snapshot = ledger.assess(known.event_id, known.snapshot.revision + 1, gathered, pinned, related)
    fresh = freshness.judge(snapshot.date, report)
    told = fresh.alertable and snapshot.status != EventStatus.RETRACTED
    alertable = known.alertable or told or any(other.alertable for other in decision.absorbed)
    why = revise.reasons(known.snapshot, snapshot, report)
    event = KnownEvent(known.event_id, snapshot, alertable, tuple(gathered), pinned)
    change = Change.MERGED if decision.absorbed else revise.change(known.snapshot, snapshot, report, why)
    woken = alertable and not known.alertable
    material = not rejected(known) and (woken or bool(decision.absorbed) or any(reason.material for reason in why))
    merged_from = [other.event_id for other in decision.absorbed]
    changed = _changed(event, change, why, fresh, report, material=material)
    return Revised(event, changed.model_copy(update={"merged_from": merged_from}))


def absorbed(other: KnownEvent, into: KnownEvent, report: ReportRecord) -> Revised:
    """An event that ends in another one."""
    snapshot = other.snapshot.model_copy(update={"revision": other.snapshot.revision + 1, "status": EventStatus.MERGED})
    event = KnownEvent(other.event_id, snapshot, other.alertable, (), other.pinned)
    why = [Reason(field="merged_into", new=str(into.event_id), source=report.source, article_id=report.article_id)]
    fresh = freshness.Freshness(other.alertable, None if other.alertable else "merged before it could alert")
    changed = _changed(event, Change.MERGED, why, fresh, report, material=True)
    return Revised(event, changed.model_copy(update={"merged_into": into.event_id}))


def parted(
    event: KnownEvent, groups: Parted, report: ReportRecord, decision: Decision, new_id: UUID
) -> tuple[Revised, Revised]:
    """The event with what stays, and the new one; `event` holds both, `decision.event` is what it was before."""
    before = decision.event
    assert before is not None  # noqa: S101 - the caller has one
    old = event.snapshot
    rest = ledger.assess(event.event_id, old.revision, groups.stay, dict(event.pinned), old.related)
    first = ledger.assess(new_id, 1, groups.leave, {})
    fresh = freshness.judge(first.date, report)
    said = Reason(
        field="split",
        old=str(event.event_id),
        new=str(new_id),
        source=report.source,
        article_id=report.article_id,
        sentence=report.sentence,
        material=True,
    )
    stays = replace(event, reports=groups.stay, snapshot=rest)
    leaves = KnownEvent(new_id, first, fresh.alertable and event.alertable, groups.leave)
    why = [said, *revise.reasons(before.snapshot, rest, report)]
    return (
        Revised(stays, _changed(stays, Change.SPLIT, why, fresh, report, material=not rejected(stays))),
        Revised(leaves, _changed(leaves, Change.SPLIT, [said], fresh, report, material=True)),
    )


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
