"""Reads the books of a run: from the topics, the tables and what the sinks got, never from counters.

The topics are followed by consumers of their own groups, so that nothing is read twice while a run goes on.
"""

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from deploy.local.books import Books, HandOver, StageBook
from shared.brokers.interface import Broker, Received
from shared.contracts import (
    ARTICLES_ENRICHED,
    ARTICLES_FETCHED,
    ARTICLES_PARSED,
    DEAD_LETTERS,
    EVENTS_CHANGED,
    OUTCOMES,
    TOPICS,
    Topic,
)
from shared.envelope import message_key

_POLL_SECONDS = 0.1
_BATCH = 500


@dataclass
class TopicBook:
    """The distinct messages of a topic."""

    times: Counter[str] = field(default_factory=Counter)  # message id -> how often it stands there
    causes: set[str] = field(default_factory=set)  # ids of the messages that these come from
    keys: set[str] = field(default_factory=set)

    def add(self, received: Received) -> None:
        self.times[message_key(received)] += 1
        self.keys.add((received.key or b"").decode())
        if cause := received.headers.get("ce_causationid"):
            self.causes.add(cause)

    @property
    def ids(self) -> set[str]:
        return set(self.times)

    @property
    def again(self) -> int:
        return self.times.total() - len(self.times)


class Topics:
    """All topics of the pipeline as far as they have been read."""

    def __init__(self, broker: Broker) -> None:
        group = f"books-{uuid.uuid4().hex[:12]}"
        self._consumers = {topic.name: broker.consumer(f"{group}-{topic.name}", topic.name, _BATCH) for topic in TOPICS}
        self._books: dict[str, TopicBook] = defaultdict(TopicBook)
        self.filtered: dict[str, dict[str, str]] = defaultdict(dict)  # stage -> message id -> reason
        self.dead: dict[str, set[str]] = defaultdict(set)  # stage -> message ids
        self.changes: dict[str, tuple[str, int]] = {}  # id on events.changed -> event id and revision

    def __getitem__(self, topic: Topic) -> TopicBook:
        return self._books[topic.name]

    def read(self) -> None:
        """Read on until nothing more comes."""
        for name, consumer in self._consumers.items():
            while batch := consumer.poll(_POLL_SECONDS):
                for records in batch.values():
                    for received in records:
                        self._add(name, received)

    def close(self) -> None:
        for consumer in self._consumers.values():
            consumer.close()

    def _add(self, topic: str, received: Received) -> None:
        self._books[topic].add(received)
        if topic == OUTCOMES.name:
            body = OUTCOMES.message.model_validate_json(received.value).model_dump()
            self.filtered[body["stage"]][body["message_id"]] = body["reason"]
        elif topic == DEAD_LETTERS.name:
            stage = json.loads(received.value)["stage"]
            self.dead[stage].add(received.headers["ce_causationid"])
        elif topic == EVENTS_CHANGED.name and (change := _change(received.value)):
            self.changes[message_key(received)] = change


def read(topics: Topics, engine: Engine, articles: Collection[str], received: Sequence[str]) -> Books:
    """The books as they stand. `articles`: ids of the articles that were served; `received`: delivery ids, one for each
    message that a sink got."""
    topics.read()
    with engine.connect() as connection:
        fetcher = _fetcher(connection, topics)
        link = _stateful(connection, topics, "link", ARTICLES_ENRICHED, topics[EVENTS_CHANGED].ids)
        delivery, rows = _delivery(connection, received)
        queued = {str(row.id) for row in rows if row.event_id is not None}
        alerting = _stateful(connection, topics, "alerting", EVENTS_CHANGED, queued)
        waiting = connection.scalar(text("SELECT count(*) FROM outbox"))
    causes = topics[EVENTS_CHANGED].causes
    told = {(str(row.event_id), row.revision) for row in rows if row.event_id is not None}
    return Books(
        [
            fetcher,
            _stateless(topics, "parser", ARTICLES_FETCHED, ARTICLES_PARSED),
            _stateless(topics, "extract", ARTICLES_PARSED, ARTICLES_ENRICHED),
            link,
            alerting,
            delivery,
        ],
        [
            HandOver("newsroom to fetcher", set(articles), fetcher.took),
            HandOver("fetcher to parser", fetcher.produced, topics[ARTICLES_FETCHED].keys),
            HandOver("outbox to topics", {f"{waiting} rows"} if waiting else set(), set()),
            HandOver("link to its causes", causes & link.produced, causes),
            HandOver("link to dead letters", link.dead, link.dead & topics.dead["link"]),
            HandOver("alerting to dead letters", alerting.dead, alerting.dead & topics.dead["alerting"]),
            HandOver("alerting to delivery", _names(topics, alerting.produced), {_name(change) for change in told}),
            HandOver("delivery to sinks", delivery.produced, set(received)),
        ],
    )


