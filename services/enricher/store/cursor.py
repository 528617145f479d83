"""The API's gap-free cursor over what was published on `events.changed`."""

from collections.abc import Sequence

from sqlalchemy import Connection, Text, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from shared.database.tables import PublishedChange


def number_published(connection: Connection, changes: Sequence[tuple[str, int]]) -> None:
    """Append (event id, revision) to the cursor without a gap; what is on it already keeps its place.

    Only the relay calls this, and there is one at a time.
    """
    if not changes:
        return
    last = connection.execute(select(func.coalesce(func.max(PublishedChange.cursor), 0))).scalar_one()
    known = set(
        connection.execute(
            select(cast(PublishedChange.event_id, Text), PublishedChange.revision).where(
                tuple_(cast(PublishedChange.event_id, Text), PublishedChange.revision).in_(changes)
            )
        )
    )
    new = [change for change in dict.fromkeys(changes) if change not in known]
    if new:
        rows = [{"cursor": last + n, "event_id": e, "revision": r} for n, (e, r) in enumerate(new, start=1)]
        connection.execute(insert(PublishedChange), rows)
