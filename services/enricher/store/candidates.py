"""`linking.search` as conditions on the table of events."""

from sqlalchemy import ColumnElement, and_, or_

from services.enricher.domain.linking.search import Box, Search
from shared.codes import WherePrecision
from shared.database.tables import Event


def conditions(asked: Search) -> list[ColumnElement[bool]]:
    """`search.could_be`, for the index."""
    newest = Event.last_reported_at.between(*asked.newest)
    reported = Event.last_reported_at.between(*asked.reported)
    in_time = or_(reported, _dated_within(asked)) if asked.happened else reported
    asked_for = [or_(newest, and_(in_time, _near(asked.box))) if asked.box else in_time]
    if asked.country:
        asked_for.append(or_(Event.country == asked.country, Event.country.is_(None)))
    return asked_for


def _near(box: Box) -> ColumnElement[bool]:
    inside = and_(Event.lat.between(box.south, box.north), Event.lon.between(box.west, box.east))
    return or_(Event.lat.is_(None), Event.place_precision >= WherePrecision.PROVINCE, inside)


def _dated_within(asked: Search) -> ColumnElement[bool]:
    assert asked.happened is not None  # noqa: S101 - the caller asked
    return and_(Event.date_start <= asked.happened[1], Event.date_end >= asked.happened[0])