def _fetcher(connection: Connection, topics: Topics) -> StageBook:
    """The fetcher's books are its entries."""
    rows = connection.execute(text("SELECT article_id, outcome, reason FROM entries")).all()
    by = _by_outcome(rows)
    return StageBook(
        "fetcher",
        took={str(row.article_id) for row in rows},
        produced=set(by["produced"]),
        filtered=by["filtered"],
        dead=set(by["dead"]),
        sent=topics[ARTICLES_FETCHED].ids,
    )


def _stateless(topics: Topics, stage: str, reads: Topic, writes: Topic) -> StageBook:
    """A stateless stage's books are what it wrote: each message names its cause."""
    return StageBook(
        stage,
        took=topics[reads].ids,
        produced=topics[writes].causes,
        filtered=topics.filtered[stage],
        dead=topics.dead[stage] - topics[writes].causes - topics.filtered[stage].keys(),  # some were put back
        sent=topics[writes].ids,
        duplicate=topics[reads].again,
    )


def _stateful(connection: Connection, topics: Topics, stage: str, reads: Topic, sent: set[str]) -> StageBook:
    """A stateful stage's books are its inbox."""
    query = text("SELECT message_id AS id, outcome, reason, redeliveries FROM inbox WHERE consumer = :stage")
    rows = connection.execute(query, {"stage": stage}).all()
    by = _by_outcome(rows)
    return StageBook(
        stage,
        took=topics[reads].ids,
        produced=set(by["produced"]),
        filtered=by["filtered"],
        dead=set(by["dead"]),
        sent=sent,
        duplicate=sum(row.redeliveries for row in rows),
    )


def _delivery(connection: Connection, received: Sequence[str]) -> tuple[StageBook, Sequence[Row[Any]]]:
    """The delivery's books are its table; what it sent is what the sinks got."""
    rows = connection.execute(text("SELECT id, event_id, revision, state FROM deliveries")).all()
    states: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        states[row.state].add(str(row.id))
    book = StageBook(
        "delivery",
        took={str(row.id) for row in rows},
        produced=states["sent"],
        filtered=dict.fromkeys(states["held"], "held"),
        dead=states["dead"],
        sent=set(received),
        duplicate=len(received) - len(set(received)),
    )
    return book, rows


def _by_outcome(rows: Sequence[Row[Any]]) -> dict[str, dict[str, str]]:
    by: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.outcome is not None:
            by[row.outcome][str(row[0])] = row.reason or ""
    return by


def _change(value: bytes) -> tuple[str, int] | None:
    """Event id and revision of a message on events.changed; None where it has none (a dead letter to be)."""
    try:
        body = json.loads(value)
        return str(body["event_id"]), int(body["revision"])
    except (ValueError, KeyError, TypeError):
        return None


def _names(topics: Topics, messages: Collection[str]) -> set[str]:
    return {_name(topics.changes[message]) for message in messages if message in topics.changes}


def _name(change: tuple[str, int]) -> str:
    return f"{change[0]} revision {change[1]}"
