"""How to get at the database, and how to bring it to the newest schema."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
RESTED_SECONDS = 1.0
_OPTIONS = "-c lock_timeout=15s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
_LONGER = "-c statement_timeout=30s"
_AD_HOC = "-c statement_timeout=10s -c plan_cache_mode=force_custom_plan -c jit=off -c work_mem=16MB"


def make_engine(database_url: str, name: str = "tocsin", pool_size: int = 5, *, ad_hoc: bool = False) -> Engine:
    """An engine whose waits are all bounded, so that a database in trouble holds no loop for ever.

    `name` shows in `pg_stat_activity`. `ad_hoc`: for many small questions of people. What they ask differs so much with
    its values that each gets a plan of its own (a radius around a village and one around a continent are not answered
    by the same index), made at once and never compiled; and a connection that was in use a moment ago is not pinged,
    which would take as long as a small question.
    """
    engine = create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=10,
        pool_pre_ping=not ad_hoc,
        connect_args={
            "application_name": name,
            "connect_timeout": 5,
            "options": f"{_OPTIONS} {_AD_HOC if ad_hoc else _LONGER}",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )
    if ad_hoc:
        _ping_rested(engine)
    return engine


def _ping_rested(engine: Engine) -> None:
    """Ping a connection only when it has rested: one that died meanwhile is replaced, and nobody notices."""

    @event.listens_for(engine, "checkin")
    def rests(driver: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def wakes(driver: Any, record: ConnectionPoolEntry, fairy: Any) -> None:
        if time.monotonic() - record.info.get("rests_since", math.inf) > RESTED_SECONDS:
            try:
                engine.dialect.do_ping(driver)
            except psycopg.OperationalError as error:
                raise InvalidatePoolError from error  # and another is opened


def check(engine: Engine) -> str | None:
    """For readiness: None when the database answers, else what is wrong."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception as error:  # noqa: BLE001 - the answer to "what is wrong" is this error, whatever it is
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None


def migrate(database_url: str) -> None:
    """Bring the database to the newest migration; at the newest one already, this does nothing."""
    from alembic import command  # imported here: a fifth of every process's start, and only this needs it

    command.upgrade(migrations(database_url), "head")


def migrations(database_url: str) -> Config:
    """The migrations of this project on one database, for Alembic's commands."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["database_url"] = database_url
    return config
