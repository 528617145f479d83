"""Outlets ranked by how early they report and how often they prove right."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.api import etags
from services.api.problems import responses
from services.api.queries import sources as queries
from services.api.reading import Survey
from services.api.routes.events import NOT_MODIFIED
from shared.clock import wall

router = APIRouter(prefix="/v1/sources", tags=["sources"])


class SourceAnswer(BaseModel):
    source: str
    events: int
    shared_events: int = Field(description="that another outlet reports too")
    first: int = Field(description="of these, those that it reported before all others")
    lead_seconds: float | None = Field(description="before the first other outlet, median; negative: after it")
    judged: int = Field(description="events confirmed, corrected, rejected or retracted")
    precision: float | None = Field(description="confirmed or corrected, of those judged; null: none is judged")
    useful: int = Field(description="verdicts of recipients on messages that its articles caused")
    false_alarms: int


class Sources(BaseModel):
    items: list[SourceAnswer]


@router.get("", response_model=Sources, responses=responses(422) | NOT_MODIFIED)
def list_sources(
    request: Request,
    read: Survey,
    days: Annotated[int, Query(ge=1, le=90, description="reports of the last days")] = 30,
    fewest_events: Annotated[int, Query(ge=1, le=10_000, description="leave out outlets with fewer")] = 5,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Response:
    """The furthest ahead first."""
    with read() as database:
        rows = queries.sources(database, wall() - timedelta(days=days), fewest_events, limit)
    return etags.answer(request, {"items": [SourceAnswer(**row).model_dump() for row in rows]})
