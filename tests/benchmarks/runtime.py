"""The runtime's rate beside a bare kafka-python loop, in the same run, on the same broker.

Both read the same messages, make one from each, await all acknowledgements and commit, with the same client settings.
The bare loop passes the bytes on; the runtime also decodes, validates, calls a handler and encodes.

    python -m tests.benchmarks.runtime                   # starts Kafka from the embedded stack
    KAFKA_BOOTSTRAP_SERVERS=... python -m tests.benchmarks.runtime --messages 50000
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from kafka import KafkaConsumer, KafkaProducer

from deploy.local import kafka
from deploy.local.supervisor import Supervisor
from shared.broker import KafkaBroker, create_topics
from shared.brokers.kafka_client import CLIENT, CONSUMER, PRODUCER
from shared.contracts import ARTICLES_PARSED, TOPICS, ArticleParsed
from shared.envelope import encode
from shared.stage import Incoming, Outgoing, Produced, Runtime, Stage, run_stateless

BATCH = 100
OUT = replace(ARTICLES_PARSED, name="bench.out")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="of each, in turn; medians are compared")
    arguments = parser.parse_args()
    with _bootstrap() as bootstrap:
        _measure(bootstrap, arguments.messages, arguments.rounds)


def _measure(bootstrap: str, count: int, rounds: int) -> None:
    prefix = f"bench{uuid.uuid4().hex[:8]}."
    create_topics(bootstrap, prefix, [*TOPICS, OUT])
    _fill(bootstrap, prefix, count)
    ways: dict[str, Callable[[str, str, str, int], None]] = {"bare": _bare, "runtime": _runtime}
    rates = {name: Rates([], []) for name in ways}
    for turn in range(rounds):
        for name, way in ways.items():
            started, busy = time.perf_counter(), time.process_time()
            way(bootstrap, prefix, f"{name}-{turn}", count)
            rates[name].wall.append(count / (time.perf_counter() - started))
            rates[name].cpu.append(count / (time.process_time() - busy))
            print(
                f"{name:8} {rates[name].wall[-1]:8.0f} messages/s {rates[name].cpu[-1]:8.0f} per CPU second", flush=True
            )
    for what in Rates._fields:
        bare, runtime = (statistics.median(getattr(rates[name], what)) for name in ("bare", "runtime"))
        print(f"median, {what}: bare {bare:.0f}, runtime {runtime:.0f} messages/s: {runtime / bare:.0%}")


class Rates(NamedTuple):
    """Messages per second of the clock, and of this process's CPU time, which neighbours disturb less."""

    wall: list[float]
    cpu: list[float]


def _fill(bootstrap: str, prefix: str, count: int) -> None:
    """Articles of about 2 kB."""
    producer = KafkaBroker(bootstrap, prefix).producer()
    now = datetime.now(UTC)
    for start in range(0, count, 1000):
        producer.send([encode(_article(n, now), "bench") for n in range(start, min(start + 1000, count))])
    producer.close()


def _article(number: int, now: datetime) -> Outgoing:
    article = ArticleParsed(
        article_id=uuid.UUID(int=number),
        version="1",
        url=f"http://news.example/{number}",
        feed_url="http://news.example/feed",
        source="Example",
        fetched_at=now,
        title=f"Article {number}",
        text=f"Sentence number {number} of an article. " * 50,
        published_at=now,
    )
    return Outgoing(ARTICLES_PARSED, str(number), article, str(article.article_id), now)


def _bare(bootstrap: str, prefix: str, group: str, count: int) -> None:
    settings = {**CLIENT, "bootstrap_servers": bootstrap}
    producer = KafkaProducer(**settings, **PRODUCER)
    consumer = KafkaConsumer(
        prefix + ARTICLES_PARSED.name, **settings, **CONSUMER, group_id=prefix + group, max_poll_records=BATCH
    )
    done = 0
    while done < count:
        futures = [
            producer.send(prefix + OUT.name, value=record.value, key=record.key, headers=record.headers)
            for records in consumer.poll(timeout_ms=500).values()
            for record in records
        ]
        if futures:
            producer.flush(timeout=30)
        for future in futures:
            future.get(timeout=30)
        if futures:
            consumer.commit()
        done += len(futures)
    consumer.close()
    producer.close()


def _runtime(bootstrap: str, prefix: str, group: str, count: int) -> None:
    done = 0
    stop = threading.Event()

    def handle(message: Incoming[ArticleParsed]) -> Produced:
        nonlocal done
        done += 1
        if done == count:
            threading.Timer(0, stop.set).start()
        return Produced([Outgoing(OUT, message.key or "", message.body, message.id)])

    runtime = Runtime(KafkaBroker(bootstrap, prefix), batch_size=BATCH, stop=stop)
    run_stateless(Stage(group, ARTICLES_PARSED, (OUT,), handle), runtime)


@contextmanager
def _bootstrap() -> Iterator[str]:
    if running := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield running
        return
    kafka.install()
    with tempfile.TemporaryDirectory() as folder, Supervisor(Path(folder)) as supervisor:
        program, bootstrap = kafka.program(Path(folder))
        supervisor.launch(program)
        supervisor.wait()
        yield bootstrap


if __name__ == "__main__":
    main()
