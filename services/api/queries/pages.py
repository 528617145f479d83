"""Pages by key: what is inserted meanwhile neither repeats nor hides a row, and page 1,000 costs what page 1 does."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Select, literal_column, tuple_

Query = Select[*tuple[Any, ...]]

_UNKNOWN_DATE: ColumnElement[Any] = literal_column("'-infinity'::date")  # comes before all others


class BadCursor(ValueError):
    """The cursor is none that we gave out, or belongs to another order."""


@dataclass(frozen=True)
class Order:
    """An order of rows: a value that may be the same for many, then their id. `name` is told by cursors."""

    name: str
    value: Any
    identity: Any
    kind: type  # of the value: int, float, date, datetime, or UUID (then it is the id itself)
    rising: bool = False

    @property
    def keys(self) -> Sequence[Any]:
        return (self.identity,) if self.kind is UUID else (self.value, self.identity)


def in_order(query: Query, order: Order) -> Query:
    return query.order_by(*(key.asc() if order.rising else key.desc() for key in order.keys))


def page(query: Query, order: Order, cursor: str | None, limit: int) -> Query:
    """The query in that order, from the row after `cursor`, with one row more than asked: it tells of a next page."""
    if cursor is not None:
        last, here = _read(cursor, order), tuple_(*order.keys)
        query = query.where(here > last if order.rising else here < last)
    return in_order(query, order).limit(limit + 1)


def cursor_after(order: Order, value: Any, identity: Any) -> str:
    """The cursor of the rows that come after this one."""
    plain = None if order.kind is UUID else value.isoformat() if isinstance(value, date) else value
    text = json.dumps([order.name, plain, str(identity)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, order: Order) -> tuple[Any, ...]:
    try:
        name, value, identity = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if name != order.name:
            raise BadCursor(f"this cursor belongs to the order {name!r:.40}; go on with the order it came from")
        if order.kind is UUID:
            return (UUID(identity),)
        return (_typed(value, order.kind), UUID(identity))
    except BadCursor:
        raise
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise BadCursor("no cursor of ours: give `next_cursor` of the page before as it is") from error


def _typed(value: Any, kind: type) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return _UNKNOWN_DATE if value is None else date.fromisoformat(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 2**31 - 1:
        raise BadCursor("no cursor of ours: give `next_cursor` of the page before as it is")
    return kind(value)


def rows(connection: Connection, query: Query) -> list[RowMapping]:
    return list(fetched(connection, query).mappings())


def first(connection: Connection, query: Query) -> Row[*tuple[Any, ...]] | None:
    row: Row[*tuple[Any, ...]] | None = fetched(connection, query).first()
    return row


def fetched(connection: Connection, query: Query) -> Any:
    """Execute it, planned for its own values: a plan for any country suits neither Pakistan nor Monaco."""
    plan_anew(connection)
    return connection.execute(query)


def plan_anew(connection: Connection) -> None:
    """Keep psycopg from preparing statements on this connection."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection that is open
    driver.prepare_threshold = None
