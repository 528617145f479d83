"""The linker's store in Postgres. Every call runs inside the transaction of the stage."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.enricher.domain.linking.ledger import frame_values
from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.search import Box, Search
from shared.codes import WherePrecision
from shared.contracts import ArticleEnriched, EventChanged, EventSnapshot
from shared.database.tables import Event, LedgerEntry, PublishedChange, RelatedEvents, Report, Revision, StoredArticle

LIVE = 0  # epoch
_LOCK_SPACE = 0x70C51  # advisory locks of the linker
_ANYWHERE = "*"


def lock_countries(connection: Connection, countries: Iterable[str | None]) -> None:
    """Until the end of the transaction no other linker works on these countries; null (unknown) keeps all others out.

    Taken in sorted order, the shared one on "anywhere" first, so that linkers wait but never deadlock.
    """
    wanted = set(countries)
    if None in wanted:
        _lock(connection, "pg_advisory_xact_lock", _ANYWHERE)
        return
    _lock(connection, "pg_advisory_xact_lock_shared", _ANYWHERE)
    for country in sorted(country for country in wanted if country):
        _lock(connection, "pg_advisory_xact_lock", country)


def _lock(connection: Connection, function: str, name: str) -> None:
    number = int.from_bytes(name.encode()[:3])
    connection.execute(select(getattr(func, function)(_LOCK_SPACE, number)))


def number_published(connection: Connection, changes: Sequence[tuple[str, int]]) -> None:
    """Append (event id, revision) to the cursor without a gap; what is on it already keeps its place.

    Only the relay calls this, and there is one at a time.
    """
    if not changes:
        return
    last = connection.execute(select(func.coalesce(func.max(PublishedChange.cursor), 0))).scalar_one()
    known = set(
        connection.execute(
            select(cast(PublishedChange.event_id, Text), PublishedChange.revision).where(
                tuple_(cast(PublishedChange.event_id, Text), PublishedChange.revision).in_(changes)
            )
        ).tuples()
    )
    new = [change for change in dict.fromkeys(changes) if change not in known]
    if new:
        rows = [{"cursor": last + n, "event_id": e, "revision": r} for n, (e, r) in enumerate(new, start=1)]
        connection.execute(insert(PublishedChange), rows)


class PostgresStore:
    """One connection, inside a transaction; `linking.Store` on the tables of `shared/database/tables.py`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        events = {event.event_id: event for event in self._load(Event.id.in_([link.event_id for link in links]))}
        self._connection.execute(delete(Report).where(Report.article_id == article_id))
        return {link.frame_index: _without(events[link.event_id], {link.id for link in links}) for link in links}

    def candidates(self, asked: Search) -> Sequence[KnownEvent]:
        gap = func.abs(func.extract("epoch", Event.last_reported_at - asked.around))
        return self._load(
            Event.epoch == LIVE, Event.merged_into.is_(None), *_where(asked), order=(gap, Event.id), limit=asked.limit
        )

    def related(self, event_id: UUID) -> Sequence[UUID]:
        pairs = self._connection.execute(
            select(RelatedEvents.a, RelatedEvents.b).where(
                or_(RelatedEvents.a == event_id, RelatedEvents.b == event_id)
            )
        )
        return sorted(pair.b if pair.a == event_id else pair.a for pair in pairs)

    def save(self, event: KnownEvent, changed: EventChanged, message_time: datetime) -> None:
        row = _event_row(event, changed)
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
        if entries := [_entry(event_id, report, *value) for value in frame_values(report.frame).items()]:
            self._connection.execute(insert(LedgerEntry), entries)

    def absorb(self, absorbed: UUID, surviving: UUID) -> None:
        for table in (Report, LedgerEntry):
            self._connection.execute(update(table).where(table.event_id == absorbed).values(event_id=surviving))
        self._connection.execute(update(Event).where(Event.id == absorbed).values(merged_into=surviving))

    def relate(self, a: UUID, b: UUID, relation: str) -> None:
        self._connection.execute(insert(RelatedEvents).values(a=a, b=b, relation=relation).on_conflict_do_nothing())

    def _load(
        self, *where: ColumnElement[bool], order: Sequence[Any] = (), limit: int | None = None
    ) -> list[KnownEvent]:
        rows = self._connection.execute(
            select(Event.id, Event.snapshot, Event.alertable, Event.pinned).where(*where).order_by(*order).limit(limit)
        ).all()
        records: dict[UUID, list[ReportRecord]] = {row.id: [] for row in rows}
        for report in self._connection.execute(
            select(Report.event_id, Report.record)
            .where(Report.event_id.in_(records))
            .order_by(Report.message_time, Report.id)
        ):
            records[report.event_id].append(ReportRecord.model_validate(report.record))
        return [
            KnownEvent(
                row.id, EventSnapshot.model_validate(row.snapshot), row.alertable, tuple(records[row.id]), row.pinned
            )
            for row in rows
        ]


