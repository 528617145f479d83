"""Articles as they were read, with what the extractor found in them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query

from services.api import queries
from services.api.access import Database
from services.api.problems import responses
from services.api.schemas import ArticleAnswer, ArticleBrief, Page
from shared.codes import ArticleKind

router = APIRouter(prefix="/v1/articles", tags=["articles"])


@router.get("", responses=responses(401, 403, 422, 429))
def list_articles(
    database: Database,
    kind: ArticleKind | None = None,
    source: Annotated[str | None, Query(max_length=200)] = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[ArticleBrief]:
    """Newest first, without texts."""
    found = [ArticleBrief.model_validate(row) for row in queries.articles(database, kind, source, cursor, limit)]
    return Page(items=found, next_cursor=str(found[-1].id) if len(found) == limit else None)


@router.get("/{article_id}", responses=responses(401, 403, 404, 422, 429))
def one_article(database: Database, article_id: UUID) -> ArticleAnswer:
    row = queries.article(database, article_id)
    if row is None:
        raise HTTPException(404, f"no article has the id {article_id}; texts are kept 90 days")
    return ArticleAnswer.model_validate(row)
