"""`linking.search` as SQL: the events nearest in time, each kind of nearness by an index of its own, never a scan.

Every branch of the query walks one index in order of time, away from the report to both sides, and stops at the limit;
so its cost does not grow with the table. A place is looked up by its cell, a degree of latitude and one of longitude.
Many questions go in one statement, as rows of a JSON document.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection, TextClause, text

from services.enricher.domain.linking.search import LONGEST_DATE, Search, cells
from services.enricher.store.statements import STAMP
from shared.database.tables import COARSE, POINTED


class Stamps(NamedTuple):
    """As `search.Found`, of each event its stamp."""

    fitting: Sequence[str]
    others: Sequence[str]


def find(connection: Connection, epoch: int, questions: Iterable[Search]) -> dict[Search, Stamps]:
    """The events that `search.could_be` lets through, `limit` of each at most, and `least` with others."""
    found: dict[Search, Stamps] = {}
    for statement, asked in _by_statement(questions):
        rows = connection.execute(statement, _parameters(epoch, asked))
        found |= {asked[row.number]: Stamps(row.fitting or [], row.others or []) for row in rows}
    return found


def explain(connection: Connection, epoch: int, asked: Search) -> str:
    """The plan by which PostgreSQL would answer."""
    ((statement, questions),) = _by_statement([asked])
    return "\n".join(connection.scalars(text(f"EXPLAIN {statement.text}"), _parameters(epoch, questions)))


def _by_statement(questions: Iterable[Search]) -> Iterator[tuple[TextClause, Sequence[Search]]]:
    """Each question once, with the statement that answers it."""
    kinds: dict[TextClause, list[Search]] = defaultdict(list)
    for asked in dict.fromkeys(questions):
        kinds[_BY_PLACE if asked.box and asked.country else _BY_COUNTRY if asked.country else _ANYWHERE].append(asked)
    return iter(kinds.items())


def _parameters(epoch: int, questions: Iterable[Search]) -> dict[str, Any]:
    rows = [{"number": number, **_row(asked)} for number, asked in enumerate(questions)]
    return {"epoch": epoch, "longest": LONGEST_DATE.days, "questions": to_json(rows).decode()}


def _row(asked: Search) -> dict[str, Any]:
    box, happened = asked.box, asked.happened
    near = asked.near if box else (None, None)
    anywhere = asked.newest if box else asked.reported
    return {
        "country": asked.country,
        "around": asked.around,
        "most": asked.limit,
        "least": asked.least,
        "cells": [lat * 360 + lon for lat, lon in cells(box)] if box else [],
        **(box.degrees() if box else {}),
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
    }


_QUESTION = """
    number int, country text, around timestamptz, most int, least int, cells int[],
    south float, north float, west float, east float,
    near_from timestamptz, near_to timestamptz, newest_from timestamptz, newest_to timestamptz,
    reported_from timestamptz, reported_to timestamptz, anywhere_from timestamptz, anywhere_to timestamptz,
    happened_from date, happened_to date, earliest date
"""
_KNOWN = "SELECT id, xmin, revision, last_reported_at FROM events WHERE epoch = :epoch AND merged_into IS NULL"
_COUNTRY = "country = asked.country"
_INSIDE = (
    f"cell = looked AND lat BETWEEN asked.south AND asked.north AND lon BETWEEN asked.west AND asked.east AND {POINTED}"
)
_DATED = (
    "date_start BETWEEN asked.earliest AND asked.happened_to AND date_end >= asked.happened_from"
    " AND date_end - date_start <= :longest"
)


def _walk(where: str, span: str) -> str:
    """Both ways from the report's time, within the span."""
    back = f"last_reported_at BETWEEN asked.{span}_from AND asked.around"
    on = f"last_reported_at > asked.around AND last_reported_at <= asked.{span}_to"
    return f"""
        (({_KNOWN} AND {where} AND {back} ORDER BY last_reported_at DESC LIMIT asked.most)
        UNION ALL ({_KNOWN} AND {where} AND {on} ORDER BY last_reported_at LIMIT asked.most))
    """


def _in_cells(branch: str) -> str:
    return f"SELECT found.* FROM unnest(asked.cells) AS looked, LATERAL ({branch}) AS found"  # noqa: S608


def _nearest(*branches: str) -> TextClause:
    return text(f"""
        SELECT number, fitting, others
        FROM json_to_recordset(CAST(:questions AS json)) AS asked ({_QUESTION}), LATERAL (
            WITH nearest AS MATERIALIZED (
                SELECT *, {_APART} FROM ({" UNION ".join(branches)}) AS known ORDER BY apart, id LIMIT asked.most
            ), beside AS (
                SELECT *, {_APART} FROM ({_ANY}) AS known WHERE id NOT IN (SELECT id FROM nearest)
                ORDER BY apart, id LIMIT greatest(0, asked.least - (SELECT count(*) FROM nearest))
            )
            SELECT (SELECT array_agg({STAMP} ORDER BY apart, id) FROM nearest) AS fitting,
                (SELECT array_agg({STAMP} ORDER BY apart, id) FROM beside) AS others
        ) AS found
    """)  # noqa: S608 - made of the constants above


_FEW = "CASE WHEN (SELECT count(*) FROM nearest) < asked.least THEN asked.least ELSE 0 END"
_ANY = f"""
    (({_KNOWN} AND last_reported_at <= asked.around ORDER BY last_reported_at DESC, id LIMIT {_FEW})
    UNION ALL ({_KNOWN} AND last_reported_at > asked.around ORDER BY last_reported_at, id LIMIT {_FEW}))
"""
_APART = "greatest(last_reported_at - asked.around, asked.around - last_reported_at) AS apart"
_HERE = (_in_cells(_walk(_INSIDE, "near")), _in_cells(f"{_KNOWN} AND {_INSIDE} AND {_DATED}"))
_NOWHERE = (_walk("country IS NULL", "reported"), f"{_KNOWN} AND country IS NULL AND {_DATED}")
_BY_PLACE = _nearest(
    *_HERE,
    _walk(_COUNTRY, "newest"),
    _walk(f"{_COUNTRY} AND {COARSE}", "reported"),
    f"{_KNOWN} AND {_COUNTRY} AND {COARSE} AND {_DATED}",
    *_NOWHERE,
)
_BY_COUNTRY = _nearest(_walk(_COUNTRY, "reported"), f"{_KNOWN} AND {_COUNTRY} AND {_DATED}", *_NOWHERE)
_ANYWHERE = _nearest(*_HERE, _walk("true", "anywhere"))
