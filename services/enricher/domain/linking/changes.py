"""One article's reports become changes of events: link, create, merge, relate. Runs on any `Store`.

The service runs it on Postgres inside the transaction of its stage, the batch mode on memory: the same code, the same
events for the same order of articles.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.enricher.domain.linking import link, parting, reports, revisions
from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.parting import Parted
from services.enricher.domain.linking.relating import Relation, of_one_attack, told_together
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.revisions import Revised
from services.enricher.domain.linking.search import Found, Search, search
from services.enricher.domain.linking.standing import absorbable
from services.enricher.domain.linking.withdrawal import withdraw
from shared.codes import Reliability
from shared.contracts import ArticleEnriched, EventChanged


class Store(Protocol):
    """What linking needs of a store; `services/enricher/store.py` and `memory.py` pass one behaviour suite."""

    def keep_article(self, article: ArticleEnriched, message_time: datetime) -> Reliability:
        """Returns how reliable the article's source has been."""

    def linked_before(self, article: ArticleEnriched) -> dict[int, KnownEvent] | None:
        """Events that an earlier version of this article was linked to, by frame index; its reports are taken back.

        Null: this version as this extractor reads it, or a later one, was taken in before. Nothing is taken back.
        """

    def candidates(self, asked: Search) -> Found:
        """Unmerged events, with their reports: those that `search.could_be` lets through and, where these are few,
        others."""

    def related(self, event_id: UUID) -> Sequence[UUID]: ...

    def kept_apart(self, event_id: UUID) -> Sequence[UUID]:
        """Events that a reviewer parted from this one."""

    def save(self, event: KnownEvent, changed: EventChanged, message_time: datetime) -> None:
        """Insert or update an event with its new revision."""

    def attach(self, event_id: UUID, report: ReportRecord, decision: Decision) -> None: ...

    def absorb(self, absorbed: UUID, surviving: UUID) -> None: ...

    def relate(self, a: UUID, b: UUID, relation: str) -> None: ...

    def held_together(self, event_id: UUID) -> bool:
        """Whether a person said which reports are of this event, by a merge or a split."""

    def move(self, reports: Collection[UUID], event_id: UUID) -> None:
        """These reports, with what they say on the ledger, are of this event from now on."""


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
    _relate(told_together(touched), store)
    return changes


def _relate(relations: Iterable[Relation], store: Store) -> None:
    for one, other, relation in relations:
        store.relate(min(one.event_id, other.event_id), max(one.event_id, other.event_id), relation)


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
    found = store.candidates(search(report))
    return link.decide(report, replace(found, fitting=[one for one in found.fitting if one.event_id not in taken]))


def _apply(
    report: ReportRecord, decision: Decision, store: Store, new_id: Callable[[], UUID]
) -> tuple[KnownEvent, list[EventChanged]]:
    """The report's event and all that changed, that event's change first."""
    if decision.event is None:
        made = revisions.created(report, new_id())
        _save([made], report, store)
        store.attach(made.event.event_id, report, decision)
        _relate(of_one_attack(made.event, decision.among.fitting), store)
        return made.event, [made.changed]
    known = decision.event
    if decision.absorbed:
        decision = replace(decision, absorbed=absorbable(known, decision.absorbed, store.kept_apart))
    made = revisions.extended(report, decision, store.related(known.event_id))
    ended = [revisions.absorbed(other, known, report) for other in decision.absorbed]
    _save(ended, report, store)
    for one in ended:
        store.absorb(one.event.event_id, made.event.event_id)
    groups = parting.parted(made.event, report, decision)
    if groups and not store.held_together(made.event.event_id):
        return _part(made.event, groups, report, decision, store, new_id())
    _save([made], report, store)
    store.attach(made.event.event_id, report, decision)
    return made.event, [made.changed, *(one.changed for one in ended)]


def _part(
    event: KnownEvent, groups: Parted, report: ReportRecord, decision: Decision, store: Store, new_id: UUID
) -> tuple[KnownEvent, list[EventChanged]]:
    made = revisions.parted(event, groups, report, decision, new_id)
    _save(made, report, store)
    its_own, other = made if report in groups.stay else made[::-1]
    store.attach(its_own.event.event_id, report, decision)
    store.move([moved.report_id for moved in groups.leave if moved is not report], new_id)
    return its_own.event, [its_own.changed, other.changed]


def _save(made: Iterable[Revised], report: ReportRecord, store: Store) -> None:
    for one in made:
        store.save(one.event, one.changed, report.message_time)
