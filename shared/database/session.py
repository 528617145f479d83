"""How to get at the database, and how to bring it to the newest schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, create_engine, make_url, text

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def make_engine(database_url: str, name: str = "tocsin", pool_size: int = 5, *, ad_hoc: bool = False) -> Engine:
    """An engine whose waits are all bounded, so that a database in trouble holds no loop for ever.

    `name` shows in `pg_stat_activity`. `ad_hoc`: what is asked differs so much with its values that each question gets
    a plan of its own (a radius around a village and one around a continent are not answered by the same index).
    """
    return create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={
            "application_name": name,
            "connect_timeout": 5,
            "options": "-c statement_timeout=30s -c lock_timeout=15s -c idle_in_transaction_session_timeout=60s"
            f" -c timezone=UTC -c plan_cache_mode={'force_custom_plan' if ad_hoc else 'auto'}",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )


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
