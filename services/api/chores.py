"""What the API clears away from time to time. Several processes may do so at once: the work is the same."""

import asyncio

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from services.api import store

log = structlog.get_logger(__name__)

EVERY_SECONDS = 600.0


async def housekeeping(engine: Engine) -> None:
    """Drop what is past its time, until cancelled."""
    while True:
        try:
            await run_in_threadpool(_sweep, engine)
        except SQLAlchemyError as error:
            log.warning("housekeeping will try again", error=str(error))
        await asyncio.sleep(EVERY_SECONDS)


def _sweep(engine: Engine) -> None:
    with engine.begin() as connection:
        store.forget_changes(connection)
        store.forget_answers(connection)
