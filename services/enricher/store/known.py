"""Known events with their reports: from memory what is as it was, the rest from its tables."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.store.remembered import Remembered
from services.enricher.store.statements import STAMP
from shared.contracts import EventSnapshot

LIVE = 0  # epoch

_STAMPS = text(f"SELECT {STAMP} AS stamp FROM events WHERE id = ANY(:ids) AND epoch = :epoch")  # noqa: S608
_EVENTS = text(f"""
    SELECT id, {STAMP} AS stamp, snapshot::text AS snapshot, alertable, pinned FROM events WHERE id = ANY(:ids)
""")  # noqa: S608
_REPORTS = text("SELECT event_id, record::text FROM reports WHERE event_id = ANY(:ids) ORDER BY message_time, id")


def stamps_of(connection: Connection, ids: Collection[UUID]) -> Sequence[str]:
    """Of these events, those of the live epoch."""
    return list(connection.scalars(_STAMPS, {"ids": list(ids), "epoch": LIVE}))


def read(connection: Connection, remembered: Remembered, stamps: Iterable[str]) -> Mapping[str, KnownEvent]:
    """The events of these stamps, which must be newest ones."""
    events, missing = {}, []
    for stamp in dict.fromkeys(stamps):
        if event := remembered.get(stamp):
            events[stamp] = event
        else:
            missing.append(UUID(stamp.partition("/")[0]))
    if missing:
        fetched = _fetch(connection, missing)
        for stamp, event in fetched.items():
            remembered.put(event, stamp)
        events |= fetched
    return events


def _fetch(connection: Connection, ids: Sequence[UUID]) -> dict[str, KnownEvent]:
    records: dict[UUID, list[ReportRecord]] = {event_id: [] for event_id in ids}
    for event_id, record in connection.execute(_REPORTS, {"ids": ids}):
        records[event_id].append(ReportRecord.model_validate_json(record))
    return {
        row.stamp: KnownEvent(
            row.id, EventSnapshot.model_validate_json(row.snapshot), row.alertable, tuple(records[row.id]), row.pinned
        )
        for row in connection.execute(_EVENTS, {"ids": ids})
    }
