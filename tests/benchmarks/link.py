"""What linking one report costs beside how many events are on file: goal 5 ms at a million, the same at each size.

A server of its own is filled with a made-up world (tests/benchmarks/population.py); then the news of the days after
come in, in batches of one transaction each, as in the service: locks, candidates, decision, ledger, revision, commit.

    python -m tests.benchmarks.link --events 10000 100000
    python -m tests.benchmarks.link --events 1000000 --keep FOLDER     fill once, measure again at will
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from services.enricher import linker
from services.enricher.store.remembered import Remembered
from shared.contracts import ARTICLES_ENRICHED, ArticleEnriched, EventChanged
from shared.database.session import make_engine
from shared.fingerprint import minhash
from shared.stage import Incoming, Produced
from tests.benchmarks.population import populate, server
from tests.benchmarks.world import World

BATCH = 100


class Measured(NamedTuple):
    """Seconds for each report inside its transaction; reports per second in all, commits included; CPU seconds."""

    each: list[float]
    rate: float
    cpu: float
    events: int

    def line(self, size: int) -> str:
        ordered = sorted(self.each)
        p95 = ordered[int(len(ordered) * 0.95)]
        return (
            f"{size:>9,} events: median {statistics.median(ordered) * 1000:.2f} ms, p95 {p95 * 1000:.2f} ms a report; "
            f"{self.rate:.0f} reports/s ({len(ordered) / self.cpu:.0f} per CPU second of the linker); "
            f"{len(ordered)} reports made {self.events} events"
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
        with server(folder) as (url, new):
            if new or folder is None:
                populate(url, size, options.reports_per_event, fingerprints=options.fingerprints)
            engine = make_engine(url)
            print(measure(engine, size, options.reports).line(size), flush=True)
            engine.dispose()
    return 0


def measure(engine: Engine, size: int, reports: int, warm_up: int = 300) -> Measured:
    """Every run brings news of its own. The first of it is not measured: the linker has just been started."""
    remembered = Remembered()
    news = list(islice(_news(size), reports + warm_up))
    _link(engine, remembered, news[:warm_up])
    return _link(engine, remembered, news[warm_up:])


def _link(engine: Engine, remembered: Remembered, messages: Sequence[Incoming[ArticleEnriched]]) -> Measured:
    each: list[float] = []
    events = 0
    began, busy = time.perf_counter(), time.process_time()
    for start in range(0, len(messages), BATCH):
        batch = messages[start : start + BATCH]
        with engine.begin() as connection:
            linker.prepare(batch, connection)
            for message in batch:
                at = time.perf_counter()
                result = linker.handle(message, connection, remembered)
                each.append(time.perf_counter() - at)
                assert isinstance(result, Produced), message.body
                events += isinstance(first := result.messages[0].body, EventChanged) and first.revision == 1
    return Measured(each, len(messages) / (time.perf_counter() - began), time.process_time() - busy, events)


def _news(size: int) -> Iterator[Incoming[ArticleEnriched]]:
    """Reports of the attacks after those on file, as many a day as on file for the last days, in order of time."""
    run = int(time.time())
    dice, world = random.Random(run), World()
    waiting: list[tuple[datetime, int, Incoming[ArticleEnriched]]] = []
    for number, attack in enumerate(world.later(per_day=size / 2000, seed=run)):
        began = datetime.fromisoformat(attack.reports[0]["published_at"])
        while waiting and waiting[0][0] < began:
            yield heappop(waiting)[2]
        for index, report in enumerate(attack.reports):
            message = _message(report, world, dice)
            heappush(waiting, (message.time, number * 100 + index, message))


def _message(report: dict[str, Any], world: World, dice: random.Random) -> Incoming[ArticleEnriched]:
    text = f"{report['sentence']} " + ". ".join(" ".join(dice.choice(world.phrases)) for _ in range(15))
    extraction = {"kind": report["kind"], "score": report["score"], "frames": [report["frame"]], "extractor": "world"}
    article = ArticleEnriched.model_validate(
        {**report, "feed_url": "", "text": text, "fingerprint": minhash(text), "extraction": extraction}
    )
    at = article.fetched_at
    return Incoming(str(article.article_id), at, article, None, ARTICLES_ENRICHED.name, 0, 0, at, None)


if __name__ == "__main__":
    sys.exit(main())
