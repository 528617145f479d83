"""What is wrong with Tocsin itself, as far as a destination asked to be told, and whom it was told.

Each change is made by one statement that says whether it was the first to make it: several workers may look at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from shared.database import tables


def askers(connection: Connection) -> Sequence[Row[Any]]:
    """Destinations that want to be told."""
    table = tables.Destination
    return connection.execute(select(table).where(table.enabled, table.config["heartbeat"].is_not(None))).all()


def quiet_since(connection: Connection, minutes: int, at_least: datetime) -> datetime | None:
    """When the last message was processed, if that is so long ago; `at_least`: it counts from here, if later."""
    query = text("""
        SELECT last FROM (SELECT greatest(max(received_at), CAST(:at_least AS timestamptz)) AS last FROM inbox) i
        WHERE last < clock_timestamp() - make_interval(mins => :minutes)
    """)
    found: datetime | None = connection.execute(query, {"minutes": minutes, "at_least": at_least}).scalar_one_or_none()
    return found


def dying_since(connection: Connection, destination: str) -> datetime | None:
    """When the last delivery died, if none has arrived since."""
    query = text("""
        SELECT d.next_at FROM deliveries d
        WHERE d.destination_id = :destination AND d.state = 'dead' AND NOT EXISTS (
            SELECT FROM deliveries e
            WHERE e.destination_id = :destination AND e.sent_at > d.next_at
              AND e.created_at > d.next_at - interval '3 days'
        ) ORDER BY d.next_at DESC LIMIT 1
    """)
    found: datetime | None = connection.execute(query, {"destination": destination}).scalar_one_or_none()
    return found


def begin(connection: Connection, destination: str, what: str, since: datetime) -> bool:
    """False: it was told already."""
    values = {"destination_id": destination, "what": what, "since": since}
    new = insert(tables.Trouble).values(**values).on_conflict_do_nothing().returning(tables.Trouble.what)
    return connection.execute(new).first() is not None


def open_troubles(connection: Connection, destination: str) -> list[str]:
    table = tables.Trouble
    return list(connection.scalars(select(table.what).where(table.destination_id == destination)))


def end(connection: Connection, destination: str, what: str) -> datetime | None:
    """When it began; None: it has ended already."""
    table = tables.Trouble
    query = delete(table).where(table.destination_id == destination, table.what == what).returning(table.since)
    found: datetime | None = connection.execute(query).scalar_one_or_none()
    return found
