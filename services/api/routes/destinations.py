"""Destinations: where alerts go. Secrets are references (`env:NAME`, `file:/path`), here as everywhere.

For scope admin only, reading too: a configuration names people, channels and where secrets stand.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Depends, HTTPException, Path, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection, RowMapping

from services.alerting.domain import rulebook
from services.alerting.domain.destinations import Entry
from services.alerting.store.rules import save
from services.api import configuration, store
from services.api.access import needs
from services.api.problems import Fault, Refused, responses
from services.api.reading import Reading
from services.api.writing import ERRORS, Administering, Done, Write, etag, tagged

router = APIRouter(prefix="/v1/destinations", tags=["destinations"], dependencies=[Depends(needs("admin"))])

DestinationId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["duty-desk"])]

EXAMPLE = {"id": "duty-desk", "channel": "slack_webhook", "config": {"url": "env:DUTY_DESK_URL"}}


class DestinationAnswer(BaseModel):
    destination: Entry
    version: int = Field(description="counts up with each change", examples=[3])
    changed_at: datetime


class Destinations(BaseModel):
    items: list[DestinationAnswer]


@router.get("", responses=responses(422))
def list_destinations(read: Reading) -> Destinations:
    """All, by id."""
    with read() as database:
        return Destinations(items=[_answer(row) for row in configuration.destinations(database)])


@router.get("/{destination_id}", response_model=DestinationAnswer, responses=responses(404, 422))
def one_destination(read: Reading, destination_id: DestinationId) -> Response:
    with read() as database:
        found = _find(database, destination_id)
    if found is None:
        raise HTTPException(404, f"no destination has the id {destination_id}")
    return tagged(found, found)


@router.put(
    "/{destination_id}", response_model=DestinationAnswer, responses={201: {"model": DestinationAnswer}, **ERRORS}
)
def put_destination(
    write: Administering, destination_id: DestinationId, destination: Annotated[Entry, Body(examples=[EXAMPLE])]
) -> Response:
    """Add a destination, or change it (with If-Match). It is never deleted, for deliveries refer to it: disable it."""
    if destination.id != destination_id:
        raise _invalid([f"id must be {destination_id}"])
    return write.run(lambda connection: _put(write, connection, destination))


def _put(write: Write, connection: Connection, entry: Entry) -> Done:
    configuration.lock(connection)
    before = _find(connection, entry.id)
    write.expect(etag(before) if before else None)
    try:
        _, entries = rulebook.read({"destinations": [entry.model_dump(mode="json")]})
    except rulebook.RulesError as error:
        raise _invalid(error.faults) from None
    save(connection, [], entries, write.actor)
    after = _find(connection, entry.id)
    assert after is not None  # noqa: S101 - it was just saved
    was = before.destination.model_dump(mode="json") if before else None
    store.audit(connection, write.actor, "destination.put", entry.id, was, after.destination.model_dump(mode="json"))
    return Done(after, 200 if before else 201, etag(after), None if before else f"/v1/destinations/{entry.id}")


def _invalid(faults: list[str]) -> Refused:
    return Refused(422, "the destination is not valid", [Fault(where=["body"], what=fault) for fault in faults])


def _find(connection: Connection, destination_id: str) -> DestinationAnswer | None:
    return next((_answer(row) for row in configuration.destinations(connection, destination_id)), None)


def _answer(row: RowMapping) -> DestinationAnswer:
    entry = Entry(id=row["id"], channel=row["channel"], enabled=row["enabled"], config=row["config"])
    return DestinationAnswer(destination=entry, version=row["version"], changed_at=row["updated_at"])
