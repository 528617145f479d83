"""Outlets by how early and how truly they report."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, case, func, select

from services.api.queries.events import LIVE
from services.api.queries.pages import rows
from shared.codes import EventStatus
from shared.database.tables import Delivery, Event, Feedback, Report, StoredArticle

_TRUE = (EventStatus.CONFIRMED, EventStatus.CORRECTED)
_FALSE = (EventStatus.REJECTED, EventStatus.RETRACTED)


def sources(connection: Connection, since: datetime, fewest_events: int, limit: int) -> list[RowMapping]:
    """Of reports since then: first the outlets that are furthest ahead of the first other one, in the middle of the
    events that they share with others; null lead: they share none."""
    ranked = _ranked(since).cte("ranked")
    verdicts = _verdicts(since).cte("verdicts")
    lead = func.extract("epoch", ranked.c.first_other - ranked.c.said)
    judged = func.count().filter(ranked.c.status.in_([*_TRUE, *_FALSE]))
    columns: list[Any] = [
        ranked.c.source,
        func.count().label("events"),
        func.count(ranked.c.first_other).label("shared_events"),
        func.count().filter(ranked.c.first_other > ranked.c.said).label("first"),
        func.percentile_cont(0.5).within_group(lead).label("lead_seconds"),
        judged.label("judged"),
        (func.count().filter(ranked.c.status.in_(_TRUE)) / func.nullif(judged, 0)).label("precision"),
        func.coalesce(func.max(verdicts.c.useful), 0).label("useful"),
        func.coalesce(func.max(verdicts.c.false_alarms), 0).label("false_alarms"),
    ]
    query = (
        select(*columns)
        .select_from(ranked.outerjoin(verdicts, verdicts.c.source == ranked.c.source))
        .group_by(ranked.c.source)
        .having(func.count() >= fewest_events)
        .order_by(
            func.percentile_cont(0.5).within_group(lead).desc().nulls_last(), func.count().desc(), ranked.c.source
        )
    )
    return rows(connection, query.limit(limit))


def _ranked(since: datetime) -> Select[*tuple[Any, ...]]:
    """Each outlet's first report of each event, with that of the first other outlet."""
    said = func.min(func.coalesce(StoredArticle.published_at, StoredArticle.message_time))
    first = (
        select(Report.event_id, StoredArticle.source, said.label("said"))
        .join(StoredArticle, StoredArticle.id == Report.article_id)
        .where(Report.message_time >= since)
        .group_by(Report.event_id, StoredArticle.source)
        .cte("first")
    )
    by_event = func.row_number().over(partition_by=first.c.event_id, order_by=(first.c.said, first.c.source))
    earliest = func.min(first.c.said).over(partition_by=first.c.event_id)
    following = func.lead(first.c.said).over(partition_by=first.c.event_id, order_by=(first.c.said, first.c.source))
    placed = select(
        first.c.event_id,
        first.c.source,
        first.c.said,
        case((by_event == 1, following), else_=earliest).label("first_other"),
    ).subquery()
    return (
        select(placed, Event.status)
        .join(Event, Event.id == placed.c.event_id)
        .where(Event.epoch == LIVE, Event.merged_into.is_(None))
    )


def _verdicts(since: datetime) -> Select[*tuple[Any, ...]]:
    """What recipients said of the messages that an outlet's article caused."""
    return (
        select(
            StoredArticle.source,
            func.count().filter(Feedback.verdict == "useful").label("useful"),
            func.count().filter(Feedback.verdict == "false_alarm").label("false_alarms"),
        )
        .join(Delivery, Delivery.id == Feedback.delivery_id)
        .join(StoredArticle, StoredArticle.id == Delivery.article_id)
        .where(Feedback.at >= since)
        .group_by(StoredArticle.source)
    )
