"""The connection that a request reads on.

Each statement stands by itself: it sees what is committed when it begins, as it would within a transaction of READ
COMMITTED, without the round trips that begin and end one. The bound on a statement's time is the engine's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from sqlalchemy import Connection, Engine

SURVEYS = 2  # at once in this process

Read = Callable[[], Connection]  # opens one: `with read() as connection`, in the thread that reads


def install(app: FastAPI, engine: Engine) -> None:
    """Whoever is over the pool's size waits for a slot, not in a thread, for those who hold connections need threads
    to go on."""
    app.state.readers = engine.execution_options(isolation_level="AUTOCOMMIT")
    app.state.database_slots = asyncio.Semaphore(engine.pool.size())  # type: ignore[attr-defined]  # a QueuePool
    app.state.survey_slots = asyncio.Semaphore(SURVEYS)


async def reading(request: Request) -> AsyncIterator[Read]:
    async with request.app.state.database_slots:
        yield request.app.state.readers.connect


async def survey(request: Request) -> AsyncIterator[Read]:
    """For questions that read a large part of all events: few at a time, so that quick ones do not wait for them."""
    async with request.app.state.survey_slots, asynccontextmanager(reading)(request) as read:
        yield read


# Given back before the answer leaves: a client that reads slowly holds none.
Reading = Annotated[Read, Depends(reading, scope="function")]
Survey = Annotated[Read, Depends(survey, scope="function")]
