"""Feeds with their health, and the delivery log."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.api import etags
from services.api.filters import Text
from services.api.problems import responses
from services.api.queries import operations as queries
from services.api.reading import Reading
from services.api.routes.events import NOT_MODIFIED, Cursor
from services.api.schemas import DeliveryAnswer, FeedAnswer, Page
from shared.codes import DeliveryState

router = APIRouter(prefix="/v1", tags=["operations"])


@router.get("/feeds", responses=responses(422))
def list_feeds(
    read: Reading,
    cursor: Annotated[int | None, Query(ge=1, le=2_147_483_647)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[FeedAnswer]:
    """By id: when each was polled, what it answered, why it is disabled."""
    with read() as database:
        found = [FeedAnswer.model_validate(row) for row in queries.feeds(database, cursor, limit)]
    return Page(items=found, next_cursor=str(found[-1].id) if len(found) == limit else None)


class DeliveriesOf(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: UUID | None = None
    state: DeliveryState | None = None
    destination: Text | None = Field(None, description="id of the destination")
    cursor: Cursor | None = None
    limit: int = Field(50, ge=1, le=500)


@router.get("/deliveries", response_model=Page[DeliveryAnswer], responses=responses(422) | NOT_MODIFIED)
def list_deliveries(request: Request, read: Reading, asked: Annotated[DeliveriesOf, Query()]) -> Response:
    """Newest first: which message went where, how it ended, and what went wrong."""
    with read() as database:
        rows, cursor = queries.deliveries(
            database, asked.event_id, asked.state, asked.destination, asked.cursor, asked.limit
        )
    items = [DeliveryAnswer.model_validate(row).model_dump(mode="json") for row in rows]
    return etags.answer(request, {"items": items, "next_cursor": cursor})
