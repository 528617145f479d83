"""What comes again, is taken back or comes in another order: on both stores where it matters, on real Postgres."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from services.enricher import model
from services.enricher.batch_link import BatchLinker
from services.enricher.domain.linking import ledger
from services.enricher.domain.linking.changes import link_article
from services.enricher.linker import Linker
from services.enricher.memory import MemoryStore
from services.enricher.service import read_article
from services.enricher.store import PostgresStore
from shared.codes import ArticleKind, AttackType, Change, EventStatus, WherePrecision
from shared.contracts import ArticleEnriched, EventChanged, Place
from shared.database.tables import Event, LedgerEntry, Report, Revision
from shared.ids import uuid7
from tests.builders import NOON, PESHAWAR, QUETTA, day, enriched, frame, toll
from tests.linking import changes, incoming, link

ARCHIVE = Path(__file__).parents[1] / "newsroom" / "archive.jsonl"
HOUR = timedelta(hours=1)
PARIS = Place(name="Paris", locality="Paris", country="FR", lat=48.857, lon=2.352, precision=WherePrecision.NEAR)


@cache
def archive() -> tuple[ArticleEnriched, ...]:
    """The newsroom's archive as `articles.enriched` carries it, in order of publication."""
    weights = model.load()
    return tuple(read_article(json.loads(line), weights) for line in ARCHIVE.read_text(encoding="utf-8").splitlines())


def through_service(engine: Engine, articles: Sequence[ArticleEnriched], batch: int = 20) -> list[EventChanged]:
    """By the linker of the stage, a transaction for each batch, message time as in batch mode."""
    linker, time, outcomes = Linker(), NOON, []
    for start in range(0, len(articles), batch):
        messages = []
        for article in articles[start : start + batch]:
            time = article.published_at or time
            messages.append(incoming(article, time))
        with engine.begin() as connection:
            outcomes += link(messages, connection, linker)
    return changes(outcomes)


def told(changed: Sequence[EventChanged]) -> list[Any]:
    """What was said, with events by number instead of id."""
    numbers: dict[UUID, int] = {}
    return [
        (
            numbers.setdefault(one.event_id, len(numbers)),
            *(one.revision, one.change, one.alertable, one.material),
            *(one.snapshot.killed, one.snapshot.place, one.snapshot.independent_sources),
        )
        for one in changed
    ]


def test_batch_mode_and_service_make_the_same_events_of_the_archive(engine: Engine) -> None:
    batch = BatchLinker()
    in_memory = []
    for article in archive():
        batch.time = article.published_at or (NOON if batch.time.year == 1970 else batch.time)
        in_memory += link_article(article, batch.time, batch.store, uuid7)
    in_postgres = through_service(engine, archive())
    assert told(in_postgres) == told(in_memory)
    assert len({change.event_id for change in in_postgres}) > 10


def test_replaying_the_topic_changes_nothing(engine: Engine) -> None:
    through_service(engine, archive())

    def everything() -> list[int]:
        with engine.connect() as connection:
            tables = (Event, Revision, Report, LedgerEntry)
            return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]

    before = everything()
    assert through_service(engine, archive()) == []
    assert everything() == before


def test_ledger_and_best_values_follow_from_the_reports_alone(engine: Engine) -> None:
    through_service(engine, archive())
    with engine.connect() as connection:
        store = PostgresStore(connection)
        ids = list(connection.scalars(select(Event.id).where(Event.merged_into.is_(None))))
        assert ids
        for event_id in ids:
            event = store.event(event_id)
            assert event is not None
            snapshot = event.snapshot
            again = ledger.assess(event_id, snapshot.revision, event.reports, {}, snapshot.related)
            assert again == snapshot
            on_ledger = connection.execute(
                select(LedgerEntry.report_id, LedgerEntry.field, LedgerEntry.value).where(
                    LedgerEntry.event_id == event_id
                )
            ).all()
            from_reports = [
                (report.report_id, field, value)
                for report in event.reports
                for field, value in ledger.frame_values(report.frame).items()
            ]
            assert _sorted(map(tuple, on_ledger)) == _sorted(from_reports)


def _sorted(entries: Iterable[Any]) -> list[str]:
    return sorted(json.dumps(entry, sort_keys=True, default=str) for entry in entries)


