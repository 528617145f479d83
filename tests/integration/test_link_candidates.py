"""Candidates on real Postgres: the same that `search.could_be` lets through, with others where these are few, and by
index whatever the question."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text

from services.enricher.domain.linking.reports import ReportRecord
from services.enricher.domain.linking.search import LEAST, Search, could_be, search
from services.enricher.store import candidates
from shared.contracts import EventSnapshot
from shared.database.session import make_engine
from shared.database.tables import Event
from tests.benchmarks.population import populate
from tests.benchmarks.world import World

EVENTS, REPORTS = 2_000, 80


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    populate(database_url, EVENTS, 1)
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def questions() -> Sequence[Search]:
    """Of later reports; some as if they named no place, only the country, or no country; some about long ago."""
    attacks = list(islice(World().later(per_day=5, seed=7), REPORTS))
    records = [ReportRecord.model_validate(attack.reports[0]) for attack in attacks]
    for number in range(60, REPORTS):
        records[number] = _earlier(records[number], timedelta(days=10 * number))
    asked = [search(record) for record in records]
    asked[20:40] = [replace(one, box=None) for one in asked[20:40]]
    asked[40:50] = [replace(one, country=None) for one in asked[40:50]]
    asked[50:60] = [replace(one, country=None, box=None) for one in asked[50:60]]
    return asked


def _earlier(record: ReportRecord, by: timedelta) -> ReportRecord:
    when = record.frame.date
    date = when and when.model_copy(update={"start": when.start - by, "end": when.end - by})
    said = {"published_at": record.said_at - by, "message_time": record.message_time - by}
    return record.model_copy(update={**said, "frame": record.frame.model_copy(update={"date": date})})


def test_the_same_events_as_without_an_index(engine: Engine) -> None:
    with engine.connect() as connection:
        rows = connection.execute(select(Event.id, Event.snapshot)).all()
        known = {row.id: EventSnapshot.model_validate(row.snapshot) for row in rows}
        sizes, all_found = [], candidates.find(connection, 0, questions())
        for asked in questions():
            by_time = sorted(known, key=lambda one: (abs(known[one].last_reported_at - asked.around), one))
            fitting = [one for one in by_time if could_be(known[one], asked)]
            others = [one for one in by_time if one not in fitting]
            found, beside = ([UUID(stamp.partition("/")[0]) for stamp in some] for some in all_found[asked])
            assert found == fitting[: asked.limit]
            assert beside == others[: max(0, asked.least - len(found))]
            sizes.append(len(found))
    assert sum(size > 3 for size in sizes) > len(sizes) / 2, "else this says little"
    assert sum(0 < size < LEAST for size in sizes) > len(sizes) / 4, "else this says little of the others"


def test_every_question_is_answered_from_indexes(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # what has no index is scanned all the same
        for asked in questions():
            plan = candidates.explain(connection, 0, asked)
            assert "Seq Scan on events" not in plan, plan
            assert "Index Scan" in plan
