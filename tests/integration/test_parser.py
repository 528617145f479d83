"""The parser as a stage: bad messages cost only themselves, and every message ends in one outcome."""

import base64
import threading
import time
from datetime import UTC, datetime
from functools import partial

from services.parser.service import Limits, handle
from shared.broker import MemoryBroker, Record
from shared.contracts import (
    ARTICLES_FETCHED,
    ARTICLES_PARSED,
    DEAD_LETTERS,
    OUTCOMES,
    ArticleFetched,
    ArticleParsed,
    DeadLetter,
    OutcomeRecorded,
    article_id,
    message_id,
)
from shared.envelope import encode
from shared.stage import Outgoing, Runtime, Stage, run_stateless

NOW = datetime(2024, 4, 1, 12, tzinfo=UTC)
SENTENCE = "At least two people were killed when a bomb went off at a market on Friday, police said. "
TOPICS = (ARTICLES_FETCHED, ARTICLES_PARSED, OUTCOMES, DEAD_LETTERS)


def fetched(name: str, body: str) -> Record:
    url = f"https://caravel.example/{name}"
    page = ArticleFetched(
        article_id=article_id(url),
        version="1",
        url=url,
        feed_url="https://caravel.example/feed",
        source="The Caravel",
        fetched_at=NOW,
        body=base64.b64encode(body.encode()),
    )
    return encode(Outgoing(ARTICLES_FETCHED, "key", page, message_id(ARTICLES_FETCHED, name), NOW), "test")


def test_every_message_ends_in_one_outcome() -> None:
    good = f"<html><head><title>x</title></head><body><h1>Blast</h1><p>{SENTENCE * 3}</p></body></html>"
    junk = fetched("junk", good)._replace(value=b"{")
    broker = MemoryBroker(TOPICS)
    broker.producer().send([fetched("one", good), junk, fetched("empty", "<html></html>"), fetched("two", good)])
    stage = Stage("parser", ARTICLES_FETCHED, (ARTICLES_PARSED,), partial(handle, limits=Limits(100_000, 10)))
    runtime = Runtime(broker, poll_seconds=0.05)
    ended = threading.Event()

    def watch() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and len(list(broker.read(ARTICLES_PARSED.name))) < 2:
            time.sleep(0.02)
        runtime.stop.set()
        ended.set()

    threading.Thread(target=watch).start()
    run_stateless(stage, runtime)  # in the main thread, as in the service: there its time limit works
    assert ended.wait(20)

    parsed = [ArticleParsed.model_validate_json(record.value) for record in broker.read(ARTICLES_PARSED.name)]
    assert [article.url.rpartition("/")[2] for article in parsed] == ["one", "two"]
    assert {article.text for article in parsed} == {(SENTENCE * 3).strip()}
    (dead,) = (DeadLetter.model_validate_json(record.value) for record in broker.read(DEAD_LETTERS.name))
    assert (dead.stage, dead.value, dead.message_id) == ("parser", b"{", message_id(ARTICLES_FETCHED, "junk"))
    (filtered,) = (OutcomeRecorded.model_validate_json(record.value) for record in broker.read(OUTCOMES.name))
    assert (filtered.stage, filtered.reason) == ("parser", "no_text")
    assert filtered.message_id == message_id(ARTICLES_FETCHED, "empty")
