"""Revisions and rules as they were: for backtests, and for `why` where no answer was recorded."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, func, select

from services.alerting.domain.backtest import Moment
from services.alerting.domain.rules import Rule
from shared.contracts import EventChanged
from shared.database import tables

AT_ONCE = 500  # rows that are in memory together


def last_message(connection: Connection) -> datetime | None:
    """Message time of the newest change; None: there is none."""
    newest: datetime | None = connection.scalar(select(func.max(tables.Revision.message_time)))
    return newest


def revisions(connection: Connection, since: datetime, until: datetime) -> Iterator[Moment]:
    """Every live change within (since, until], in order of message time."""
    table, event = tables.Revision, tables.Event
    query = (
        select(table.body, table.message_time)
        .join(event, event.id == table.event_id)
        .where(event.epoch == 0, table.message_time > since, table.message_time <= until)
        .order_by(table.message_time, table.created_at, table.event_id, table.revision)
        .execution_options(yield_per=AT_ONCE)
    )
    for row in connection.execute(query):
        yield Moment(EventChanged.model_validate(row.body), row.message_time)


def revisions_of(connection: Connection, event: UUID) -> dict[int, tuple[EventChanged, datetime, datetime]]:
    """The changes of one event, by revision: each with its message time and when it was made."""
    table = tables.Revision
    rows = connection.execute(select(table).where(table.event_id == event).order_by(table.revision))
    return {row.revision: (EventChanged.model_validate(row.body), row.message_time, row.created_at) for row in rows}


@dataclass(frozen=True)
class Version:
    rule: Rule
    version: int
    created_by: str
    created_at: datetime


def versions(connection: Connection, rule: str) -> list[Version]:
    """Every version of a rule that can still be read, oldest first."""
    table = tables.Rule
    found = []
    for row in connection.execute(select(table).where(table.id == rule).order_by(table.version)):
        try:
            found.append(Version(Rule.model_validate(row.definition), row.version, row.created_by, row.created_at))
        except ValidationError:
            continue
    return found
