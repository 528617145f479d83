"""What the API reads. Every list is a page by key: what is inserted meanwhile neither repeats nor hides a row."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Select, any_, select, true, tuple_

from shared.codes import EventStatus
from shared.database.tables import (
    ApiKey,
    Base,
    Decision,
    Delivery,
    Event,
    Feed,
    LedgerEntry,
    RelatedEvents,
    Report,
    Revision,
    StoredArticle,
)

Query = Select[*tuple[Any, ...]]
LIVE = 0  # epoch
HIDDEN = (EventStatus.MERGED, EventStatus.REJECTED)


@dataclass(frozen=True)
class EventFilter:
    """Null or empty: no condition. `filed` and `hidden` bring in what lists leave out unless asked."""

    country: str | None = None
    attack_type: str | None = None
    perpetrator: str | None = None
    status: str | None = None
    since: date | None = None  # by the day of the attack
    until: date | None = None
    killed_at_least: int | None = None
    include_filed: bool = False


def events(connection: Connection, asked: EventFilter, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Snapshots, newest event first (ids are UUIDv7: their order is that of creation)."""
    columns = (Event.snapshot, Event.alertable)
    query: Query = select(*columns).where(Event.epoch == LIVE).order_by(Event.id.desc()).limit(limit)
    query = query.where(Event.status == asked.status if asked.status else Event.status.not_in(HIDDEN))
    if not asked.include_filed:
        query = query.where(Event.alertable)
    query = _narrowed(query, asked)
    if after:
        query = query.where(Event.id < after)
    return [row.snapshot | {"alertable": row.alertable} for row in connection.execute(query)]


def _narrowed(query: Query, asked: EventFilter) -> Query:
    conditions: list[tuple[Any, Callable[[], ColumnElement[bool]]]] = [
        (asked.country, lambda: Event.country == asked.country),
        (asked.attack_type, lambda: any_(Event.attack_types) == asked.attack_type),
        (asked.perpetrator, lambda: any_(Event.perpetrators) == asked.perpetrator),
        (asked.since, lambda: Event.date_end >= asked.since),
        (asked.until, lambda: Event.date_start <= asked.until),
        (asked.killed_at_least, lambda: Event.killed >= asked.killed_at_least),
    ]
    for value, condition in conditions:
        if value is not None:
            query = query.where(condition())
    return query


def event(connection: Connection, event_id: UUID) -> Row[*tuple[Any, ...]] | None:
    """Its snapshot, whether it may alert, and the event that it was merged into."""
    query = select(Event.snapshot, Event.alertable, Event.merged_into, Event.pinned)
    return connection.execute(query.where(Event.id == event_id, Event.epoch == LIVE)).first()


def reports(connection: Connection, event_id: UUID) -> list[dict[str, Any]]:
    """Each report with its frame, its evidence and why it was linked; oldest first."""
    query = (
        select(Report.record, Report.link_score, Report.link_factors)
        .where(Report.event_id == event_id)
        .order_by(Report.message_time, Report.id)
    )
    return [
        {name: value for name, value in row.record.items() if name not in {"names", "fingerprint"}}
        | {"link_score": row.link_score, "link_factors": row.link_factors}
        for row in connection.execute(query)
    ]


def ledger(connection: Connection, event_id: UUID) -> list[RowMapping]:
    return _rows(
        connection, select(LedgerEntry.__table__).where(LedgerEntry.event_id == event_id).order_by(LedgerEntry.id)
    )


def revisions(connection: Connection, event_id: UUID) -> list[dict[str, Any]]:
    """The history, oldest first, each with the reasons of its change."""
    query = select(Revision.__table__).where(Revision.event_id == event_id).order_by(Revision.revision)
    return [
        {**row, "not_alertable": row["body"].get("not_alertable"), "reasons": row["body"]["reasons"]}
        for row in _rows(connection, query)
    ]


def related(connection: Connection, event_id: UUID) -> list[UUID]:
    pairs = connection.execute(
        select(RelatedEvents.a, RelatedEvents.b).where((RelatedEvents.a == event_id) | (RelatedEvents.b == event_id))
    )
    return sorted(pair.b if pair.a == event_id else pair.a for pair in pairs)


def decisions(connection: Connection, event_id: UUID) -> list[RowMapping]:
    """For every revision and rule: why it did or did not alert."""
    query = select(Decision.__table__).where(Decision.event_id == event_id)
    return _rows(connection, query.order_by(Decision.revision, Decision.rule_id, Decision.destination_id))


_ARTICLE_BRIEF = [
    StoredArticle.__table__.c[name]
    for name in (
        "id",
        "url",
        "source",
        "owner",
        "wire",
        "title",
        "language",
        "published_at",
        "fetched_at",
        "kind",
        "score",
    )
]


def articles(
    connection: Connection, kind: str | None, source: str | None, after: UUID | None, limit: int
) -> list[RowMapping]:
    """Without their texts, newest stored first; `after`: the id of the last row of the page before."""
    query = select(*_ARTICLE_BRIEF).order_by(StoredArticle.stored_at.desc(), StoredArticle.id.desc()).limit(limit)
    query = query.where(StoredArticle.kind == kind if kind else true())
    query = query.where(StoredArticle.source == source if source else true())
    if after:
        query = query.where(_before(StoredArticle, StoredArticle.stored_at, after))
    return _rows(connection, query)


def article(connection: Connection, article_id: UUID) -> RowMapping | None:
    extra = [StoredArticle.__table__.c[name] for name in ("text", "extraction", "version", "message_time")]
    query = select(*_ARTICLE_BRIEF, *extra).where(StoredArticle.id == article_id)
    return connection.execute(query).mappings().first()


def feeds(connection: Connection, after: int | None, limit: int) -> list[RowMapping]:
    """Feeds with their health, by id."""
    query = select(Feed.__table__).order_by(Feed.id).limit(limit)
    return _rows(connection, query.where(Feed.id > after) if after else query)


def deliveries(
    connection: Connection,
    event_id: UUID | None,
    state: str | None,
    destination: str | None,
    after: UUID | None,
    limit: int,
) -> list[RowMapping]:
    """The delivery log, newest first."""
    columns = [column for column in Delivery.__table__.c if column.name not in {"lease_until"}]
    query = select(*columns).order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(limit)
    query = query.where(Delivery.event_id == event_id if event_id else true())
    query = query.where(Delivery.state == state if state else true())
    query = query.where(Delivery.destination_id == destination if destination else true())
    if after:
        query = query.where(_before(Delivery, Delivery.created_at, after))
    return _rows(connection, query)


def _before(table: type[Base], column: Any, row_id: UUID) -> Any:
    """Rows that come after the row `row_id` in a list that is newest first."""
    key = table.__table__.c.id
    anchor = select(column, key).where(key == row_id).scalar_subquery()
    return tuple_(column, key) < anchor


def _rows(connection: Connection, query: Query) -> list[RowMapping]:
    return list(connection.execute(query).mappings())


def api_keys(connection: Connection) -> list[RowMapping]:
    """All keys without their hashes, oldest first."""
    columns = [column for column in ApiKey.__table__.c if column.name != "hash"]
    return _rows(connection, select(*columns).order_by(ApiKey.created_at))
