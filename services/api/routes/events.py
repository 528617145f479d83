"""Events: a list by filter, one event with everything that is known and why."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field, field_validator

from services.api import etags
from services.api.filters import Filter, parts
from services.api.problems import responses
from services.api.queries import events as queries
from services.api.queries import lists
from services.api.reading import Reading
from services.api.schemas import DecisionAnswer, EventAnswer, EventBrief, EventPart, Page
from services.api.timeline import timeline

router = APIRouter(prefix="/v1/events", tags=["events"])

LONGEST_CURSOR = 400
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "what `If-None-Match` names still holds"}}
MERGED: dict[int | str, dict[str, Any]] = {308: {"description": "merged: `Location` has the surviving event"}}

Cursor = Annotated[str, Field(max_length=LONGEST_CURSOR, description="`next_cursor` of the page before")]


class ListOf(Filter):
    sort: lists.Sort | None = Field(
        None, description="`-` first: falling. Unless given, newest first by the time that is asked for"
    )
    fields: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="only these, and event_id: `place,killed,status`", examples=["place,date,killed"]
    )
    cursor: Cursor | None = None
    limit: int = Field(50, ge=1, le=500)

    @field_validator("fields")
    @classmethod
    def _known(cls, text: str | None) -> str | None:
        if unknown := set(parts(text or "")) - EventBrief.model_fields.keys():
            raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
        return text


@router.get("", response_model=Page[EventBrief | EventPart], responses=responses(422) | NOT_MODIFIED)
def list_events(request: Request, read: Reading, asked: Annotated[ListOf, Query()]) -> Response:
    """What is filed, rejected or retracted is left out unless asked for, what is merged unless its status is.

    Sorted by `updated`, an event that changes between two pages moves to the front: ask `/v1/changes` to miss nothing.
    """
    sort = asked.sort or lists.usual_sort(asked)
    with read() as database:
        items, cursor = lists.listed(database, asked, sort, asked.cursor, asked.limit)
    if asked.fields is not None:
        wanted = {"event_id", *parts(asked.fields)}
        items = [_part(item, wanted) for item in items]
    return etags.answer_text(request, f'{{"items":[{",".join(items)}],"next_cursor":{json.dumps(cursor)}}}')


def _part(event: str, wanted: set[str]) -> str:
    kept = {name: value for name, value in json.loads(event).items() if name in wanted}
    return json.dumps(kept, ensure_ascii=False)


@router.get("/{event_id}", response_model=EventAnswer, responses=responses(404, 422) | MERGED | NOT_MODIFIED)
def one_event(request: Request, read: Reading, event_id: UUID) -> Response:
    """With its reports and their evidence, the ledger of all values, its history, each rule's decision and why.

    The ETag is of the event's revision: give it as `If-Match` to review. Decisions follow a revision without a new one;
    `/v1/events/{event_id}/decisions` always has all of them.
    """
    with read() as database:
        row = queries.event(database, event_id)
        if row is None:
            raise _unknown(event_id)
        if row.merged_into:
            return RedirectResponse(f"/v1/events/{row.merged_into}", 308)
        reports, ledger = queries.reports(database, event_id), queries.ledger(database, event_id)
        revisions, decisions = queries.revisions(database, event_id), queries.decisions(database, event_id)
        related = queries.related(database, event_id)
    content = EventAnswer.model_validate(
        row.snapshot
        | {
            "alertable": row.alertable,
            "pinned": row.pinned,
            "related": [other["event_id"] for other in related],
            "relations": related,
            "all_reports": reports,
            "ledger": ledger,
            "revisions": revisions,
            "decisions": decisions,
            "timeline": timeline(row.snapshot, reports, revisions, decisions),
        }
    )
    return etags.answer_text(request, content.model_dump_json(), etags.event_etag(content.revision))


@router.get("/{event_id}/decisions", responses=responses(404, 422) | MERGED, response_model=list[DecisionAnswer])
def event_decisions(read: Reading, event_id: UUID) -> list[DecisionAnswer] | Response:
    """For every revision, rule and destination: why it did or did not alert."""
    with read() as database:
        row = queries.event(database, event_id)
        if row is None:
            raise _unknown(event_id)
        if row.merged_into:
            return RedirectResponse(f"/v1/events/{row.merged_into}/decisions", 308)
        return [DecisionAnswer.model_validate(decision) for decision in queries.decisions(database, event_id)]


def _unknown(event_id: UUID) -> HTTPException:
    return HTTPException(404, f"no event has the id {event_id}")