# Clear-cut: each attack has its own country, month, type, victims and words.
ATTACKS = (
    (PESHAWAR, "2023-01-30", AttackType.BOMBING_EXPLOSION, "mosque prayers collapsed roof policemen Nadeem Afridi"),
    (PARIS, "2023-03-04", AttackType.ARMED_ASSAULT, "cafe terrace kalashnikov waiter Camille Laurent boulevard"),
    (QUETTA, "2023-05-12", AttackType.HOSTAGE_TAKING_KIDNAPPING, "engineers dam convoy ransom Rahim Baloch tribesmen"),
)


def clear_cut() -> list[ArticleEnriched]:
    """Four reports of each attack within two days, by four papers."""
    return [
        enriched(
            f"paper{paper}/{place.name}",
            frame(place=place, date=day(date), attack_types=[kind], killed=toll(4 + paper)),
            published_at=day_of(date) + timedelta(hours=6 * paper),
            text=f"{words}. The attack in {place.name} was the worst in years. {words.title()} were named.",
        )
        for place, date, kind, words in ATTACKS
        for paper in range(4)
    ]


def day_of(text: str) -> Any:
    start = day(text).start
    return NOON.replace(year=start.year, month=start.month, day=start.day)


@given(order=st.permutations(range(12)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_of_a_clear_cut_archive_ends_in_the_same_partition(order: list[int]) -> None:
    articles, store = clear_cut(), MemoryStore()
    for index in order:
        link_article(articles[index], articles[index].published_at or NOON, store, uuid7)
    live = [event for event in store.events.values() if event.event_id not in store.merged]
    parts = {frozenset(report.title for report in event.reports) for event in live}
    assert parts == {frozenset(f"paper{paper}/{place.name}" for paper in range(4)) for place, *_ in ATTACKS}
    assert {event.snapshot.killed.best for event in live if event.snapshot.killed} == {7}


@given(again=st.lists(st.integers(0, 11), max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_comes_again_changes_nothing(again: list[int]) -> None:
    articles, store = clear_cut(), MemoryStore()
    for article in articles:
        link_article(article, article.published_at or NOON, store, uuid7)
    before = dict(store.events)
    for index in again:
        assert link_article(articles[index], NOON + 900 * HOUR, store, uuid7) == []
    assert store.events == before


def test_a_version_that_comes_late_does_not_undo_a_later_one(engine: Engine) -> None:
    old = enriched("caravel/1", frame(killed=toll(5)), version="1", fetched_at=NOON)
    new = enriched("caravel/1", frame(killed=toll(6)), version="2", fetched_at=NOON + HOUR)
    assert len(through_service(engine, [new])) == 1
    assert through_service(engine, [old]) == []


def test_what_a_source_takes_back_is_retracted_when_nobody_else_says_it(engine: Engine) -> None:
    gone = enriched("caravel/1", kind=ArticleKind.OTHER, version="2", fetched_at=NOON + HOUR)
    *_, changed = through_service(engine, [enriched("caravel/1", frame(killed=toll(5))), gone])
    assert (changed.change, changed.material, changed.snapshot.status) == (
        Change.RETRACTED, True, EventStatus.RETRACTED
    )  # fmt: skip
    (again,) = through_service(engine, [enriched("caravel/1", frame(), version="3", fetched_at=NOON + 2 * HOUR)])
    assert again.change == Change.CREATED


def test_what_one_of_two_sources_takes_back_stands_on_the_other(engine: Engine) -> None:
    gone = enriched("caravel/1", kind=ArticleKind.OTHER, version="2", fetched_at=NOON + 2 * HOUR)
    first, _, changed = through_service(
        engine,
        [
            enriched("caravel/1", frame(killed=toll(5))),
            enriched("ledger/1", frame(killed=toll(5)), published_at=NOON + HOUR),
            gone,
        ],
    )
    assert (changed.event_id, changed.change) == (first.event_id, Change.UPDATED)
    assert (changed.snapshot.status, changed.snapshot.independent_sources) == (EventStatus.UNCONFIRMED, 1)
    assert changed.reasons[0].field == "report"


def test_a_frame_that_moves_stays_with_its_event(engine: Engine) -> None:
    first, again = through_service(
        engine,
        [
            enriched("caravel/1", frame(killed=toll(5))),
            enriched("caravel/1", frame(role="mentioned", place=QUETTA), frame(killed=toll(6)), version="2"),
        ],
    )
    assert first.event_id == again.event_id
