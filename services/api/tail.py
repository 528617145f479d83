"""The newest published changes, read once for all clients of this process that wait or listen.

There is no queue for each client: all read one list, each at its own place, and who falls behind the list's beginning
reads from the database. A slow client costs the others nothing and is never lied to.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import Gauge
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from services.api import published
from services.api.published import Published

log = structlog.get_logger(__name__)

LISTENERS = Gauge("tocsin_api_listeners", "Clients that wait for changes or listen to them")

POLL_SECONDS, PATIENCE_SECONDS = 0.2, 1.0  # between looks at the database; after one that failed
PAGE = 500  # changes read at once
KEPT = 2_000  # changes in memory, some kilobytes each
READERS = 4  # clients that catch up from the database at once


class TooManyListeners(Exception):
    """This process has as many as it may have."""


class Tail:
    def __init__(self, engine: Engine, most_listeners: int) -> None:
        self._engine, self._most = engine, most_listeners
        self._listeners = 0
        self._wanted = asyncio.Event()
        self._turned = asyncio.Event()
        self._readers = asyncio.Semaphore(READERS)
        self._kept: list[Published] = []
        self._newest: int | None = None
        self.closing = asyncio.Event()  # set: the process is about to stop

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Around all that a client waits for; raises `TooManyListeners`."""
        if self._listeners >= self._most or self.closing.is_set():
            raise TooManyListeners
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    def close(self) -> None:
        """The process is about to stop: nobody need wait any longer."""
        self.closing.set()
        self._turn()

    async def bounds(self) -> tuple[int, int]:
        """The oldest and the newest cursor that can be read."""
        return await run_in_threadpool(self._read_bounds)

    async def after(self, cursor: int, limit: int = PAGE) -> list[Published]:
        """What follows a cursor, so far; empty: nothing does, or the process is about to stop."""
        if self._newest is not None and cursor >= self._newest:
            return []
        if self._kept and cursor >= self._kept[0].cursor - 1:
            start = bisect_right(self._kept, cursor, key=lambda change: change.cursor)
            return self._kept[start : start + limit]
        async with self._readers:
            if self.closing.is_set():  # whoever still waits here could not say goodbye in time
                return []
            return await run_in_threadpool(self._read, cursor, limit)

    def turn(self) -> asyncio.Event:
        """Is set when there may be more than now, or no more at all: take it before you look, then wait for it."""
        return self._turned

    async def run(self) -> None:
        """Follow what is published while anybody listens, until cancelled."""
        while True:
            if not self._listeners:
                self._newest, self._kept = None, []
                self._wanted.clear()
                await self._wanted.wait()
            try:
                full = await self._advance()
            except SQLAlchemyError as error:
                log.warning("changes cannot be read, will try again", error=str(error))
                await asyncio.sleep(PATIENCE_SECONDS)
            else:
                await asyncio.sleep(0 if full else POLL_SECONDS)

    async def _advance(self) -> bool:
        """True: there is more to be read at once."""
        if self._newest is None:
            self._newest = (await self.bounds())[1]
            self._turn()
        new = await run_in_threadpool(self._read, self._newest, PAGE)
        if new:
            self._newest = new[-1].cursor
            self._kept = (self._kept + new)[-KEPT:]
            self._turn()
        return len(new) == PAGE

    def _turn(self) -> None:
        self._turned.set()
        self._turned = asyncio.Event()

    def _count(self, by: int) -> None:
        self._listeners += by
        LISTENERS.inc(by)
        if self._listeners:
            self._wanted.set()

    def _read(self, cursor: int, limit: int) -> list[Published]:
        with self._engine.begin() as connection:
            return published.after(connection, cursor, limit)

    def _read_bounds(self) -> tuple[int, int]:
        with self._engine.begin() as connection:
            return published.bounds(connection)


async def within(seconds: float, turn: asyncio.Event) -> bool:
    """Wait for the turn, at most so long; False: it did not come."""
    try:
        async with asyncio.timeout(seconds):
            return await turn.wait()
    except TimeoutError:
        return False
