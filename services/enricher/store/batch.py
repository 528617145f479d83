"""The linker's store for many articles in one transaction: read for many at once, written for many at once.

A statement for each question would be most of what linking costs. What the next articles are going to ask is read
ahead of them; what linking changes is laid over it until it is written, which `flush` does, and every question that
was not foreseen. So each article is linked to the same events as by a store that reads and writes at once.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.search import Found, Search, could_be, found_among, nearness, with_reports
from services.enricher.store.ahead import Ahead, Told, read_ahead
from services.enricher.store.linking import MACHINE, PostgresStore
from services.enricher.store.remembered import Remembered
from services.enricher.store.writes import Writes
from shared.codes import Reliability
from shared.contracts import ArticleEnriched, EventChanged

AHEAD = 32  # articles: what is read for them is held in memory, at most 64 events for each report


class BatchStore:
    """`linking.Store` on one connection inside a transaction. `told`: the articles, in the order they will be linked.

    Nothing is certain to be written before `flush`.
    """

    def __init__(self, connection: Connection, remembered: Remembered, told: Sequence[Told]) -> None:
        self._store = PostgresStore(connection, remembered)
        self._told = told
        self._linked = 0  # so many of them
        self._ahead = Ahead()
        self._changed: dict[UUID, KnownEvent | None] = {}  # since then; null: merged into another one
        self._writes = Writes()

    def flush(self) -> None:
        """Write what has changed."""
        self._store.write(self._writes)
        self._writes = Writes()

    def keep_article(self, article: ArticleEnriched, message_time: datetime) -> Reliability:
        self._writes.article(article, message_time)
        known = self._ahead.reliability.get(article.article_id)
        return known or self._store.articles([article])[article.article_id][1]

    def linked_before(self, article: ArticleEnriched) -> dict[int, KnownEvent] | None:
        if self._linked % AHEAD == 0:
            self._read_ahead()
        self._linked += 1
        if article.article_id in self._ahead.new:
            self._ahead.new.discard(article.article_id)  # were it to come again, it would not be
            return {}
        self.flush()
        return self._store.linked_before(article)

    def candidates(self, asked: Search) -> Found:
        known = self._ahead.candidates.get(asked)
        found = None if known is None else self._as_changed(known, asked)
        if found is None:
            self.flush()
            return self._store.candidates(asked)
        return with_reports(found)

    def related(self, event_id: UUID) -> Sequence[UUID]:
        if event_id not in self._ahead.related:
            self.flush()
            return self._store.related(event_id)
        return sorted(self._ahead.related[event_id])

    def kept_apart(self, event_id: UUID) -> Sequence[UUID]:
        return self._store.kept_apart(event_id)

    def save(self, event: KnownEvent, changed: EventChanged, message_time: datetime) -> None:
        self._writes.event(event, changed, message_time, MACHINE)
        self._changed[event.event_id] = event if changed.merged_into is None else None
        if changed.revision == 1:
            self._ahead.related[event.event_id] = set()

    def attach(self, event_id: UUID, report: ReportRecord, decision: Decision) -> None:
        self._writes.report(event_id, report, decision)

    def absorb(self, absorbed: UUID, surviving: UUID) -> None:
        self.flush()
        self._store.absorb(absorbed, surviving)
        self._ahead.related.clear()

    def held_together(self, event_id: UUID) -> bool:
        self.flush()
        return self._store.held_together(event_id)

    def move(self, reports: Collection[UUID], event_id: UUID) -> None:
        self.flush()
        self._store.move(reports, event_id)

    def relate(self, a: UUID, b: UUID, relation: str) -> None:
        self._writes.relation(a, b, relation)
        for one, other in ((a, b), (b, a)):
            if one in self._ahead.related:
                self._ahead.related[one].add(other)

    def _read_ahead(self) -> None:
        self.flush()
        self._changed.clear()
        self._ahead = read_ahead(self._store, self._told[self._linked : self._linked + AHEAD])

    def _as_changed(self, known: Found, asked: Search) -> Found | None:
        """What the database would say were all that has changed written; null where that cannot be told from here."""
        if not self._changed:
            return known
        fitting, others = list(self._unchanged(known.fitting)), list(self._unchanged(known.others))
        for event in filter(None, self._changed.values()):
            (fitting if could_be(event.snapshot, asked) else others).append(event)
        found = found_among(fitting, others, asked)
        before, now = asked.least - len(known.fitting), asked.least - len(found.fitting)
        if _whole(known.fitting, found.fitting, asked.limit, asked.limit, asked) and (
            now <= 0 or _whole(known.others, found.others, before, now, asked)
        ):
            return found
        return None

    def _unchanged(self, events: Iterable[KnownEvent]) -> Iterator[KnownEvent]:
        return (event for event in events if event.event_id not in self._changed)


def _whole(known: Sequence[KnownEvent], found: Sequence[KnownEvent], before: int, now: int, asked: Search) -> bool:
    """Whether the database knows none nearer than the last of those found. `before`: so many it was asked for; `now`:
    so many are wanted."""
    if len(known) < before:
        return True  # it knows no more
    return len(found) == now and bool(known) and nearness(found[-1], asked) <= nearness(known[-1], asked)
