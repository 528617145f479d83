"""The fetcher at work: it claims what is due, goes to the web, writes down what came of it, until told to stop.

Any number of fetchers share the work: what one has claimed no other gets until the lease is over. What a fetcher had
in hand when it died is due again then.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import structlog
from sqlalchemy import Connection, Engine, Row
from sqlalchemy.exc import SQLAlchemyError

from services.fetcher import store
from services.fetcher.download import DownloadError
from services.fetcher.fetching import Fetching
from services.fetcher.polling import Polling
from shared.clock import Clock, wall
from shared.health import Health

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Queue(NamedTuple):
    """One kind of work: how to get some, how to do it, how to give it back undone, and how to wait for more."""

    claim: Callable[[Connection, int, float], Sequence[Row[Any]]]
    work: Callable[[Row[Any]], Awaitable[None]]
    give_back: Callable[[Connection, Row[Any]], None]
    rest: Callable[[], Awaitable[None]]


_IDLE_SECONDS = 0.25  # between looks at the tables when nothing is due
_AFTER_ERROR_SECONDS = 2.0
_STOP_SECONDS = 5.0
_DATABASE_THREADS = 8


@dataclass
class Fetcher:
    """`lease_seconds` must be longer than any one piece of work takes."""

    engine: Engine
    polling: Polling
    fetching: Fetching
    slots: int
    lease_seconds: float
    stop: threading.Event
    health: Health
    clock: Clock = wall
    _database: ThreadPoolExecutor = field(init=False)
    _news: asyncio.Event = field(init=False)

    async def run(self) -> None:
        """Poll feeds and fetch pages side by side until `stop` is set."""
        self._news = asyncio.Event()
        self._database = ThreadPoolExecutor(_DATABASE_THREADS, "fetcher-database")
        try:
            await asyncio.gather(
                self._work_off(Queue(store.claim_feeds, self._poll, store.give_back_feed, self._rest)),
                self._work_off(Queue(store.claim_entries, self._fetch, store.give_back_entry, self._rest_or_news)),
            )
        finally:
            self._database.shutdown(wait=True)

    async def _work_off(self, queue: Queue) -> None:
        """Keep up to `slots` pieces of work going; claim no more than can be begun at once."""
        under_way: dict[asyncio.Task[None], Row[Any]] = {}
        while not self.stop.is_set():
            self.health.turned()
            claimed = await self._claim(queue, self.slots - len(under_way))
            for each in claimed:
                task = asyncio.create_task(self._guarded(queue, each))
                under_way[task] = each
                task.add_done_callback(under_way.pop)
            if len(under_way) >= self.slots:
                await asyncio.wait(under_way, timeout=_IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            elif not claimed:
                await queue.rest()
        await self._wind_up(queue, under_way)

    async def _wind_up(self, queue: Queue, under_way: Mapping[asyncio.Task[None], Row[Any]]) -> None:
        """Let what is nearly done be done; the rest is for another fetcher."""
        if under_way:
            await asyncio.wait(under_way, timeout=_STOP_SECONDS)
        for task, claimed in list(under_way.items()):
            task.cancel()
            with suppress(SQLAlchemyError):  # the lease ends by itself, only later
                await self._transact(queue.give_back, claimed)

    async def _claim(self, queue: Queue, most: int) -> Sequence[Row[Any]]:
        if most <= 0:
            return ()
        try:
            claimed = await self._transact(queue.claim, most, self.lease_seconds)
        except SQLAlchemyError as error:
            self.health.not_ready(f"database: {error}".splitlines()[0])
            log.warning("database is away, trying again", error=str(error).splitlines()[0])
            await asyncio.sleep(_AFTER_ERROR_SECONDS)
            return ()
        self.health.ready()
        return claimed

    async def _rest(self) -> None:
        await asyncio.sleep(_IDLE_SECONDS)

    async def _rest_or_news(self) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), _IDLE_SECONDS)
            self._news.clear()
        except TimeoutError:
            pass

    async def _guarded(self, queue: Queue, claimed: Row[Any]) -> None:
        try:
            await queue.work(claimed)
        except Exception:
            log.exception("unfinished, to be tried again", url=claimed.url)

    async def _poll(self, feed: Row[Any]) -> None:
        answer = await self.polling.ask(feed)
        if await self._transact(self.polling.record, feed, answer, self.clock()):
            self._news.set()

    async def _fetch(self, entry: Row[Any]) -> None:
        try:
            found = await self.fetching.fetch(entry)
            await self._transact(self.fetching.record, entry, found, self.clock())
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.exception("a fault of ours", url=entry.url)
            fault = DownloadError("internal_error", repr(error), transient=True)
            await self._transact(self.fetching.record, entry, fault, self.clock())

    async def _transact(self, step: Callable[..., T], *arguments: object) -> T:
        """One transaction in a thread of its own: the loop must not wait for the database."""

        def transaction() -> T:
            with self.engine.begin() as connection:
                return step(connection, *arguments)

        return await asyncio.get_running_loop().run_in_executor(self._database, transaction)
