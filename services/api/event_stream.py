"""Server-sent events to one client: changes as they come, a sign of life in between, and a clear end.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import random

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.api import problems
from services.api.published import Filter, Published
from services.api.tail import PATIENCE_SECONDS, Tail, TooManyListeners, within

log = structlog.get_logger(__name__)

ENDED = Counter("tocsin_api_streams_ended", "Streams that the server ended", ["why"])  # slow, stopping, lifetime

HEARTBEAT_SECONDS = 15.0
SLOW_SECONDS = 30.0  # for what was sent to leave; a client that takes longer is let go, and may resume
GOODBYE_SECONDS = 3.0  # for the last words to leave when the process stops
LIFETIME_SECONDS = 3600.0  # then the client comes again, with a key that is still valid
AT_ONCE = 100  # changes in one piece
RETRY_MS = (500, 3000)  # when to come again; by chance, so that not all come at once


SCHEMA = {  # of one event
    "type": "object",
    "properties": {
        "event": {"type": "string", "description": "change, or end"},
        "id": {"type": "string", "description": "the cursor"},
        "data": {"type": "string", "description": "JSON: a PublishedChange, or why the stream ends"},
        "retry": {"type": "integer", "description": "milliseconds after which to come again"},
    },
}


class EventStream(Response):
    media_type = "text/event-stream"

    def __init__(self, tail: Tail, after: int, wanted: Filter, lifetime: float = LIFETIME_SECONDS) -> None:
        super().__init__()
        del self.headers["content-length"]
        self.headers["X-Accel-Buffering"] = "no"  # nginx would collect what must go out at once
        self._tail, self._cursor, self._wanted, self._lifetime = tail, after, wanted, lifetime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._tail.listening():
                await self._serve(receive, send)
        except TooManyListeners:
            await too_many()(scope, receive, send)

    async def _serve(self, receive: Receive, send: Send) -> None:
        """Until the stream has ended, the client is gone, or the process stops."""

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        sending = asyncio.create_task(self._send(send))
        reasons = [asyncio.create_task(gone()), asyncio.create_task(self._tail.closing.wait())]
        try:
            await asyncio.wait((sending, *reasons), return_when=asyncio.FIRST_COMPLETED)
            if self._tail.closing.is_set():
                await asyncio.wait((sending,), timeout=GOODBYE_SECONDS)
            if sending.done():
                sending.result()  # raises what it raised
        finally:
            for task in (sending, *reasons):
                task.cancel()
            await asyncio.gather(sending, *reasons, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            why = await self._follow(send)
        except TimeoutError:
            ENDED.labels("slow").inc()
            return
        ENDED.labels(why).inc()
        await self._put(send, b'event: end\ndata: {"reason":"%b"}\n\n' % why.encode(), last=True)

    async def _follow(self, send: Send) -> str:
        """Until the server has a reason to end, which is returned; raises `TimeoutError` for a client too slow."""
        clock = asyncio.get_running_loop().time
        ends = clock() + self._lifetime
        await self._put(send, b"retry: %d\nid: %d\n\n" % (random.randint(*RETRY_MS), self._cursor))  # noqa: S311
        while not self._tail.closing.is_set() and (left := ends - clock()) > 0:
            turn = self._tail.turn()
            changes = await self._more(left)
            frames = b"".join(change.frame for change in changes if self._wanted.wants(change))
            if changes:
                self._cursor = changes[-1].cursor
            if frames:
                await self._put(send, frames)
            elif not changes and not await within(min(HEARTBEAT_SECONDS, left), turn) and left > HEARTBEAT_SECONDS:
                await self._put(send, b": still here\nid: %d\n\n" % self._cursor)
        return "stopping" if self._tail.closing.is_set() else "lifetime"

    async def _more(self, left: float) -> list[Published]:
        """What follows; nothing while the database is away, for a client that listens need not know."""
        try:
            return await self._tail.after(self._cursor, AT_ONCE)
        except SQLAlchemyError as error:
            log.warning("a listener cannot catch up, will try again", error=str(error))
            await asyncio.sleep(min(PATIENCE_SECONDS, left))
            return []

    async def _put(self, send: Send, body: bytes, last: bool = False) -> None:
        async with asyncio.timeout(SLOW_SECONDS):
            await send({"type": "http.response.body", "body": body, "more_body": not last})


def too_many() -> Response:
    """To a client that cannot wait here, or not now."""
    return problems.answer(
        503, "this process takes nobody more who waits for changes; try again", headers={"Retry-After": "5"}
    )
