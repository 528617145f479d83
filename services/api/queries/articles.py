"""Articles as they were read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select

from services.api.queries.pages import Order, Query, cursor_after, fetched, page, rows
from shared.database.tables import StoredArticle

_ORDER = Order("stored", StoredArticle.stored_at, StoredArticle.id, datetime)
_NAMES = "id url source owner wire title language published_at fetched_at kind score stored_at"
_BRIEF = [StoredArticle.__table__.c[name] for name in _NAMES.split()]
_REST = [StoredArticle.__table__.c[name] for name in ("text", "extraction", "version", "message_time")]


@dataclass(frozen=True)
class ArticleFilter:
    """None: no condition."""

    kind: str | None = None
    source: str | None = None
    language: str | None = None
    stored_since: datetime | None = None


def articles(
    connection: Connection, asked: ArticleFilter, cursor: str | None, limit: int
) -> tuple[list[RowMapping], str | None]:
    """Without their texts, newest stored first, and the cursor of the next page. Raises `BadCursor`."""
    query: Query = select(*_BRIEF)
    for column in (StoredArticle.kind, StoredArticle.source, StoredArticle.language):
        if (value := getattr(asked, column.key)) is not None:
            query = query.where(column == value)
    if asked.stored_since:
        query = query.where(StoredArticle.stored_at >= asked.stored_since)
    found = rows(connection, page(query, _ORDER, cursor, limit))
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], cursor_after(_ORDER, last["stored_at"], last["id"]) if last else None


def article(connection: Connection, article_id: UUID) -> RowMapping | None:
    found: Any = fetched(connection, select(*_BRIEF, *_REST).where(StoredArticle.id == article_id))
    row: RowMapping | None = found.mappings().first()
    return row