def _where(asked: Search) -> list[ColumnElement[bool]]:
    """`search.could_be`, for the index."""
    newest = Event.last_reported_at.between(*asked.newest)
    reported = Event.last_reported_at.between(*asked.reported)
    in_time = or_(reported, _dated_within(asked)) if asked.happened else reported
    conditions = [or_(newest, and_(in_time, _near(asked.box))) if asked.box else in_time]
    if asked.country:
        conditions.append(or_(Event.country == asked.country, Event.country.is_(None)))
    return conditions


def _near(box: Box) -> ColumnElement[bool]:
    inside = and_(Event.lat.between(box.south, box.north), Event.lon.between(box.west, box.east))
    return or_(Event.lat.is_(None), Event.place_precision >= WherePrecision.PROVINCE, inside)


def _dated_within(asked: Search) -> ColumnElement[bool]:
    assert asked.happened is not None  # noqa: S101 - the caller asked
    return and_(Event.date_start <= asked.happened[1], Event.date_end >= asked.happened[0])


_ARTICLE_COLUMNS = set(StoredArticle.__table__.columns.keys()) & set(ArticleEnriched.model_fields)


def _event_row(event: KnownEvent, changed: EventChanged) -> dict[str, Any]:
    snapshot = event.snapshot
    place, when = snapshot.place, snapshot.date
    return {
        "id": event.event_id,
        "revision": snapshot.revision,
        "status": snapshot.status,
        "alertable": event.alertable,
        "merged_into": changed.merged_into,
        "country": place.country if place else None,
        "admin1": place.admin1 if place else None,
        "locality": place.locality if place else None,
        "lat": place.lat if place else None,
        "lon": place.lon if place else None,
        "place_precision": int(place.precision) if place else None,
        "date_start": when.start if when else None,
        "date_end": when.end if when else None,
        "attack_types": list(snapshot.attack_types),
        "perpetrators": [perpetrator.id or perpetrator.name for perpetrator in snapshot.perpetrators],
        "killed": snapshot.killed.best if snapshot.killed else None,
        "injured": snapshot.injured.best if snapshot.injured else None,
        "independent_sources": snapshot.independent_sources,
        "score": snapshot.score,
        "first_reported_at": snapshot.first_reported_at,
        "last_reported_at": snapshot.last_reported_at,
        "snapshot": snapshot.model_dump(mode="json"),
    }


def _entry(event_id: UUID, report: ReportRecord, field: str, value: Any) -> dict[str, Any]:
    span = next((evidence for evidence in report.frame.evidence if evidence.field.startswith(field)), None)
    return {
        "event_id": event_id,
        "report_id": report.report_id,
        "field": field,
        "value": value,
        "source": report.source,
        "owner": report.owner,
        "wire": report.wire,
        "said_at": report.said_at,
        "span": span.model_dump(exclude={"field"}) if span else None,
        "sentence": report.sentence,
        "extractor": report.extractor,
    }


def _without(event: KnownEvent, reports: set[UUID]) -> KnownEvent:
    kept = tuple(report for report in event.reports if report.report_id not in reports)
    return KnownEvent(event.event_id, event.snapshot, event.alertable, kept, event.pinned)
