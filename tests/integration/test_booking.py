"""The books of a small pipeline: real runtime and Postgres, a broker in memory, handlers that decide by the title."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest
from sqlalchemy import Connection, Engine, insert, text

from deploy.local import booking
from deploy.local.books import Books
from shared.brokers.memory import MemoryBroker
from shared.codes import ArticleKind, Change, DeliveryState, EventStatus
from shared.contracts import (
    ARTICLES_ENRICHED,
    ARTICLES_FETCHED,
    ARTICLES_PARSED,
    EVENTS_CHANGED,
    ArticleEnriched,
    ArticleFetched,
    ArticleParsed,
    EventChanged,
    EventSnapshot,
    Extraction,
    FeedHints,
    message_id,
)
from shared.database.session import make_engine
from shared.database.tables import Delivery, Destination, Entry, Feed
from shared.envelope import encode
from shared.outbox import Relay
from shared.stage import (
    Filtered,
    Incoming,
    Outgoing,
    Produced,
    Rejected,
    Runtime,
    Stage,
    run_stateful,
    run_stateless,
)

NOW = datetime(2024, 3, 22, 18, 0, tzinfo=UTC)
TITLES = ["attack", "attack again", "quiet attack", "weather", "thin", "broken"]


def article_of(title: str) -> UUID:
    return uuid5(NAMESPACE_URL, title)


def parse(message: Incoming[ArticleFetched]) -> Produced | Filtered:
    title = message.body.hints.title or ""
    if title == "broken":
        raise Rejected("no page")
    if title == "thin":
        return Filtered("no text")
    fields = message.body.model_dump(include={"article_id", "version", "url", "feed_url", "source", "fetched_at"})
    parsed = ArticleParsed(**fields, title=title, text=title, published_at=NOW)
    return Produced([Outgoing(ARTICLES_PARSED, title, parsed, message_id(ARTICLES_PARSED, title))])


def extract(message: Incoming[ArticleParsed]) -> Produced:
    extraction = Extraction(kind=ArticleKind.ATTACK_REPORT, score=1, extractor="test")
    enriched = ArticleEnriched(**dict(message.body), extraction=extraction)
    identity = message_id(ARTICLES_ENRICHED, message.body.title)
    return Produced([Outgoing(ARTICLES_ENRICHED, "XX", enriched, identity)])


def link(message: Incoming[ArticleEnriched], connection: Connection) -> Produced | Filtered:
    title = message.body.title or ""
    if "attack" not in title:
        return Filtered("other")
    event = article_of(f"event of {title}")
    snapshot = EventSnapshot(
        event_id=event,
        revision=1,
        status=EventStatus.UNCONFIRMED,
        score=1,
        independent_sources=1,
        first_reported_at=NOW,
        last_reported_at=NOW,
    )
    changed = EventChanged(
        event_id=event,
        revision=1,
        change=Change.CREATED,
        material=True,
        alertable="quiet" not in title,
        snapshot=snapshot,
    )
    return Produced([Outgoing(EVENTS_CHANGED, str(event), changed, message_id(EVENTS_CHANGED, event, 1))])


def alert(message: Incoming[EventChanged], connection: Connection) -> Produced | Filtered:
    if not message.body.alertable:
        return Filtered("not alertable")
    delivery = {
        "id": uuid4(),
        "event_id": message.body.event_id,
        "revision": message.body.revision,
        "destination_id": "desk",
        "kind": "alert",
        "state": DeliveryState.SENT,
        "rule_ids": [],
        "content": {},
        "message_ref": "",
        "message_time": NOW,
    }
    connection.execute(insert(Delivery).values(delivery))
    return Produced()


class Pipeline:
    """All stages but the fetcher and the delivery, which the tests play."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.broker = MemoryBroker()
        self.runtime = Runtime(self.broker, poll_seconds=0.02)
        self.topics = booking.Topics(self.broker)
        with engine.begin() as connection:
            connection.execute(insert(Feed).values(id=1, url="http://x.invalid/feed", source="X"))
            connection.execute(insert(Destination).values(id="desk", channel="webhook", config={}))

    def fetch(self, title: str, outcome: str | None = "produced", reason: str | None = None) -> None:
        """What the fetcher does with an entry."""
        url = f"http://x.invalid/{title}"
        row = {"article_id": article_of(title), "feed_id": 1, "url": url, "hints": {}, "message_time": NOW}
        with self.engine.begin() as connection:
            connection.execute(insert(Entry).values(**row, outcome=outcome, reason=reason))
        if outcome == "produced":
            self.send(title)

    def send(self, title: str) -> None:
        fetched = ArticleFetched(
            article_id=article_of(title),
            version="1",
            url="http://x.invalid",
            feed_url="http://x.invalid/feed",
            source="X",
            fetched_at=NOW,
            body=base64.b64encode(b"x"),
            hints=FeedHints(title=title),
        )
        key = str(fetched.article_id)
        out = Outgoing(ARTICLES_FETCHED, key, fetched, message_id(ARTICLES_FETCHED, title), time=NOW)
        self.broker.producer().send([encode(out, "fetcher")])

    def delivered(self) -> list[str]:
        with self.engine.connect() as connection:
            return [str(delivery) for delivery in connection.scalars(text("SELECT id FROM deliveries"))]

    def read(self) -> Books:
        return booking.read(self.topics, self.engine, [str(article_of(title)) for title in TITLES], self.delivered())

    def run(self, done: Callable[[], bool]) -> None:
        """Let the stages work until `done`."""
        linking = Stage("link", ARTICLES_ENRICHED, (EVENTS_CHANGED,), link)
        alerting = Stage("alerting", EVENTS_CHANGED, (), alert)
        work = [
            partial(run_stateless, Stage("parser", ARTICLES_FETCHED, (ARTICLES_PARSED,), parse), self.runtime),
            partial(run_stateless, Stage("extract", ARTICLES_PARSED, (ARTICLES_ENRICHED,), extract), self.runtime),
            partial(run_stateful, linking, self.runtime, self.engine),
            partial(run_stateful, alerting, self.runtime, self.engine),
        ]
        threads = [threading.Thread(target=one, daemon=True) for one in work]
        relay = Relay(self.engine, self.broker, "link")
        relay.start()
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 20
        while not done() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.runtime.stop.set()
        for thread in threads:
            thread.join(10)
        relay.stop()


