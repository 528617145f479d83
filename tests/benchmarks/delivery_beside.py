"""What a burst of deliveries takes from the pipeline beside it: a stage with a backlog, with and without the burst.

Real parts: Kafka, Postgres, Valkey, the stage's process, the worker's, receivers on loopback (in this process: on a
small machine they, too, take from the stage; in production they are elsewhere). The stage works all the time. In turn
it is left alone for some seconds and then has a burst beside it; its messages per second are compared.

    python -m tests.benchmarks.delivery_beside                    # five bursts of 2,000 beside the linker
    python -m tests.benchmarks.delivery_beside --stage extract --nice 0 10
"""

import argparse
import os
import statistics
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition
from sqlalchemy import Engine, text

from deploy.local.services import ROOT
from shared.broker import KafkaBroker
from shared.contracts import ARTICLES_ENRICHED, ARTICLES_PARSED, ArticleEnriched, ArticleParsed, Topic
from shared.envelope import Outgoing, encode
from tests.benchmarks.delivery import Room, prepare, room_of_parts, running, send
from tests.benchmarks.news import news

ALONE = 4.0  # seconds, about as long as a burst
PER_ROUND = 3000  # messages that the stage may take in one, start of the worker included
POLL = 0.05  # seconds
STAGES = ("link", "extract")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", choices=STAGES, default="link", help="beside which the burst is (default link)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="bursts (default 5)")
    parser.add_argument("--deliveries", type=int, default=2000, metavar="N", help="of a burst (default 2000)")
    parser.add_argument("--destinations", type=int, default=20, metavar="N", help="webhooks of a burst (default 20)")
    parser.add_argument("--nice", type=int, nargs="+", metavar="N", default=[0], help="of the worker, in turn")
    arguments = parser.parse_args()
    with room_of_parts() as room:
        _fill(room, arguments.stage, PER_ROUND * arguments.rounds * len(arguments.nice))
        with running(room, ROOT, arguments.stage), _watched(_counter(room, arguments.stage)) as progress:
            time.sleep(5)  # a stage that has just been started is slow
            _measure(room, progress, arguments)


def _measure(room: Room, progress: "Progress", arguments: argparse.Namespace) -> None:
    rates: dict[tuple[int, str], list[float]] = defaultdict(list)
    speeds: dict[int, list[float]] = defaultdict(list)
    busy: dict[int, list[tuple[float, float]]] = defaultdict(list)  # CPU seconds of the worker, of the receivers
    for _ in range(arguments.rounds):
        for nice in arguments.nice:
            # No sweep may find the burst before it is hinted at.
            settings = {"ALERT_WORKER_NICE": str(nice), "ALERT_SWEEP_SECONDS": "60"}
            niced = replace(room, environ=room.environ | settings)
            with running(niced, ROOT, "delivery") as supervisor:
                worker = supervisor.pid("delivery")
                start = time.monotonic()
                time.sleep(ALONE)
                end = time.monotonic()
                chosen = prepare(room, "webhook", arguments.deliveries, arguments.destinations)
                middle, used = time.monotonic(), (_cpu_seconds(worker), time.process_time())
                seconds = send(room, chosen)
                busy[nice].append((_cpu_seconds(worker) - used[0], time.process_time() - used[1]))
                time.sleep(2)  # until the batch is done that the burst's end fell into
            rates[nice, "alone"].append(progress.rate(start, end))
            rates[nice, "beside"].append(progress.rate(middle, middle + seconds))
            speeds[nice].append(arguments.deliveries / seconds)
            alone, beside = rates[nice, "alone"][-1], rates[nice, "beside"][-1]
            print(f"nice {nice}: {alone:.0f} messages/s alone, {beside:.0f} beside {speeds[nice][-1]:.0f} deliveries/s",
                  flush=True)  # fmt: skip
    for nice in arguments.nice:
        alone, beside = (statistics.median(rates[nice, how]) for how in ("alone", "beside"))
        speed = statistics.median(speeds[nice])
        worker_cpu, receivers_cpu = (statistics.median(found) for found in zip(*busy[nice], strict=True))
        lost = (1 - beside / alone) * arguments.deliveries / speed  # seconds of its work
        print(
            f"{arguments.stage}, worker at nice {nice}, {os.cpu_count()} cores: {beside / alone:.0%} of its rate in a "
            f"burst of {speed:.0f} deliveries/s, so {lost:.1f} s of its work a burst; CPU seconds a burst: "
            f"worker {worker_cpu:.1f}, receivers {receivers_cpu:.1f}"
        )


def _cpu_seconds(process: int) -> float:
    """What a process used so far, in user and system mode (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- the stage --------------------------------------------------------------------------------------------------------


def _fill(room: Room, stage: str, count: int) -> None:
    """News for the stage, all at once."""
    producer = KafkaBroker(room.environ["KAFKA_BOOTSTRAP_SERVERS"], "").producer()
    topic: Topic = ARTICLES_ENRICHED if stage == "link" else ARTICLES_PARSED
    batch = []
    for message in islice(news(per_day=5.0, seed=int(time.time())), count):
        article = message.body if stage == "link" else _parsed(message.body)
        batch.append(encode(Outgoing(topic, str(article.article_id), article, message.id, message.time), "bench"))
        if len(batch) == 500:
            producer.send(batch)
            batch = []
    producer.send(batch)
    producer.close()


def _parsed(article: ArticleEnriched) -> ArticleParsed:
    return ArticleParsed.model_validate(article.model_dump(include=set(ArticleParsed.model_fields)))


def _counter(room: Room, stage: str) -> Callable[[], int]:
    """How many messages the stage has done."""
    if stage == "link":
        return lambda: _linked(room.engine)
    consumer = KafkaConsumer(bootstrap_servers=room.environ["KAFKA_BOOTSTRAP_SERVERS"])
    found = consumer.partitions_for_topic(ARTICLES_ENRICHED.name) or ()
    partitions = [TopicPartition(ARTICLES_ENRICHED.name, number) for number in found]
    return lambda: sum(consumer.end_offsets(partitions).values())


def _linked(engine: Engine) -> int:
    with engine.begin() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM inbox WHERE consumer = 'link'")) or 0)


class Progress:
    """How many messages were done when. They are done in batches: between two, each took its share of the time."""

    def __init__(self) -> None:
        self.times: list[float] = [time.monotonic()]
        self.counts: list[int] = [0]

    def add(self, count: int) -> None:
        if count != self.counts[-1]:
            self.times.append(time.monotonic())
            self.counts.append(count)

    def rate(self, start: float, end: float) -> float:
        return (self._at(end) - self._at(start)) / (end - start)

    def _at(self, moment: float) -> float:
        place = bisect_left(self.times, moment)
        if not 0 < place < len(self.times):
            raise SystemExit("the stage had nothing to do: more --rounds need more messages")
        (before, after), (done, then) = self.times[place - 1 : place + 1], self.counts[place - 1 : place + 1]
        return done + (then - done) * (moment - before) / (after - before)


@contextmanager
def _watched(count: Callable[[], int]) -> Iterator[Progress]:
    progress, stop = Progress(), threading.Event()

    def watch() -> None:
        while not stop.wait(POLL):
            progress.add(count())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
