"""What linking reads and writes: articles, events with their reports, ledger and revisions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.enricher.domain.linking.ledger import frame_values
from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.search import Search
from services.enricher.store.candidates import find
from services.enricher.store.remembered import Remembered
from services.enricher.store.rows import event_row, ledger_row, report_row, revision_row
from services.enricher.store.statements import (
    ATTACH,
    EVENTS,
    KEEP_ARTICLE,
    LINKS,
    RELATIONS,
    REPORTS,
    SAVE,
    STAMPS,
    UNLINK,
    as_json,
)
from shared.codes import Reliability
from shared.contracts import ArticleEnriched, EventChanged, EventSnapshot
from shared.database.tables import Event, KeptApart, LedgerEntry, RelatedEvents, Report

LIVE = 0  # epoch
MACHINE = "machine"


class PostgresStore:
    """One connection, inside a transaction; `linking.Store` on the tables of `shared/database/tables.py`."""

    def __init__(self, connection: Connection, remembered: Remembered | None = None) -> None:
        self._connection = connection
        self._remembered = remembered or Remembered()

    def keep_article(self, article: ArticleEnriched, message_time: datetime) -> Reliability:
        said = article.extraction
        row = {**dict(article), "id": article.article_id, "message_time": message_time, "kind": said.kind}
        kept = self._connection.execute(KEEP_ARTICLE, {"article": as_json(row | {"score": said.score})})
        return Reliability(kept.scalar_one() or Reliability.F)

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

    def candidates(self, asked: Search) -> Sequence[KnownEvent]:
        return [event for event in self._read(find(self._connection, LIVE, asked)) if event.reports]

    def related(self, event_id: UUID) -> Sequence[UUID]:
        return [other for other, _ in self._relations(event_id)]

    def kept_apart(self, event_id: UUID) -> Sequence[UUID]:
        pairs = self._connection.execute(
            select(KeptApart.a, KeptApart.b).where(or_(KeptApart.a == event_id, KeptApart.b == event_id))
        )
        return sorted(b if a == event_id else a for a, b in pairs)

    def event(self, event_id: UUID) -> KnownEvent | None:
        """An event of the live epoch, merged ones included."""
        return next(iter(self._load([event_id])), None)

    def save(self, event: KnownEvent, changed: EventChanged, message_time: datetime, actor: str = MACHINE) -> None:
        rows = {"event": event_row(event, changed), "revision": revision_row(changed, message_time, actor)}
        stamp = self._connection.execute(SAVE, {name: as_json(row) for name, row in rows.items()}).scalar_one()
        self._remembered.put(event, stamp)

    def attach(self, event_id: UUID, report: ReportRecord, decision: Decision) -> None:
        entries = [ledger_row(event_id, report, *value) for value in frame_values(report.frame).items()]
        rows = {"report": report_row(event_id, report, decision), "entries": entries}
        self._connection.execute(ATTACH, {name: as_json(row) for name, row in rows.items()})

    def absorb(self, absorbed: UUID, surviving: UUID) -> None:
        """Everything that hangs on the one hangs on the other from now on; ids that led to the one lead there too."""
        for table in (Report, LedgerEntry):
            self._connection.execute(update(table).where(table.event_id == absorbed).values(event_id=surviving))
        self._connection.execute(
            update(Event).where(or_(Event.id == absorbed, Event.merged_into == absorbed)).values(merged_into=surviving)
        )
        for other, relation in self._relations(absorbed):
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

    def relate(self, a: UUID, b: UUID, relation: str) -> None:
        self._connection.execute(insert(RelatedEvents).values(a=a, b=b, relation=relation).on_conflict_do_nothing())

    def keep_apart(self, one: UUID, other: UUID) -> None:
        a, b = sorted((one, other))
        self._connection.execute(insert(KeptApart).values(a=a, b=b).on_conflict_do_nothing())

    def let_together(self, one: UUID, other: UUID) -> None:
        a, b = sorted((one, other))
        self._connection.execute(delete(KeptApart).where(KeptApart.a == a, KeptApart.b == b))

    def _relations(self, event_id: UUID) -> list[tuple[UUID, str]]:
        return [(row.other, row.relation) for row in self._connection.execute(RELATIONS, {"event": event_id})]

    def _load(self, ids: Collection[UUID]) -> list[KnownEvent]:
        """Events of the live epoch."""
        return self._read(list(self._connection.scalars(STAMPS, {"ids": list(ids), "epoch": LIVE})))

    def _read(self, stamps: Sequence[str]) -> list[KnownEvent]:
        """From memory what is as it was, the rest from its tables."""
        held = [self._remembered.get(stamp) for stamp in stamps]
        if missing := [stamp for stamp, event in zip(stamps, held, strict=True) if event is None]:
            fetched = self._fetch([UUID(stamp.partition("/")[0]) for stamp in missing])
            return [event or fetched[stamp] for stamp, event in zip(stamps, held, strict=True)]
        return [event for event in held if event]

    def _fetch(self, ids: Sequence[UUID]) -> dict[str, KnownEvent]:
        records: dict[UUID, list[ReportRecord]] = {event_id: [] for event_id in ids}
        for event_id, record in self._connection.execute(REPORTS, {"ids": ids}):
            records[event_id].append(ReportRecord.model_validate_json(record))
        events = {}
        for row in self._connection.execute(EVENTS, {"ids": ids}):
            snapshot = EventSnapshot.model_validate_json(row.snapshot)
            events[row.stamp] = KnownEvent(row.id, snapshot, row.alertable, tuple(records[row.id]), row.pinned)
            self._remembered.put(events[row.stamp], row.stamp)
        return events


def _without(event: KnownEvent, reports: set[UUID]) -> KnownEvent:
    kept = tuple(report for report in event.reports if report.report_id not in reports)
    return KnownEvent(event.event_id, event.snapshot, event.alertable, kept, event.pinned)
