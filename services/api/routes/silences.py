"""Silences: what matches one, between its times, is recorded and not sent."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from sqlalchemy import Connection

from services.alerting.domain.conditions import Conditions
from services.alerting.domain.rules import Silence, Slug
from services.api import configuration, store
from services.api.moments import Moment
from services.api.problems import responses
from services.api.reading import Reading
from services.api.writing import ERRORS, Administering, Done, Write, etag, tagged
from shared.clock import wall
from shared.ids import uuid7

router = APIRouter(prefix="/v1/silences", tags=["silences"])


EXAMPLE: JsonDict = {
    "starts_at": "2026-03-01T08:00:00Z",
    "ends_at": "2026-03-01T12:00:00Z",
    "comment": "exercise of the army near Peshawar",
    "rule": ["blasts"],
    "when": {"country": ["PK"]},
}


class SilenceBody(BaseModel):
    """Whoever asks is its author."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    starts_at: Moment
    ends_at: Moment
    comment: str = Field(min_length=1, max_length=500, description="why, for whoever wonders at the quiet")
    rule: list[Slug] = Field([], max_length=100, description="ids; none: any rule")
    destination: list[Slug] = Field([], max_length=100, description="ids; none: any destination")
    when: Conditions = Conditions()

    @model_validator(mode="after")
    def _ends_later(self) -> "SilenceBody":
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        return self

    def silence(self, silence_id: UUID, by: str) -> Silence:
        return Silence.model_validate({**self.model_dump(), "id": silence_id, "created_by": by})


class Silences(BaseModel):
    items: list[Silence]


@router.get("", responses=responses(422))
def list_silences(read: Reading) -> Silences:
    """Those that hold now, or will; the one that ends first comes first."""
    with read() as database:
        return Silences(items=list(configuration.silences(database, wall())))


@router.get("/{silence_id}", response_model=Silence, responses=responses(404, 422))
def one_silence(read: Reading, silence_id: UUID) -> Response:
    with read() as database:
        found = _find(database, silence_id)
    return tagged(found, found)


@router.post("", status_code=201, response_model=Silence, responses=ERRORS)
def add_silence(write: Administering, body: SilenceBody) -> Response:
    silence = body.silence(uuid7(), write.actor)
    return write.run(lambda connection: _save(write, connection, None, silence))


@router.put("/{silence_id}", response_model=Silence, responses=responses(404) | ERRORS)
def change_silence(write: Administering, silence_id: UUID, body: SilenceBody) -> Response:
    """With If-Match. Whoever changes a silence becomes its author; the audit log has who was."""
    return write.run(
        lambda connection: _save(
            write, connection, _find(connection, silence_id), body.silence(silence_id, write.actor)
        )
    )


@router.delete("/{silence_id}", response_model=Silence, responses=responses(404) | ERRORS)
def end_silence(write: Administering, silence_id: UUID) -> Response:
    """With If-Match: it ends now, and is kept with its end; one that has not begun never does."""

    def end(connection: Connection) -> Done:
        before = _find(connection, silence_id)
        return _save(write, connection, before, before.model_copy(update={"ends_at": _end(before, wall())}))

    return write.run(end)


def _save(write: Write, connection: Connection, before: Silence | None, after: Silence) -> Done:
    configuration.lock(connection)
    before = _find(connection, before.id) if before else None  # as it is now that nobody else changes it
    write.expect(etag(before) if before else None)
    configuration.put_silence(connection, after)
    states = [state and state.model_dump(mode="json", exclude_defaults=True) for state in (before, after)]
    store.audit(connection, write.actor, "silence.put", str(after.id), *states)
    return Done(after, 200 if before else 201, etag(after), None if before else f"/v1/silences/{after.id}")


def _end(silence: Silence, now: datetime) -> datetime:
    return min(silence.ends_at, max(silence.starts_at, now))


def _find(connection: Connection, silence_id: UUID) -> Silence:
    found = configuration.silence(connection, silence_id)
    if found is None:
        raise HTTPException(404, f"no silence has the id {silence_id}")
    return found
