"""Silences: what matches between their times is recorded, not sent."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.alerting.domain.explain import explain
from services.alerting.domain.rules import Silence
from shared.database import tables

log = structlog.get_logger(__name__)

_COLUMNS = ("id", "starts_at", "ends_at", "comment", "created_by")


def silences(connection: Connection, at: datetime | None = None) -> Iterable[Silence]:
    """Those that hold at `at` (message time), else all, newest first; one that cannot be read is left out."""
    table = tables.Silence
    query = select(table).order_by(table.starts_at.desc(), table.id)
    for row in connection.execute(query.where(table.starts_at <= at, table.ends_at > at) if at else query):
        stated = {name: getattr(row, name) for name in _COLUMNS}
        try:
            yield Silence.model_validate({**row.matchers, **stated})
        except ValidationError as error:
            log.error("left out: it cannot be read", what=f"silence {row.id}", faults=explain("stored", Silence, error))


def put(connection: Connection, silence: Silence) -> None:
    """Put a silence in force, or change the one of its id."""
    values = silence.model_dump(mode="json", exclude=set(_COLUMNS), exclude_defaults=True)
    row = {name: getattr(silence, name) for name in _COLUMNS} | {"matchers": values}
    connection.execute(insert(tables.Silence).values(**row).on_conflict_do_update(index_elements=["id"], set_=row))


def end(connection: Connection, silence: UUID, at: datetime) -> bool:
    """It holds no longer from `at` on; False where it had ended, or there is none."""
    table = tables.Silence
    ended = connection.execute(
        update(table)
        .where(table.id == silence, table.ends_at > at)
        .values(ends_at=func.greatest(at, table.starts_at))
        .returning(table.id)
    )
    return ended.first() is not None
