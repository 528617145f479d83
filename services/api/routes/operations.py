"""Feeds with their health, and the delivery log."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api import queries
from services.api.access import Database
from services.api.problems import responses
from services.api.schemas import DeliveryAnswer, FeedAnswer, Page
from shared.codes import DeliveryState

router = APIRouter(prefix="/v1", tags=["operations"])


@router.get("/feeds", responses=responses(401, 403, 422, 429))
def list_feeds(
    database: Database,
    cursor: Annotated[int | None, Query(ge=1, le=2_147_483_647)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[FeedAnswer]:
    """By id: when each was polled, what it answered, why it is disabled."""
    found = [FeedAnswer.model_validate(row) for row in queries.feeds(database, cursor, limit)]
    return Page(items=found, next_cursor=str(found[-1].id) if len(found) == limit else None)


@router.get("/deliveries", responses=responses(401, 403, 422, 429))
def list_deliveries(
    database: Database,
    event_id: UUID | None = None,
    state: DeliveryState | None = None,
    destination: Annotated[str | None, Query(max_length=200)] = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[DeliveryAnswer]:
    """Newest first: which message went where, how it ended, and what went wrong."""
    rows = queries.deliveries(database, event_id, state, destination, cursor, limit)
    found = [DeliveryAnswer.model_validate(row) for row in rows]
    return Page(items=found, next_cursor=str(found[-1].id) if len(found) == limit else None)
