"""What has changed: for those who ask from time to time, and for those who listen. One cursor serves both."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel, Field

from services.api import event_stream
from services.api.event_stream import EventStream
from services.api.problems import responses
from services.api.published import Filter, Published, PublishedChange
from services.api.tail import Tail, TooManyListeners, within

router = APIRouter(prefix="/v1", tags=["changes"])

LARGEST_CURSOR = 2**63 - 1
LONGEST_WAIT = 30  # seconds
_AFTER = "the last cursor you have; 0: all that is kept (7 days); not given: from now on"

Cursor = Annotated[int, Field(ge=0, le=LARGEST_CURSOR)]


class Poll(Filter):
    after: Cursor | None = Field(None, description=_AFTER)
    limit: int = Field(100, ge=1, le=500, description="how many changes are looked at, wanted or not")
    wait: int = Field(0, ge=0, le=LONGEST_WAIT, description="seconds to wait for a wanted change where there is none")


class Listen(Filter):
    after: Cursor | None = Field(None, description=_AFTER + "; the header Last-Event-ID goes before it")


class Changes(BaseModel):
    items: list[PublishedChange]
    next_cursor: int = Field(description="give it as `after` the next time; it is behind what the filter left out too")
    more: bool = Field(description="there are more at once: ask again without waiting")


@router.get("/changes", response_model=Changes, responses=responses(410, 422))
async def list_changes(request: Request, asked: Annotated[Poll, Query()]) -> Response:
    """Changes of events in the order of their publication, each exactly once, none missing.

    Read on with `after` = `next_cursor`. With `wait` the answer comes when there is one, or is empty after that time.
    A cursor older than 7 days, or of another database, is answered with 410: begin again.
    """
    tail: Tail = request.app.state.tail
    try:
        with tail.listening():
            return await _poll(tail, await _start(tail, asked.after), asked)
    except TooManyListeners:
        return event_stream.too_many()


@router.get(
    "/stream",
    response_class=Response,
    response_description="Server-sent events; `data` of a `change` is a `PublishedChange`.",
    responses={200: {"content": {EventStream.media_type: {"schema": event_stream.SCHEMA}}}, **responses(410, 422)},
)
async def stream(
    request: Request,
    asked: Annotated[Listen, Query()],
    last_event_id: Annotated[Cursor | None, Header(description="sent by clients that come again")] = None,
) -> EventStream:
    """Changes as they are published, as server-sent events; a comment every 15 s says that the line is alive.

    `id` is the cursor: a client that comes again with `Last-Event-ID` misses nothing and gets nothing twice. The
    server ends a stream after an hour, when it stops (`event: end` says which), or when the client is too slow to take
    what is sent: come again.
    """
    tail: Tail = request.app.state.tail
    start = await _start(tail, last_event_id if last_event_id is not None else asked.after)
    return EventStream(tail, start, asked, request.app.state.options.stream_seconds)


async def _start(tail: Tail, after: int | None) -> int:
    oldest, newest = await tail.bounds()
    if after is None:
        return newest
    if after == 0:
        return oldest - 1
    if not oldest - 1 <= after <= newest:
        raise HTTPException(
            410, f"cursor {after} is not kept; what is goes from {oldest} to {newest}. Begin again: after=0, or without"
        )
    return after


async def _poll(tail: Tail, cursor: int, asked: Poll) -> Response:
    clock = asyncio.get_running_loop().time
    ends = clock() + asked.wait
    while True:
        turn = tail.turn()
        changes = await tail.after(cursor, asked.limit)
        cursor = changes[-1].cursor if changes else cursor
        wanted = [change for change in changes if asked.wants(change)]
        more = len(changes) == asked.limit
        left = ends - clock()
        if wanted or more or left <= 0 or tail.closing.is_set():
            return _page(wanted, cursor, more)
        await within(left, turn)


def _page(wanted: list[Published], cursor: int, more: bool) -> Response:
    items = b",".join(change.json for change in wanted)
    body = b'{"items":[%b],"next_cursor":%d,"more":%b}' % (items, cursor, b"true" if more else b"false")
    return Response(body, media_type="application/json")
