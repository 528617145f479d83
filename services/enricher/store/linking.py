"""What linking reads and writes: articles, events with their reports, ledger and revisions."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import chain
from uuid import UUID

from sqlalchemy import Connection, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.search import Found, Search, with_reports
from services.enricher.store import known
from services.enricher.store.candidates import find
from services.enricher.store.known import LIVE
from services.enricher.store.remembered import Remembered
from services.enricher.store.statements import ARTICLES, LINKS, RELATIONS, UNLINK
from services.enricher.store.writes import Writes
from shared.codes import Change, Reliability
from shared.contracts import ArticleEnriched, EventChanged
from shared.database.tables import Event, KeptApart, LedgerEntry, RelatedEvents, Report, Revision

MACHINE = "machine"
MACHINES = (MACHINE, "reprocess")  # who makes revisions and is no person


class PostgresStore:
    """One connection, inside a transaction; `linking.Store` on the tables of `shared/database/tables.py`."""

    def __init__(self, connection: Connection, remembered: Remembered | None = None) -> None:
        self._connection = connection
        self._remembered = remembered or Remembered()

    def write(self, writes: Writes) -> None:
        stamps = writes.to(self._connection) if writes else {}
        for event, _ in writes.events.values():
            self._remembered.put(event, stamps[event.event_id])

    def articles(self, articles: Iterable[ArticleEnriched]) -> dict[UUID, tuple[bool, Reliability]]:
        """Of each article whether it is on file, and how reliable its source has been."""
        tellers = {article.article_id: article.wire or article.source for article in articles}
        rows = self._connection.execute(ARTICLES, {"ids": list(tellers), "tellers": list(tellers.values())})
        return {row.id: (row.on_file, Reliability(row.reliability)) for row in rows}

    def keep_article(self, article: ArticleEnriched, message_time: datetime) -> Reliability:
        writes = Writes()
        writes.article(article, message_time)
        self.write(writes)
        _, reliability = self.articles([article])[article.article_id]
        return reliability

    def linked_before(self, article: ArticleEnriched) -> dict[int, KnownEvent] | None:
        edition = {"version": article.version, "extractor": article.extraction.extractor}
        asked = {"article": article.article_id, "fetched_at": article.fetched_at, **edition}
        rows = self._connection.execute(LINKS, asked).all()
        if any(row.known for row in rows):
            return None
        links = [row for row in rows if row.id]
        if not links:
            return {}
        events = {event.event_id: event for event in self._load({link.event_id for link in links})}
        self._connection.execute(UNLINK, {"article": article.article_id})
        return {link.frame_index: _without(events[link.event_id], {link.id for link in links}) for link in links}

    def countries_of(self, articles: Collection[UUID]) -> set[str | None]:
        """Countries of the events that these articles were linked to before."""
        query = select(Event.country).distinct().join(Report).where(Report.article_id.in_(articles))
        return set(self._connection.scalars(query))

    def candidates(self, asked: Search) -> Found:
        return with_reports(self.nearest([asked])[asked])

    def nearest(self, questions: Iterable[Search]) -> dict[Search, Found]:
        """The candidates for each question, with those whose reports were all taken back."""
        found = find(self._connection, LIVE, questions)
        stamps = chain.from_iterable(chain(*both) for both in found.values())
        events = known.read(self._connection, self._remembered, stamps)
        return {asked: Found(*([events[one] for one in some] for some in both)) for asked, both in found.items()}

    def related(self, event_id: UUID) -> Sequence[UUID]:
        return sorted(self.relations([event_id])[event_id])

    def relations(self, ids: Collection[UUID]) -> dict[UUID, dict[UUID, str]]:
        """The events that belong to each of these, and how."""
        found: dict[UUID, dict[UUID, str]] = {event_id: {} for event_id in ids}
        for row in self._connection.execute(RELATIONS, {"ids": list(ids)}) if found else ():
            found[row.event][row.other] = row.relation
        return found

    def kept_apart(self, event_id: UUID) -> Sequence[UUID]:
        pairs = self._connection.execute(
            select(KeptApart.a, KeptApart.b).where(or_(KeptApart.a == event_id, KeptApart.b == event_id))
        )
        return sorted(b if a == event_id else a for a, b in pairs)

    def event(self, event_id: UUID) -> KnownEvent | None:
        """An event of the live epoch, merged ones included."""
        return next(iter(self._load([event_id])), None)

    def save(self, event: KnownEvent, changed: EventChanged, message_time: datetime, actor: str = MACHINE) -> None:
        writes = Writes()
        writes.event(event, changed, message_time, actor)
        self.write(writes)

    def attach(self, event_id: UUID, report: ReportRecord, decision: Decision) -> None:
        writes = Writes()
        writes.report(event_id, report, decision)
        self.write(writes)

    def absorb(self, absorbed: UUID, surviving: UUID) -> None:
        """Everything that hangs on the one hangs on the other from now on; ids that led to the one lead there too."""
        for table in (Report, LedgerEntry):
            self._connection.execute(update(table).where(table.event_id == absorbed).values(event_id=surviving))
        self._connection.execute(
            update(Event).where(or_(Event.id == absorbed, Event.merged_into == absorbed)).values(merged_into=surviving)
        )
        for other, relation in self.relations([absorbed])[absorbed].items():
            if other != surviving:
                self.relate(min(other, surviving), max(other, surviving), relation)
        for other in self.kept_apart(absorbed):
            if other != surviving:
                self.keep_apart(other, surviving)

    def move(self, reports: Collection[UUID], event_id: UUID) -> None:
        """These reports, and what they say on the ledger, are of this event."""
        self._connection.execute(update(Report).where(Report.id.in_(reports)).values(event_id=event_id))
        self._connection.execute(
            update(LedgerEntry).where(LedgerEntry.report_id.in_(reports)).values(event_id=event_id)
        )

    def held_together(self, event_id: UUID) -> bool:
        by_a_person = Revision.actor.not_in(MACHINES) & Revision.change.in_((Change.MERGED, Change.SPLIT))
        return bool(self._connection.scalar(select(exists().where(Revision.event_id == event_id, by_a_person))))

    def relate(self, a: UUID, b: UUID, relation: str) -> None:
        self._connection.execute(insert(RelatedEvents).values(a=a, b=b, relation=relation).on_conflict_do_nothing())

    def keep_apart(self, one: UUID, other: UUID) -> None:
        a, b = sorted((one, other))
        self._connection.execute(insert(KeptApart).values(a=a, b=b).on_conflict_do_nothing())

    def let_together(self, one: UUID, other: UUID) -> None:
        a, b = sorted((one, other))
        self._connection.execute(delete(KeptApart).where(KeptApart.a == a, KeptApart.b == b))

    def _load(self, ids: Collection[UUID]) -> list[KnownEvent]:
        """Events of the live epoch."""
        stamps = known.stamps_of(self._connection, ids)
        return list(known.read(self._connection, self._remembered, stamps).values())


def _without(event: KnownEvent, reports: set[UUID]) -> KnownEvent:
    kept = tuple(report for report in event.reports if report.report_id not in reports)
    return KnownEvent(event.event_id, event.snapshot, event.alertable, kept, event.pinned)
