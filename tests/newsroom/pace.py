"""When the site's stories come out: all at once, so many a second, or in waves as fast as they are read."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.newsroom.site import Site

PATIENCE = 10.0  # seconds without anyone reading after which the next wave comes out anyway
_LOOK = 0.05

Pace = Callable[[Site], Awaitable[None]]


async def at_once(site: Site) -> None:
    site.release()


async def held(site: Site) -> None:
    """Nothing comes out but by `POST /-/release`."""


def per_second(rate: float) -> Pace:
    """`rate` stories a second."""

    async def run(site: Site) -> None:
        while site.released < len(site.stories):
            site.release(1)
            await asyncio.sleep(1 / rate)

    return run


def in_waves(size: int, patience: float = PATIENCE) -> Pace:
    """`size` stories at a time, the next when the last page of the wave was read: time order across all outlets."""

    async def run(site: Site) -> None:
        while site.released < len(site.stories):
            site.release(size)
            await _read(site, patience)

    return run


async def _read(site: Site, patience: float) -> None:
    """Wait until every story that is out was read, or nobody read one for `patience` seconds."""
    loop = asyncio.get_running_loop()
    read, since = len(site.read), loop.time()
    while len(site.read) < site.released and loop.time() - since < patience:
        await asyncio.sleep(_LOOK)
        if len(site.read) > read:
            read, since = len(site.read), loop.time()