@pytest.fixture
def pipeline(database_url: str) -> Iterator[Pipeline]:
    engine = make_engine(database_url)
    pipeline = Pipeline(engine)
    yield pipeline
    pipeline.topics.close()
    engine.dispose()


def test_books_of_a_run_that_lost_nothing(pipeline: Pipeline) -> None:
    for title in TITLES[:-1]:
        pipeline.fetch(title)
    pipeline.fetch("broken")
    pipeline.send("attack")  # twice, as after a crash
    pipeline.run(lambda: pipeline.read().balanced)
    books = pipeline.read()
    assert books.faults() == []
    rows = {stage.name: stage.row() for stage in books.stages}
    assert rows["parser"] == {
        "in": 6,
        "produced": 4,
        "sent": 4,
        "filtered": {"no text": 1},
        "duplicate": 1,
        "dead": 1,
    }
    assert rows["extract"] | {"duplicate": None} == {
        "in": 4,
        "produced": 4,
        "sent": 4,
        "filtered": {},
        "duplicate": None,
        "dead": 0,
    }
    assert (rows["link"]["in"], rows["link"]["filtered"], rows["link"]["sent"]) == (4, {"other": 1}, 3)
    assert (rows["alerting"]["in"], rows["alerting"]["filtered"]) == (3, {"not alertable": 1})
    assert (rows["delivery"]["in"], rows["delivery"]["sent"]) == (2, 2)


def test_books_show_where_a_message_is(pipeline: Pipeline) -> None:
    pipeline.fetch("attack")
    pipeline.fetch("weather", outcome=None)
    pipeline.fetch("thin", outcome="filtered", reason="not modified")
    faults = pipeline.read().faults()
    assert [fault.partition(",")[0] for fault in faults] == [
        "fetcher: 1 have no outcome",
        "parser: 1 have no outcome",
        "newsroom to fetcher: 3 given and not got",
    ]
    assert str(article_of("weather")) in faults[0]


def test_books_show_an_alert_that_did_not_arrive_and_one_that_came_twice(pipeline: Pipeline) -> None:
    for title in TITLES:
        pipeline.fetch(title)
    pipeline.run(lambda: pipeline.read().balanced)
    first, second = pipeline.delivered()
    served = [str(article_of(title)) for title in TITLES]
    missing = booking.read(pipeline.topics, pipeline.engine, served, [first])
    assert missing.faults() == [f"delivery to sinks: 1 given and not got, such as {second}"]
    twice = booking.read(pipeline.topics, pipeline.engine, served, [first, second, second])
    assert twice.balanced
    assert twice.stages[-1].row()["duplicate"] == 1


def test_books_show_what_a_crashed_stage_made_up(pipeline: Pipeline) -> None:
    pipeline.fetch("attack")
    with pipeline.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO inbox (consumer, message_id, outcome) VALUES ('link', 'ghost', 'produced')")
        )
    faults = pipeline.read().faults()
    assert "link: 1 have an outcome and were never taken in, such as ghost" in faults
