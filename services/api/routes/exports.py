"""Exports: any filtered set of events as a file for other software, streamed while it is read."""

import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from services.api.exports import About, Render, atom, cap, geojson, gtd, stix
from services.api.filters import Filter
from services.api.problems import responses
from services.api.queries import events as queries
from services.api.queries import lists
from services.api.reading import Reading
from services.api.routes.events import MERGED
from shared.clock import wall

router = APIRouter(prefix="/v1", tags=["exports"])

MOST_AT_ONCE = 4  # in one process: each holds a database connection for as long as its client reads
CHUNK = 65_536  # characters

Asked = Annotated[Filter, Query()]


def _document(*media_types: str) -> dict[str, Any]:
    """For a route: what it answers, in OpenAPI's words."""
    content = {
        media_type: {"schema": {"type": "object" if "json" in media_type else "string"}} for media_type in media_types
    }
    return {
        "response_class": Response,
        "responses": {200: {"description": "the whole set", "content": content}} | responses(422, 503),
    }


@router.get("/exports/events.geojson", **_document(geojson.MEDIA_TYPE))
def as_geojson(request: Request, asked: Asked) -> Response:
    """A FeatureCollection (RFC 7946); an event whose place is not known has a null geometry."""
    return _stream(request, asked, geojson.render, geojson.MEDIA_TYPE, "events.geojson")


@router.get("/exports/events.csv", **_document(gtd.MEDIA_TYPE))
def as_csv(request: Request, asked: Asked) -> Response:
    """Columns and codes of the Global Terrorism Database; empty: not known."""
    return _stream(request, asked, gtd.render, gtd.MEDIA_TYPE, "events.csv")


@router.get("/exports/events.stix.json", **_document(stix.MEDIA_TYPE))
def as_stix(request: Request, asked: Asked) -> Response:
    """A STIX 2.1 bundle: incidents with their locations and threat actors."""
    return _stream(request, asked, stix.render, stix.MEDIA_TYPE, "events.stix.json")


@router.get("/exports/events.atom", **_document(atom.MEDIA_TYPE))
def as_atom(request: Request, asked: Asked) -> Response:
    """An Atom feed with GeoRSS points."""
    return _stream(request, asked, atom.render, atom.MEDIA_TYPE, "events.atom")


@router.get("/exports/events.cap.atom", **_document(cap.FEED_MEDIA_TYPE))
def as_cap(request: Request, asked: Asked) -> Response:
    """An Atom feed whose entries carry one CAP 1.2 alert each."""
    return _stream(request, asked, cap.render, cap.FEED_MEDIA_TYPE, "events.cap.atom")


@router.get(
    "/events/{event_id}/cap",
    response_class=Response,
    responses={200: {"content": {cap.MEDIA_TYPE: {"schema": {"type": "string"}}}}} | responses(404, 422) | MERGED,
)
def one_as_cap(request: Request, read: Reading, event_id: UUID) -> Response:
    """The event as a CAP 1.2 alert; a rejected or retracted one cancels it."""
    with read() as database:
        row = queries.event(database, event_id)
    if row is None:
        raise HTTPException(404, f"no event has the id {event_id}")
    if row.merged_into:
        return RedirectResponse(f"/v1/events/{row.merged_into}/cap", 308)
    return Response(cap.render_one(row.snapshot, _about(request)), media_type=cap.MEDIA_TYPE)


class Slots:
    """How many exports may run at once in this process."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._free = threading.BoundedSemaphore(most)

    def take(self) -> None:
        if not self._free.acquire(blocking=False):
            raise HTTPException(503, "too many exports run already; try again", headers={"Retry-After": "30"})

    def give_back(self) -> None:
        self._free.release()


def _stream(request: Request, asked: Filter, render: Render, media_type: str, name: str) -> Response:
    slots: Slots = request.app.state.export_slots
    slots.take()
    pieces = _read(request, asked, render, slots)
    try:
        start = next(pieces)  # so that a database in trouble is answered as such, not by half a file
    except BaseException:
        pieces.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_then(start, pieces), headers=headers, media_type=media_type)


def _read(request: Request, asked: Filter, render: Render, slots: Slots) -> Generator[str, None, None]:
    """On a connection of its own, for as long as it lasts: the request's goes back when the answer begins."""
    try:
        with request.app.state.engine.connect() as connection:
            yield from _chunks(render(lists.exported(connection, asked), _about(request)))
    finally:
        slots.give_back()


def _then(start: str, rest: Generator[str, None, None]) -> Iterator[str]:
    try:
        yield start
        yield from rest
    finally:
        rest.close()


def _chunks(pieces: Iterable[str]) -> Iterator[str]:
    kept: list[str] = []
    size = 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield "".join(kept)
            kept, size = [], 0
    yield "".join(kept)


def _about(request: Request) -> About:
    base = str(request.base_url).rstrip("/")
    return About(base, str(request.url), wall(), sender=urlsplit(base).hostname or "tocsin")
