"""Many articles in one transaction are linked as if each had one of its own: read ahead and written in the end."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy import event as events

from services.enricher.domain.linking import search
from services.enricher.domain.linking.changes import link_article
from services.enricher.linker import Linker
from services.enricher.memory import MemoryStore
from services.enricher.store import batch as batches
from shared.contracts import ArticleEnriched, EventChanged
from shared.database.tables import Event, LedgerEntry, RelatedEvents, Report, Revision, StoredArticle
from shared.ids import uuid7
from shared.stage import Incoming
from tests.benchmarks.news import news
from tests.builders import NOON, PESHAWAR, QUETTA, enriched, frame, toll
from tests.linking import changes, incoming, link

HOUR = timedelta(hours=1)
Messages = Sequence[Incoming[ArticleEnriched]]


def in_batches(engine: Engine, messages: Messages, size: int) -> list[EventChanged]:
    linker, outcomes = Linker(), []
    for start in range(0, len(messages), size):
        with engine.begin() as connection:
            outcomes += link(messages[start : start + size], connection, linker)
    return changes(outcomes)


def in_memory(messages: Messages) -> list[EventChanged]:
    store = MemoryStore()
    return [one for message in messages for one in link_article(message.body, message.time, store, uuid7)]


def told(changed: Sequence[EventChanged]) -> list[tuple[int, str]]:
    """Everything that was said, with events by number instead of id."""
    numbers: dict[str, int] = {}
    ids = [numbers.setdefault(str(one.event_id), len(numbers)) for one in changed]
    bodies = [one.model_dump_json(exclude={"event_id", "merged_from", "merged_into"}) for one in changed]
    for event_id, number in numbers.items():
        bodies = [body.replace(event_id, f"event {number}") for body in bodies]
    return list(zip(ids, bodies, strict=True))


@pytest.fixture(scope="module")
def busy() -> Messages:
    """An hour's news of a busy world."""
    return list(islice(news(per_day=5_000, seed=3), 160))


@pytest.mark.parametrize(("size", "ahead"), [(160, 32), (40, 7), (1, 32)])
def test_batches_make_the_same_events_as_one_after_the_other(
    engine: Engine, busy: Messages, size: int, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AHEAD", ahead)
    in_order = told(in_memory(busy))
    assert told(in_batches(engine, busy, size)) == in_order
    assert len({number for number, _ in in_order}) > 40


def test_a_search_that_is_cut_off_sees_what_changed_in_the_batch(
    engine: Engine, busy: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "CANDIDATES", 5)
    monkeypatch.setattr(search, "LEAST", 5)
    in_order = told(in_memory(busy))
    assert told(in_batches(engine, busy, 160)) == in_order


def test_events_that_only_tell_what_is_common_are_the_same_in_a_batch(engine: Engine, busy: Messages) -> None:
    quiet = busy[::8]  # too few for most questions to be filled by what fits
    in_order = told(in_memory(quiet))
    assert told(in_batches(engine, quiet, 20)) == in_order


def test_versions_relations_and_mergers_within_a_batch(engine: Engine) -> None:
    both = enriched("caravel/1", frame(killed=toll(3)), frame(place=QUETTA, killed=toll(1)))
    messages = [
        incoming(both),
        incoming(enriched("ledger/1", frame(killed=toll(4))), NOON + HOUR),
        incoming(enriched("caravel/1", frame(killed=toll(5)), version="2"), NOON + 2 * HOUR),
        incoming(enriched("caravel/1", frame(killed=toll(5)), version="2"), NOON + 3 * HOUR),
        incoming(enriched("herald/1", frame(place=PESHAWAR, killed=toll(6))), NOON + 4 * HOUR),
    ]
    assert told(in_batches(engine, messages, 5)) == told(in_memory(messages))


def test_tables_hold_the_same_however_articles_are_batched(engine: Engine, busy: Messages) -> None:
    in_batches(engine, busy[:60], 60)
    tables = (StoredArticle, Event, Revision, Report, LedgerEntry, RelatedEvents)

    def counted() -> list[int]:
        with engine.connect() as connection:
            return [connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    at_once = counted()
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE articles, events CASCADE"))
    in_batches(engine, busy[:60], 1)
    assert counted() == at_once
    assert at_once[0] == 60


def test_a_batch_takes_few_statements(engine: Engine, busy: Messages) -> None:
    in_batches(engine, busy[:32], 32)
    sent: list[str] = []
    events.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: sent.append(statement))
    in_batches(engine, busy[32:64], 32)
    assert len(sent) <= 16, sent
