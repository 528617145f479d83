"""What people configure, as rows: rules, destinations, silences, feeds. Each change is by one person at a time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, RowMapping, func, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from services.alerting.domain.rules import Silence
from shared.database import tables

_STATED = ("id", "starts_at", "ends_at", "comment", "created_by")  # columns; the rest of a silence is in `matchers`


def lock(connection: Connection) -> None:
    """Until the end of the transaction nobody else configures: a rule must not name what just went away."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('tocsin/configuration', 0))"))


def rules(connection: Connection, rule: str | None = None) -> Iterable[RowMapping]:
    """The newest version of every rule, or of one."""
    table = tables.Rule
    newest = select(table.__table__).ext(distinct_on(table.id)).order_by(table.id, table.version.desc())
    return connection.execute(newest.where(table.id == rule) if rule else newest).mappings()


def destinations(connection: Connection, destination: str | None = None) -> Iterable[RowMapping]:
    table = tables.Destination
    query = select(table.__table__).order_by(table.id)
    return connection.execute(query.where(table.id == destination) if destination else query).mappings()


def destination_ids(connection: Connection) -> list[str]:
    return list(connection.scalars(select(tables.Destination.id)))


def silences(connection: Connection, ending_after: datetime) -> Iterable[Silence]:
    """Those that hold, or will; the one that ends first comes first."""
    table = tables.Silence
    query = select(table).where(table.ends_at > ending_after).order_by(table.ends_at, table.id)
    return [_silence(row) for row in connection.execute(query)]


def silence(connection: Connection, silence_id: UUID) -> Silence | None:
    row = connection.execute(select(tables.Silence).where(tables.Silence.id == silence_id)).one_or_none()
    return _silence(row) if row else None


def put_silence(connection: Connection, silence: Silence) -> None:
    stated = {name: getattr(silence, name) for name in _STATED}
    matchers = silence.model_dump(mode="json", exclude=set(_STATED), exclude_defaults=True)
    statement = insert(tables.Silence).values(**stated, matchers=matchers)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_={name: statement.excluded[name] for name in (*_STATED, "matchers")}
        )
    )


def feed(connection: Connection, feed_id: int, *, changing: bool = False) -> RowMapping | None:
    """`changing`: nobody else changes it until the end of the transaction."""
    query = select(tables.Feed.__table__).where(tables.Feed.id == feed_id)
    return connection.execute(query.with_for_update() if changing else query).mappings().one_or_none()


def feed_at(connection: Connection, url: str) -> int | None:
    """The id of the feed with this address."""
    return connection.scalar(select(tables.Feed.id).where(tables.Feed.url == url))


def add_feed(connection: Connection, said: dict[str, Any]) -> int:
    """Raises `IntegrityError` where the address is there already."""
    return connection.execute(insert(tables.Feed).values(**said).returning(tables.Feed.id)).scalar_one()


def change_feed(connection: Connection, feed_id: int, said: dict[str, Any], again: bool) -> None:
    """`again`: it was switched off and is polled anew, as if nothing had happened."""
    fresh = {"failures": 0, "disabled_reason": None, "next_poll_at": func.now()} if again else {}
    connection.execute(update(tables.Feed).where(tables.Feed.id == feed_id).values(**said, **fresh))


def _silence(row: Row[Any]) -> Silence:
    return Silence.model_validate({**row.matchers, **{name: getattr(row, name) for name in _STATED}})
