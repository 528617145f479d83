"""Articles as they were read, with what the extractor found in them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.api import etags
from services.api.filters import Text
from services.api.moments import Moment
from services.api.problems import responses
from services.api.queries import articles as queries
from services.api.reading import Reading
from services.api.routes.events import NOT_MODIFIED, Cursor
from services.api.schemas import ArticleAnswer, ArticleBrief, Page
from shared.codes import ArticleKind

router = APIRouter(prefix="/v1/articles", tags=["articles"])


class ListOf(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ArticleKind | None = None
    source: Text | None = Field(None, description="the outlet")
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")] | None = None
    stored_since: Moment | None = Field(None, description="stored at this time or later")
    cursor: Cursor | None = None
    limit: int = Field(50, ge=1, le=500)


@router.get("", response_model=Page[ArticleBrief], responses=responses(422) | NOT_MODIFIED)
def list_articles(request: Request, read: Reading, asked: Annotated[ListOf, Query()]) -> Response:
    """Newest first, without texts."""
    wanted = queries.ArticleFilter(asked.kind, asked.source, asked.language, asked.stored_since)
    with read() as database:
        found, cursor = queries.articles(database, wanted, asked.cursor, asked.limit)
    items = [ArticleBrief.model_validate(row).model_dump(mode="json") for row in found]
    return etags.answer(request, {"items": items, "next_cursor": cursor})


@router.get("/{article_id}", response_model=ArticleAnswer, responses=responses(404, 422) | NOT_MODIFIED)
def one_article(request: Request, read: Reading, article_id: UUID) -> Response:
    with read() as database:
        row = queries.article(database, article_id)
    if row is None:
        raise HTTPException(404, f"no article has the id {article_id}; texts are kept 90 days")
    return etags.answer(request, ArticleAnswer.model_validate(row).model_dump(mode="json"))
