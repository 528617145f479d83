"""The record of sources: which of their events a person confirmed or rejected, and the letter that follows."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.enricher.domain.linking.corroboration import grade
from services.enricher.domain.linking.reports import KnownEvent
from shared.codes import EventStatus, Reliability
from shared.database.tables import SourceRecord

_VERDICT = {EventStatus.CONFIRMED: (1, 0), EventStatus.REJECTED: (0, 1)}


def judge(connection: Connection, before: KnownEvent, pinned: Mapping[str, Any]) -> None:
    """Count what a review says of an event for those who reported it by then; what it said before counts no more.

    `before`: the event as it was, `pinned`: what a person says of it now.
    """
    old, new = _verdict(before.pinned), _verdict(pinned)
    if old == new:
        return
    by = {"held": new[0] - old[0], "failed": new[1] - old[1]}
    for source in sorted({report.teller for report in before.reports}):
        _count(connection, source, by)


def set_grade(connection: Connection, source: str, letter: Reliability | None) -> None:
    """A person's letter for a source; null: its record decides."""
    row = insert(SourceRecord).values(source=source, graded=letter)
    connection.execute(
        row.on_conflict_do_update(index_elements=["source"], set_={"graded": letter, "updated_at": func.now()})
    )


def records(connection: Connection) -> Sequence[RowMapping]:
    """Every source with a record, by name."""
    return connection.execute(select(SourceRecord.__table__).order_by(SourceRecord.source)).mappings().all()


def _verdict(pinned: Mapping[str, Any]) -> tuple[int, int]:
    return _VERDICT.get(pinned.get("status", ""), (0, 0))


def _count(connection: Connection, source: str, by: Mapping[str, int]) -> None:
    counted = {field: max(0, more) for field, more in by.items()}
    known = {field: func.greatest(0, getattr(SourceRecord, field) + more) for field, more in by.items()}
    row = connection.execute(
        insert(SourceRecord)
        .values(source=source, **counted)
        .on_conflict_do_update(index_elements=["source"], set_={**known, "updated_at": func.now()})
        .returning(SourceRecord.held, SourceRecord.failed)
    ).one()
    letter = grade(row.held, row.failed)
    connection.execute(update(SourceRecord).where(SourceRecord.source == source).values(reliability=letter))
