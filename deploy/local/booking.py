"""Reads the books of a run: from the topics, the tables and what the sinks got, never from counters.

The topics are followed by one reader, so that nothing is read twice while a run goes on.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, Row, text

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

_POLL_SECONDS = 0.02
_BATCH = 500
_OUTCOMES = ("produced", "filtered", "dead")


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
        self._reader = broker.reader([topic.name for topic in TOPICS], _BATCH)
        self._books: dict[str, TopicBook] = defaultdict(TopicBook)
        self.filtered: dict[str, dict[str, str]] = defaultdict(dict)  # stage -> message id -> reason
        self.dead: dict[str, set[str]] = defaultdict(set)  # stage -> message ids
        self.changes: dict[str, tuple[str, int]] = {}  # id on events.changed -> event id and revision

    def __getitem__(self, topic: Topic) -> TopicBook:
        return self._books[topic.name]

    def read(self) -> None:
        """Read on until nothing more comes."""
        while batch := self._reader.poll(_POLL_SECONDS):
            for records in batch.values():
                for received in records:
                    self._add(received)

    def close(self) -> None:
        self._reader.close()

    def _add(self, received: Received) -> None:
        topic = received.partition.topic
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
    message that a sink got.

    Tables are read before topics: what a table says was sent is on its topic then, so books that balance are complete.
    """
    tables = _tables(engine)
    topics.read()
    delivery = _delivery(tables.deliveries, received)
    # the others are digests, tests and acknowledgements
    told = [row for row in tables.deliveries if row.event_id is not None and row.revision is not None]
    fetcher = _fetcher(tables.entries, topics)
    link = _stateful("link", tables.inbox, topics[ARTICLES_ENRICHED].ids, topics[EVENTS_CHANGED].ids)
    alerting = _stateful("alerting", tables.inbox, topics[EVENTS_CHANGED].ids, {str(row.id) for row in told})
    causes = topics[EVENTS_CHANGED].causes
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
            HandOver("outbox to topics", {f"{tables.outbox} rows"} if tables.outbox else set(), set()),
            HandOver("link to its causes", causes & link.produced, causes),
            HandOver("link to dead letters", link.dead, link.dead & topics.dead["link"]),
            HandOver("alerting to dead letters", alerting.dead, alerting.dead & topics.dead["alerting"]),
            HandOver(
                "alerting to delivery",
                {_name(*topics.changes[message]) for message in alerting.produced & topics.changes.keys()},
                {_name(str(row.event_id), row.revision) for row in told},
            ),
            HandOver("delivery to sinks", delivery.produced, set(received)),
        ],
    )


@dataclass(frozen=True)
class _Tables:
    entries: Sequence[Row[Any]]
    inbox: Sequence[Row[Any]]
    deliveries: Sequence[Row[Any]]
    outbox: int  # rows that wait to be sent


def _tables(engine: Engine) -> _Tables:
    with engine.connect() as connection:
        return _Tables(
            connection.execute(text("SELECT article_id AS id, outcome, reason FROM entries")).all(),
            connection.execute(
                text("SELECT consumer, message_id AS id, outcome, reason, redeliveries FROM inbox")
            ).all(),
            connection.execute(text("SELECT id, event_id, revision, state FROM deliveries")).all(),
            connection.execute(text("SELECT count(*) FROM outbox")).scalar_one(),
        )


def _fetcher(entries: Sequence[Row[Any]], topics: Topics) -> StageBook:
    """The fetcher's books are its entries."""
    took = {str(row.id) for row in entries}
    return StageBook("fetcher", took, **_outcomes(entries), sent=topics[ARTICLES_FETCHED].ids)


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


def _stateful(stage: str, inbox: Sequence[Row[Any]], took: set[str], sent: set[str]) -> StageBook:
    """A stateful stage's books are its inbox."""
    rows = [row for row in inbox if row.consumer == stage]
    return StageBook(stage, took, **_outcomes(rows), sent=sent, duplicate=sum(row.redeliveries for row in rows))


def _delivery(deliveries: Sequence[Row[Any]], received: Sequence[str]) -> StageBook:
    """The delivery's books are its table; what it sent is what the sinks got."""
    states: dict[str, set[str]] = defaultdict(set)
    for row in deliveries:
        states[row.state].add(str(row.id))
    return StageBook(
        "delivery",
        took={str(row.id) for row in deliveries},
        produced=states["sent"],
        filtered=dict.fromkeys(states["held"], "held"),
        dead=states["dead"],
        sent=set(received),
        duplicate=len(received) - len(set(received)),
    )


def _outcomes(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    """What was produced, filtered and given up, as `StageBook` wants it."""
    by = {name: {str(row.id): row.reason or "" for row in rows if row.outcome == name} for name in _OUTCOMES}
    return {"produced": set(by["produced"]), "filtered": by["filtered"], "dead": set(by["dead"])}


def _change(value: bytes) -> tuple[str, int] | None:
    """Event id and revision of a message on events.changed; None where it has none (a dead letter to be)."""
    try:
        body = json.loads(value)
        return str(body["event_id"]), int(body["revision"])
    except (ValueError, KeyError, TypeError):
        return None


def _name(event: str, revision: int) -> str:
    return f"{event} revision {revision}"
