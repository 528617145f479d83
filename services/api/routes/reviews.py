"""A person's word on an event: no later report changes what it settles, until it is taken back."""

import re
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from sqlalchemy import Connection

from services.api.etags import event_etag
from services.api.problems import MOST_FAULTS, Fault, Refused, responses
from services.api.writing import ERRORS, Done, Reviewing, Write
from services.enricher.domain.linking.review import Action, Review, ReviewError, ReviewField, StaleReview
from services.enricher.store import apply_review
from shared.clock import wall
from shared.contracts import EventChanged, EventSnapshot

router = APIRouter(prefix="/v1/events", tags=["reviews"])

_REVISION = re.compile(r'(?:W/)?"(\d{1,9})\b[^"]*"')  # the ETag of an event begins with its revision


class ReviewBody(BaseModel):
    """
    - `confirm`: there was such an attack; it stays confirmed whatever sources say
    - `reject`: there was none: alerts are taken back, and later reports of it wake nobody
    - `merge`: it is the same attack as `into`, and ends there
    - `split`: `report_ids` are of another attack, which becomes an event of its own
    - `correct`: `field` is `value` (null: not known; a toll may be a plain number), and stays so
    - `pin`: `field` stays as it is
    - `unpin`: `field` (`status` after a confirm or reject) is the machine's to say again
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"action": "confirm", "reason": "the ministry says so"},
                {"action": "correct", "field": "killed", "value": 12, "reason": "hospital list, counted by us"},
            ]
        },
    )

    action: Action
    reason: str = Field(min_length=1, max_length=2000, description="for colleagues; it is kept with the event")
    into: UUID | None = Field(None, description="merge: the event that stays")
    report_ids: list[UUID] = Field([], max_length=1000, description="split: which reports go")
    field: ReviewField | None = Field(None, description="correct, pin, unpin")
    value: JsonValue = Field(None, description="correct: as the event's snapshot has it")


class ReviewAnswer(BaseModel):
    event_id: UUID
    revision: int
    snapshot: EventSnapshot
    changes: list[EventChanged] = Field(description="of this event, and of the other one in a merge or split")


@router.post("/{event_id}/reviews", response_model=ReviewAnswer, responses={**responses(404), **ERRORS})
def review_event(write: Reviewing, event_id: UUID, body: ReviewBody) -> Response:
    """With If-Match: the ETag of the event, or its revision in quotes, such as `"7"`. It is published at once."""
    try:
        review = Review(**body.model_dump(), event_id=event_id, expected_revision=_seen(write), by=write.actor[:200])
    except ValidationError as error:
        faults = [Fault(where=["body", *fault["loc"]], what=fault["msg"]) for fault in error.errors()[:MOST_FAULTS]]
        raise Refused(422, "the review is not valid; see errors", faults) from None
    return write.run(lambda connection: _apply(connection, review))


def _apply(connection: Connection, review: Review) -> Done:
    try:
        result = apply_review(connection, review, wall())
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    except StaleReview as error:
        raise HTTPException(412, f"{error}; read it again") from None
    except ReviewError as error:
        raise HTTPException(422, str(error)) from None
    answer = ReviewAnswer(
        event_id=result.event_id,
        revision=result.revision,
        snapshot=result.snapshot,
        changes=list(result.changes),
    )
    return Done(answer, etag=event_etag(result.revision))


def _seen(write: Write) -> int:
    if write.if_match is None:
        raise HTTPException(428, 'give the revision that you saw as If-Match, such as "7"')
    if not (match := _REVISION.fullmatch(write.if_match)) or not int(match[1]):
        raise HTTPException(412, "If-Match is no revision of an event")
    return int(match[1])
