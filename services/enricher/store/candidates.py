"""`linking.search` as SQL: the events nearest in time, each kind of nearness by an index of its own, never a scan.

Every branch of the query walks one index in order of time, away from the report to both sides, and stops at the limit;
so its cost does not grow with the table. A place is looked up by its cell, a degree of latitude and one of longitude.
"""

from typing import Any

from sqlalchemy import Connection, TextClause, text

from services.enricher.domain.linking.search import LONGEST_DATE, Search, cells
from services.enricher.store.statements import STAMP
from shared.database.tables import COARSE, POINTED


def find(connection: Connection, epoch: int, asked: Search) -> list[str]:
    """Stamps of the events that `search.could_be` lets through, nearest in time first, `asked.limit` at most."""
    return list(connection.scalars(_statement(asked), parameters(epoch, asked)))


def explain(connection: Connection, epoch: int, asked: Search) -> str:
    """The plan by which PostgreSQL would answer."""
    statement = text(f"EXPLAIN {_statement(asked).text}")
    return "\n".join(connection.scalars(statement, parameters(epoch, asked)))


def _statement(asked: Search) -> TextClause:
    return _BY_PLACE if asked.box and asked.country else _BY_COUNTRY if asked.country else _ANYWHERE


def parameters(epoch: int, asked: Search) -> dict[str, Any]:
    box, happened = asked.box, asked.happened
    near = asked.near if box else (None, None)
    anywhere = asked.newest if box else asked.reported
    return {
        "epoch": epoch,
        "country": asked.country,
        "around": asked.around,
        "most": asked.limit,
        "cells": [lat * 360 + lon for lat, lon in cells(box)] if box else [],
        **(box.degrees() if box else dict.fromkeys(("south", "north", "west", "east"))),
        "near_from": near[0],
        "near_to": near[1],
        "newest_from": asked.newest[0],
        "newest_to": asked.newest[1],
        "reported_from": asked.reported[0],
        "reported_to": asked.reported[1],
        "anywhere_from": anywhere[0],
        "anywhere_to": anywhere[1],
        "happened_from": happened[0] if happened else None,
        "happened_to": happened[1] if happened else None,
        "earliest": happened[0] - LONGEST_DATE if happened else None,
        "longest": LONGEST_DATE.days,
    }


_KNOWN = "SELECT id, xmin, revision, last_reported_at FROM events WHERE epoch = :epoch AND merged_into IS NULL"
_INSIDE = f"cell = looked AND lat BETWEEN :south AND :north AND lon BETWEEN :west AND :east AND {POINTED}"
_DATED = """
    date_start BETWEEN CAST(:earliest AS date) AND CAST(:happened_to AS date)
    AND date_end >= CAST(:happened_from AS date) AND date_end - date_start <= :longest
"""


def _walk(where: str, span: str) -> str:
    """Both ways from the report's time, within the span."""
    back = f"last_reported_at BETWEEN :{span}_from AND :around"
    on = f"last_reported_at > :around AND last_reported_at <= :{span}_to"
    return f"""
        (({_KNOWN} AND {where} AND {back} ORDER BY last_reported_at DESC LIMIT :most)
        UNION ALL ({_KNOWN} AND {where} AND {on} ORDER BY last_reported_at LIMIT :most))
    """


def _in_cells(branch: str) -> str:
    return f"SELECT found.* FROM unnest(CAST(:cells AS int[])) AS looked, LATERAL ({branch}) AS found"  # noqa: S608


def _nearest(*branches: str) -> TextClause:
    return text(f"""
        SELECT min({STAMP}) AS stamp FROM ({" UNION ALL ".join(branches)}) AS known
        GROUP BY id, last_reported_at
        ORDER BY abs(extract(epoch FROM last_reported_at - CAST(:around AS timestamptz))), id LIMIT :most
    """)  # noqa: S608 - made of the constants above


_HERE = (_in_cells(_walk(_INSIDE, "near")), _in_cells(f"{_KNOWN} AND {_INSIDE} AND {_DATED}"))
_NOWHERE = (_walk("country IS NULL", "reported"), f"{_KNOWN} AND country IS NULL AND {_DATED}")
_BY_PLACE = _nearest(
    *_HERE,
    _walk("country = :country", "newest"),
    _walk(f"country = :country AND {COARSE}", "reported"),
    f"{_KNOWN} AND country = :country AND {COARSE} AND {_DATED}",
    *_NOWHERE,
)
_BY_COUNTRY = _nearest(
    _walk("country = :country", "reported"), f"{_KNOWN} AND country = :country AND {_DATED}", *_NOWHERE
)
_ANYWHERE = _nearest(*_HERE, _walk("true", "anywhere"))
