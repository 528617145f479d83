"""The migrations lead to exactly the tables of `shared/database/tables.py`, up and down, on real Postgres."""

import threading
import uuid
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from shared.database.session import check, make_engine, migrate, migrations
from shared.database.tables import Base


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    """A database without tables."""
    name = f"t{uuid.uuid4().hex[:12]}"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_migrations_and_tables_say_the_same(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        difference = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert difference == [], 'tables.py has changed: `python -m shared.database new "..."` writes the next migration'


def test_up_down_and_up_again(empty_url: str) -> None:
    engine = make_engine(empty_url)
    migrate(empty_url)
    there = tables(engine)
    assert there == set(Base.metadata.tables)
    command.downgrade(migrations(empty_url), "base")
    assert tables(engine) == set()
    migrate(empty_url)
    migrate(empty_url)
    assert tables(engine) == there
    engine.dispose()


def test_two_that_migrate_at_once_wait_for_one_another(empty_url: str) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            migrate(empty_url)
        except BaseException as error:  # noqa: BLE001 - for the assertion below
            errors.append(error)

    # Alembic's context is one for each process, so the second one is a lock held as by another process.
    engine = make_engine(empty_url)
    with engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": 0x746F6373696E})
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(1)
        assert thread.is_alive()
        assert tables(engine) == set()
        other.execute(text("SELECT pg_advisory_unlock_all()"))
        thread.join(20)
    assert not errors
    assert tables(engine)
    engine.dispose()


def test_a_table_in_use_makes_a_migration_give_up_not_wait_for_ever(database_url: str) -> None:
    command.downgrade(migrations(database_url), "0001")
    engine = make_engine(database_url)
    before = tables(engine)
    with engine.connect() as reader:
        reader.execute(text("SELECT * FROM events"))
        with pytest.raises(Exception, match="lock timeout"):
            command.downgrade(migrations(database_url), "base")
    assert tables(engine) == before, "all or nothing"
    engine.dispose()


def test_check_says_what_is_wrong(database_url: str) -> None:
    engine = make_engine(database_url)
    assert check(engine) is None
    engine.dispose()
    nowhere = make_engine("postgresql://tocsin@127.0.0.1:1/tocsin")
    assert "OperationalError" in (check(nowhere) or "")
    nowhere.dispose()
