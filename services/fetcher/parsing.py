"""Feeds are read in a process of its own, with little memory and little time: a hostile one costs only itself."""

import asyncio
import resource
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context

from services.fetcher.domain.feeds import BadFeed, FeedEntry, parse

_SECONDS = 15.0
_MEMORY = 1_500_000_000  # bytes of address space


class FeedReader:
    """One reading process, begun anew when a feed has brought it down."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._pool: ProcessPoolExecutor | None = None

    async def read(self, body: bytes, url: str) -> list[FeedEntry]:
        """The feed's entries. Raises `BadFeed`."""
        async with self._turn:
            pool = self._pool = self._pool or ProcessPoolExecutor(1, get_context("spawn"), _begin)
            reading = asyncio.get_running_loop().run_in_executor(pool, partial(parse, body, url))
            try:
                return await asyncio.wait_for(reading, self._seconds)
            except TimeoutError:
                self.close()
                raise BadFeed(f"not read within {self._seconds:g} s") from None
            except (BrokenProcessPool, MemoryError):
                self.close()
                raise BadFeed("the process that read it died, or ran out of memory") from None

    def close(self) -> None:
        if self._pool is not None:
            for process in list((self._pool._processes or {}).values()):  # the executor has no public way to do it
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _begin() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
