"""Shadow epochs: a range of stored articles linked again beside the live events, and put in their place on demand."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from services.enricher.domain.linking.epochs import Side
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.store.known import LIVE
from services.enricher.store.linking import MACHINE
from shared.codes import Change, EventStatus
from shared.contracts import ArticleEnriched, ArticleParsed, EventSnapshot
from shared.database.tables import Event, Report, Revision, ShadowArticle, ShadowEvent, StoredArticle

REPROCESS = "reprocess"  # who made a revision


@dataclass(frozen=True)
class Range:
    since: datetime
    until: datetime  # not included


def articles(connection: Connection, span: Range) -> Iterator[tuple[ArticleParsed, datetime]]:
    """Articles that came in within the range, with their message time, in order; streamed."""
    query = (
        select(StoredArticle.__table__)
        .where(StoredArticle.message_time >= span.since, StoredArticle.message_time < span.until)
        .order_by(StoredArticle.message_time, StoredArticle.id)
    )
    for row in connection.execution_options(yield_per=200).execute(query).mappings():
        yield ArticleParsed.model_validate({**row, "article_id": row["id"], "feed_url": ""}), row["message_time"]


def live_sides(connection: Connection, span: Range) -> list[Side]:
    """Events on file with a report in the range."""
    query = (
        select(Event.id, Event.snapshot, func.array_agg(Report.article_id.distinct()).label("articles"))
        .join(Report, Report.event_id == Event.id)
        .join(StoredArticle, StoredArticle.id == Report.article_id)
        .where(Event.epoch == LIVE, StoredArticle.message_time >= span.since, StoredArticle.message_time < span.until)
        .group_by(Event.id)
        .order_by(Event.id)
    )
    return [
        Side(row.id, frozenset(row.articles), EventSnapshot.model_validate(row.snapshot))
        for row in connection.execute(query)
    ]


def next_epoch(connection: Connection) -> int:
    return connection.execute(select(func.coalesce(func.max(ShadowEvent.epoch), 0))).scalar_one() + 1


def keep_readings(connection: Connection, epoch: int, articles: Iterable[ArticleEnriched]) -> None:
    """What the epoch's extractor says of these articles."""
    rows = [
        {
            "epoch": epoch,
            "article_id": article.article_id,
            "version": article.version,
            "kind": article.extraction.kind,
            "score": article.extraction.score,
            "extraction": article.extraction.model_dump(mode="json"),
        }
        for article in articles
    ]
    if rows:
        connection.execute(insert(ShadowArticle), rows)


def keep_shadow(connection: Connection, epoch: int, span: Range, extractor: str, events: Iterable[KnownEvent]) -> None:
    """Write the events of a shadow epoch."""
    rows = [
        {
            "epoch": epoch,
            "event_id": event.event_id,
            "since": span.since,
            "until": span.until,
            "extractor": extractor,
            "snapshot": event.snapshot.model_dump(mode="json"),
            "reports": [report.model_dump(mode="json") for report in event.reports],
        }
        for event in events
    ]
    if rows:
        connection.execute(insert(ShadowEvent), rows)


def read_shadow(connection: Connection, epoch: int) -> tuple[Range, list[KnownEvent]]:
    """Raises LookupError where there is no such epoch."""
    rows = connection.execute(
        select(ShadowEvent.__table__).where(ShadowEvent.epoch == epoch).order_by(ShadowEvent.event_id)
    ).all()
    if not rows:
        raise LookupError(f"there is no shadow epoch {epoch}: run reprocess with --since and --until first")
    events = [
        KnownEvent(
            row.event_id,
            EventSnapshot.model_validate(row.snapshot),
            False,
            tuple(ReportRecord.model_validate(report) for report in row.reports),
        )
        for row in rows
    ]
    return Range(rows[0].since, rows[0].until), events


def promote_readings(connection: Connection, epoch: int, but: Collection[UUID]) -> None:
    """Articles say what the epoch's extractor says of them, `but` those; one that has a newer version stays."""
    read = ShadowArticle
    connection.execute(
        update(StoredArticle)
        .where(StoredArticle.id == read.article_id, StoredArticle.version == read.version, read.epoch == epoch)
        .where(StoredArticle.id.not_in(list(but)))
        .values(kind=read.kind, score=read.score, extraction=read.extraction)
        .execution_options(synchronize_session=False)
    )


def drop_shadow(connection: Connection, epoch: int) -> None:
    for table in (ShadowEvent, ShadowArticle):
        connection.execute(delete(table).where(table.epoch == epoch))


def held_together(connection: Connection, events: Collection[UUID]) -> set[UUID]:
    """Events of which a person said which reports are theirs, by a merge or a split, or that there was no attack."""
    parted = select(Revision.event_id).where(
        Revision.event_id.in_(events),
        Revision.actor.not_in((MACHINE, REPROCESS)),
        Revision.change.in_((Change.MERGED, Change.SPLIT)),
    )
    rejected = select(Event.id).where(Event.id.in_(events), Event.pinned["status"].astext == EventStatus.REJECTED)
    return {*connection.scalars(parted), *connection.scalars(rejected)}


def unlink(connection: Connection, article_ids: Sequence[UUID], keep: Collection[UUID]) -> None:
    """Take these articles' reports off all events but `keep`."""
    connection.execute(delete(Report).where(Report.article_id.in_(article_ids), Report.event_id.not_in(list(keep))))
