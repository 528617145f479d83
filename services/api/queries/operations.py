"""Feeds with their health, and the delivery log."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select

from services.api.queries.pages import Order, Query, cursor_after, page, rows
from shared.database.tables import Delivery, Feed

_DELIVERIES = Order("created", Delivery.created_at, Delivery.id, datetime)


def feeds(connection: Connection, after: int | None, limit: int) -> list[RowMapping]:
    """Feeds with their health, by id."""
    query: Query = select(Feed.__table__).order_by(Feed.id).limit(limit)
    return rows(connection, query.where(Feed.id > after) if after else query)


def deliveries(
    connection: Connection,
    event_id: UUID | None,
    state: str | None,
    destination: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[RowMapping], str | None]:
    """The delivery log, newest first, and the cursor of the next page. Raises `BadCursor`."""
    query: Query = select(*[column for column in Delivery.__table__.c if column.name != "lease_until"])
    for column, value in (
        (Delivery.event_id, event_id), (Delivery.state, state), (Delivery.destination_id, destination),
    ):  # fmt: skip
        if value is not None:
            query = query.where(column == value)
    found = rows(connection, page(query, _DELIVERIES, cursor, limit))
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], cursor_after(_DELIVERIES, last["created_at"], last["id"]) if last else None
