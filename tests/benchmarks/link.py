"""What linking one report costs beside how many events are on file: goal 5 ms at a million, the same at each size.

A server of its own is filled with a made-up world (tests/benchmarks/population.py); then the news of the days after
come in, commits included in every figure:

alone     one report in a transaction, as on a quiet day: its time
batches   100 in a transaction, as when there is much to do: the time of each, and how many a second
stage     the whole consumer on a broker in memory: decoding, inbox, outbox; how many a second

    python -m tests.benchmarks.link --events 10000 100000
    python -m tests.benchmarks.link --events 1000000 --keep FOLDER     fill once, measure again at will

CPU time is told beside, of the linker and of its server process (on Linux): on a busy machine it says more.
"""

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from os import sysconf
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, event, text

from services.enricher import linker
from services.enricher.linker import Linker
from shared.broker import MemoryBroker, Record
from shared.contracts import ARTICLES_ENRICHED, DEAD_LETTERS, EVENTS_CHANGED, OUTCOMES, ArticleEnriched
from shared.database.session import make_engine
from shared.envelope import Outgoing, encode
from shared.stage import Incoming, Runtime, run_stateful
from tests.benchmarks.news import news
from tests.benchmarks.population import populate, server
from tests.linking import changes, link

BATCH = 100
WARM_UP = 300  # reports: the linker has just been started
Messages = Sequence[Incoming[ArticleEnriched]]


class Measured(NamedTuple):
    """Seconds for each report, of each batch; all seconds; CPU seconds of the linker and of its server process."""

    each: list[float]
    reports: int
    seconds: float
    cpu: float
    server_cpu: float
    statements: int
    events: int = 0

    def line(self) -> str:
        ordered = sorted(self.each)
        times = (
            f"median {statistics.median(ordered) * 1000:.2f} ms, p95 {ordered[int(len(ordered) * 0.95)] * 1000:.2f} ms"
        )
        cpu = f"{self.cpu / self.reports * 1000:.2f} + {self.server_cpu / self.reports * 1000:.2f} ms"
        return (
            f"{times} a report; {self.reports / self.seconds:.0f} reports/s; CPU of linker + server {cpu} a report; "
            f"{self.statements / self.reports:.1f} statements; {self.reports} reports made {self.events} events"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.link",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, nargs="+", default=[10_000, 100_000], metavar="N", help="sizes, in turn")
    parser.add_argument("--reports", type=int, default=1_000, metavar="N", help="how many to measure (default 1,000)")
    parser.add_argument("--reports-per-event", type=int, default=2, metavar="N", help="of those on file (default 2)")
    parser.add_argument("--fingerprints", action="store_true", help="MinHash values for those on file too (large)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep each server's data there")
    options = parser.parse_args()
    for size in options.events:
        folder = options.keep / str(size) if options.keep else None
        with server(folder) as (url, _):
            engine = make_engine(url, pool_size=1)
            with engine.connect() as connection:
                on_file = connection.scalar(text("SELECT count(*) FROM events")) or 0
            if 0 < on_file < size:
                parser.error(f"{folder} was filled with {on_file} events of {size} only: remove it")
            if not on_file:
                populate(url, size, options.reports_per_event, fingerprints=options.fingerprints)
            for name, measured in measure(engine, size, options.reports):
                print(f"{size:>9,} events, {name:>7}: {measured.line()}", flush=True)
            engine.dispose()
    return 0


def measure(engine: Engine, size: int, reports: int) -> Iterator[tuple[str, Measured]]:
    """Every run brings news of its own, as many a day as on file for the last days."""
    coming = news(per_day=size / 2000, seed=int(time.time()))
    one = Linker()
    _link(engine, one, list(islice(coming, WARM_UP)), BATCH)
    yield "batches", _link(engine, one, list(islice(coming, reports)), BATCH)
    yield "alone", _link(engine, one, list(islice(coming, max(1, reports // 4))), 1)
    yield "stage", _through_stage(engine, list(islice(coming, reports)))


def _link(engine: Engine, one: Linker, messages: Messages, size: int) -> Measured:
    each: list[float] = []
    created = 0
    with _statements(engine) as sent:
        began, busy, served = time.perf_counter(), time.process_time(), _server_cpu(engine)
        for start in range(0, len(messages), size):
            batch = messages[start : start + size]
            at = time.perf_counter()
            with engine.begin() as connection:
                made = changes(link(batch, connection, one))
            each.append((time.perf_counter() - at) / len(batch))
            created += sum(change.revision == 1 for change in made)
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
        return Measured(each, len(messages), seconds, cpu, _server_cpu(engine) - served, len(sent), created)


def _through_stage(engine: Engine, messages: Messages) -> Measured:
    broker = MemoryBroker((ARTICLES_ENRICHED, EVENTS_CHANGED, OUTCOMES, DEAD_LETTERS))
    broker.producer().send([_record(message) for message in messages])
    runtime, stage = Runtime(broker, poll_seconds=0.01), linker.stage()
    running = threading.Thread(target=run_stateful, args=(stage, runtime, engine))
    with _statements(engine) as sent:
        began, busy, served = time.perf_counter(), time.process_time(), _server_cpu(engine)
        running.start()
        while sum(broker.committed[stage.name].values()) < len(messages):
            time.sleep(0.005)
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
        runtime.stop.set()
        running.join()
        each = [seconds / len(messages)]
        return Measured(each, len(messages), seconds, cpu, _server_cpu(engine) - served, len(sent))


def _record(message: Incoming[ArticleEnriched]) -> Record:
    country = next((frame.place.country for frame in message.body.extraction.frames if frame.place), None)
    key = country or str(message.body.article_id)
    return encode(Outgoing(ARTICLES_ENRICHED, key, message.body, message.id, message.time), "benchmark")


@contextmanager
def _statements(engine: Engine) -> Iterator[list[str]]:
    """What is sent to the server, as it is sent."""
    sent: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def _server_cpu(engine: Engine) -> float:
    """Seconds that the server process of the engine's only connection has computed; 0 where that cannot be known."""
    with engine.connect() as connection:
        process = Path(f"/proc/{connection.scalar(text('SELECT pg_backend_pid()'))}/stat")
    if not process.exists():
        return 0.0
    fields = process.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
