"""A stage with news to work on, and how far it has got when: by the offsets that its consumer group has committed."""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from kafka import KafkaAdminClient

from shared.broker import KafkaBroker
from shared.brokers.interface import Record
from shared.contracts import ARTICLES_ENRICHED, ARTICLES_PARSED, ArticleEnriched, ArticleParsed, Topic
from shared.envelope import Outgoing, encode
from tests.benchmarks.news import news

TOPICS: dict[str, Topic] = {"link": ARTICLES_ENRICHED, "extract": ARTICLES_PARSED}
POLL = 0.02  # seconds: a hundredth of a core or two
TOGETHER = 500  # messages that are sent at once where there is no load to keep to
TURN = 0.02  # seconds between two sends where there is


class Progress:
    """How many messages were done when, on the wall's clock."""

    def __init__(self) -> None:
        self.times: list[float] = [time.time()]
        self.done: list[dict[int, int]] = [{}]  # by partition

    def add(self, done: dict[int, int]) -> None:
        if done != self.done[-1]:
            self.times.append(time.time())
            self.done.append(done)

    def rate(self, start: float, end: float) -> float:
        """Messages a second. They are done in batches: between two, each took its share of the time."""
        return (self._at(end) - self._at(start)) / (end - start)

    def done_at(self, partition: int, offset: int) -> float | None:
        """When a message was done; None: it is not."""
        place = bisect_left(self.done, offset + 1, key=lambda done: done.get(partition, 0))
        return self.times[place] if place < len(self.times) else None

    def _at(self, moment: float) -> float:
        place = bisect_left(self.times, moment)
        if not 0 < place < len(self.times):
            raise SystemExit("the stage had nothing to do: it was given too few messages")
        (before, after), (done, then) = self.times[place - 1 : place + 1], map(_sum, self.done[place - 1 : place + 1])
        return done + (then - done) * (moment - before) / (after - before)


def _sum(done: dict[int, int]) -> int:
    return sum(done.values())


def records(stage: str, count: int) -> list[Record]:
    """News for a stage."""
    found = []
    for message in islice(news(per_day=5.0, seed=int(time.time())), count):
        article = message.body if stage == "link" else _parsed(message.body)
        key = str(article.article_id)
        found.append(encode(Outgoing(TOPICS[stage], key, article, message.id, message.time), "bench"))
    return found


def _parsed(article: ArticleEnriched) -> ArticleParsed:
    return ArticleParsed.model_validate(article.model_dump(include=set(ArticleParsed.model_fields)))


def fill(bootstrap: str, given: Sequence[Record]) -> None:
    """All at once."""
    producer = KafkaBroker(bootstrap, "").producer()
    for begin in range(0, len(given), TOGETHER):
        producer.send(given[begin : begin + TOGETHER])
    producer.close()


@contextmanager
def fed(bootstrap: str, given: Sequence[Record], per_second: float) -> Iterator[None]:
    """So many a second, for as long as the block lasts or there are any."""
    stop = threading.Event()

    def feed() -> None:
        producer, begin, sent = KafkaBroker(bootstrap, "").producer(), time.monotonic(), 0
        while not stop.wait(TURN) and sent < len(given):
            due = int((time.monotonic() - begin) * per_second)
            producer.send(given[sent:due])
            sent = max(sent, due)
        producer.close()

    with _thread(feed, stop):
        yield


@contextmanager
def watched(bootstrap: str, stage: str) -> Iterator[Progress]:
    progress, stop = Progress(), threading.Event()

    def watch() -> None:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        while not stop.wait(POLL):
            offsets = admin.list_group_offsets([stage])[stage]
            progress.add({partition.partition: found.offset for partition, found in offsets.items()})
        admin.close()

    with _thread(watch, stop):
        yield progress


def waits(bootstrap: str, stage: str, progress: Progress, start: float, end: float) -> list[float]:
    """Seconds from sent to done, of each message that was sent between two moments."""
    found = []
    for record in KafkaBroker(bootstrap, "").read(TOPICS[stage].name):
        sent = record.recorded_at.timestamp()
        if start <= sent < end:
            done = progress.done_at(record.partition.number, record.offset)
            found.append((done or time.time()) - sent)
    return found


@contextmanager
def _thread(work: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
