"""What linking reads and writes: articles, events with their reports, ledger and revisions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, func, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.enricher.domain.linking.ledger import frame_values
from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.search import Search
from services.enricher.store.candidates import Found, find
from services.enricher.store.remembered import Remembered
from services.enricher.store.rows import event_row, ledger_entry
from shared.contracts import ArticleEnriched, EventChanged, EventSnapshot
from shared.database.tables import Event, KeptApart, LedgerEntry, RelatedEvents, Report, Revision, StoredArticle

LIVE = 0  # epoch
MACHINE = "machine"


class PostgresStore:
    """One connection, inside a transaction; `linking.Store` on the tables of `shared/database/tables.py`."""

    def __init__(self, connection: Connection, remembered: Remembered | None = None) -> None:
        self._connection = connection
        self._remembered = remembered or Remembered()

    def keep_article(self, article: ArticleEnriched, message_time: datetime) -> None:
        extraction = article.extraction
        row = {
            **article.model_dump(include=_ARTICLE_COLUMNS),
            "id": article.article_id,
            "message_time": message_time,
            "kind": extraction.kind,
            "score": extraction.score,
            "extraction": extraction.model_dump(mode="json"),
        }
        statement = insert(StoredArticle).values(row)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"], set_={name: statement.excluded[name] for name in row}
            )
        )

    def linked_before(self, article_id: UUID) -> dict[int, KnownEvent]:
        links = self._connection.execute(
            select(Report.id, Report.frame_index, Report.event_id).where(Report.article_id == article_id)
        ).all()
        if not links:
            return {}
        events = {event.event_id: event for event in self._load({link.event_id for link in links})}
        self._connection.execute(delete(Report).where(Report.article_id == article_id))
        return {link.frame_index: _without(events[link.event_id], {link.id for link in links}) for link in links}

    def countries_of(self, articles: Collection[UUID]) -> set[str | None]:
        """Countries of the events that these articles were linked to before."""
        query = select(Event.country).distinct().join(Report).where(Report.article_id.in_(articles))
        return set(self._connection.scalars(query))

    def candidates(self, asked: Search) -> Sequence[KnownEvent]:
        return [event for event in self._read(find(self._connection, LIVE, asked)) if event.reports]

    def related(self, event_id: UUID) -> Sequence[UUID]:
        return sorted(other for other, _ in self._relations(event_id))

    def kept_apart(self, event_id: UUID) -> Sequence[UUID]:
        pairs = self._connection.execute(
            select(KeptApart.a, KeptApart.b).where(or_(KeptApart.a == event_id, KeptApart.b == event_id))
        )
        return sorted(b if a == event_id else a for a, b in pairs)

    def event(self, event_id: UUID) -> KnownEvent | None:
        """An event of the live epoch, merged ones included."""
        return next(iter(self._load([event_id])), None)

    def save(self, event: KnownEvent, changed: EventChanged, message_time: datetime, actor: str = MACHINE) -> None:
        row = event_row(event, changed)
        statement = insert(Event).values(row)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"],
                set_={name: statement.excluded[name] for name in row if name != "id"} | {"updated_at": func.now()},
            )
        )
        self._connection.execute(
            insert(Revision).values(
                event_id=event.event_id,
                revision=changed.revision,
                change=changed.change,
                material=changed.material,
                alertable=changed.alertable,
                body=changed.model_dump(mode="json"),
                actor=actor,
                message_time=message_time,
            )
        )

    def attach(self, event_id: UUID, report: ReportRecord, decision: Decision) -> None:
        self._connection.execute(
            insert(Report).values(
                id=report.report_id,
                article_id=report.article_id,
                frame_index=report.frame_index,
                event_id=event_id,
                record=report.model_dump(mode="json"),
                link_score=decision.score if decision.event else None,
                link_factors=decision.factors,
                message_time=report.message_time,
            )
        )
        if entries := [ledger_entry(event_id, report, *value) for value in frame_values(report.frame).items()]:
            self._connection.execute(insert(LedgerEntry), entries)

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
        pairs = self._connection.execute(
            select(RelatedEvents.a, RelatedEvents.b, RelatedEvents.relation).where(
                or_(RelatedEvents.a == event_id, RelatedEvents.b == event_id)
            )
        )
        return [(b if a == event_id else a, relation) for a, b, relation in pairs]

    def _load(self, ids: Collection[UUID]) -> list[KnownEvent]:
        """Events of the live epoch, in the order of `ids`."""
        query = select(Event.id, STAMP).where(Event.id.in_(ids), Event.epoch == LIVE)
        stamps = {row.id: row.stamp for row in self._connection.execute(query)}
        return self._read([Found(event_id, stamps[event_id]) for event_id in ids if event_id in stamps])

    def _read(self, found: Sequence[Found]) -> list[KnownEvent]:
        """From memory what is as it was, the rest from its tables."""
        known = {one.id: event for one in found if (event := self._remembered.get(*one))}
        if missing := {one.id: one.stamp for one in found if one.id not in known}:
            for event in self._fetch(missing):
                known[event.event_id] = event
                self._remembered.put(event, missing[event.event_id])
        return [known[one.id] for one in found]

    def _fetch(self, ids: Collection[UUID]) -> list[KnownEvent]:
        records: dict[UUID, list[ReportRecord]] = {event_id: [] for event_id in ids}
        for event_id, record in self._connection.execute(_REPORTS, {"ids": list(ids)}):
            records[event_id].append(ReportRecord.model_validate_json(record))
        return [
            KnownEvent(
                row.id,
                EventSnapshot.model_validate_json(row.snapshot),
                row.alertable,
                tuple(records[row.id]),
                row.pinned,
            )
            for row in self._connection.execute(_EVENTS, {"ids": list(ids)})
        ]


# As text: the models read JSON faster than the driver and they do together.
STAMP: ColumnElement[str] = literal_column("events.xmin::text || '/' || events.revision").label("stamp")
_EVENTS = text("SELECT id, snapshot::text AS snapshot, alertable, pinned FROM events WHERE id = ANY(:ids)")
_REPORTS = text("SELECT event_id, record::text FROM reports WHERE event_id = ANY(:ids) ORDER BY message_time, id")
_ARTICLE_COLUMNS = set(StoredArticle.__table__.columns.keys()) & set(ArticleEnriched.model_fields)


def _without(event: KnownEvent, reports: set[UUID]) -> KnownEvent:
    kept = tuple(report for report in event.reports if report.report_id not in reports)
    return KnownEvent(event.event_id, event.snapshot, event.alertable, kept, event.pinned)
