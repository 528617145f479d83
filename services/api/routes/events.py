"""Events: a list by filter, one event with everything that is known and why."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import RedirectResponse, Response

from services.api import queries
from services.api.access import Database
from services.api.problems import responses
from services.api.schemas import EventAnswer, EventBrief, Page
from shared.codes import AttackType, EventStatus

router = APIRouter(prefix="/v1/events", tags=["events"])


@router.get("", responses=responses(401, 403, 422, 429))
def list_events(
    database: Database,
    country: Annotated[str | None, Query(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")] = None,
    attack_type: AttackType | None = None,
    perpetrator: Annotated[str | None, Query(max_length=200, description="id of lexicon/groups, else name")] = None,
    status: EventStatus | None = None,
    since: Annotated[date | None, Query(description="day of the attack, from")] = None,
    until: Annotated[date | None, Query(description="day of the attack, to")] = None,
    killed_at_least: Annotated[int | None, Query(ge=0, le=1_000_000)] = None,
    include_filed: Annotated[bool, Query(description="also events that woke nobody")] = False,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[EventBrief]:
    """Newest first; what is filed, merged or rejected is left out unless asked for."""
    asked = queries.EventFilter(country, attack_type, perpetrator, status, since, until, killed_at_least, include_filed)
    found = [EventBrief.model_validate(row) for row in queries.events(database, asked, cursor, limit)]
    return Page(items=found, next_cursor=str(found[-1].event_id) if len(found) == limit else None)


@router.get(
    "/{event_id}",
    response_model=EventAnswer,
    responses=responses(401, 403, 404, 422, 429) | {308: {"description": "merged: `Location` has the surviving event"}},
)
def one_event(database: Database, event_id: UUID) -> EventAnswer | Response:
    """With its reports and their evidence, the ledger of all values, its history, each rule's decision and why."""
    row = queries.event(database, event_id)
    if row is None:
        raise HTTPException(404, f"no event has the id {event_id}")
    if row.merged_into:
        return RedirectResponse(f"/v1/events/{row.merged_into}", 308)
    return EventAnswer.model_validate(
        row.snapshot
        | {
            "alertable": row.alertable,
            "pinned": row.pinned,
            "related": queries.related(database, event_id),
            "all_reports": queries.reports(database, event_id),
            "ledger": queries.ledger(database, event_id),
            "revisions": queries.revisions(database, event_id),
            "decisions": queries.decisions(database, event_id),
        }
    )
