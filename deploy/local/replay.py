"""Replays a file of articles through the whole pipeline and audits the books: python -m deploy.local.replay NEWS."""

import argparse
import json
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from deploy.local import booking, report
from deploy.local.books import Books
from deploy.local.errors import StackError
from deploy.local.pipeline import Pipeline, pipeline
from deploy.local.signals import end_like_ctrl_c
from deploy.local.sinks import record
from deploy.local.sinks.record import Received
from shared.brokers.kafka import KafkaBroker
from shared.contracts import article_id
from shared.database.session import make_engine
from tests.newsroom.stories import read_stories

WAVE = 100  # articles that come out together; the next ones when these were read
LOOK_SECONDS = 1.0
STALL_SECONDS = 120.0  # without any progress, after which the run is over and what is missing is told
SINKS = ("--no-rate-limit", "--show=none")
SETTINGS = {"ALERT_SLACK_PER_SECOND": "1000"}
DESCRIPTION = """
Starts a fresh stack, serves every article of NEWS (JSON lines, plain or .gz) as fast as the pipeline takes it, in order
of time, and waits until nothing is left to do. Then it reads the books: for each stage, what came in and how all of it
ended. Messages carry the articles' own time. Exit status 0: the books balance.
"""
EXAMPLES = """
examples:
  make replay NEWS=tests/newsroom/archive.jsonl REPORT=report.json
  python -m deploy.local.replay news.jsonl.gz --report report.json
  BROKER=light python -m deploy.local.replay news.jsonl.gz
"""


@dataclass(frozen=True)
class Run:
    """A replay that has ended."""

    books: Books
    received: Sequence[Received]
    seconds: float


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    end_like_ctrl_c()
    try:
        result = replay(options.news, options.wave)
    except (StackError, OSError, ValueError) as error:
        sys.exit(f"replay: {error}")
    except KeyboardInterrupt:
        return 130
    if options.report:
        options.report.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if result["balanced"] else 1


def parser() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser(
        prog="python -m deploy.local.replay",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("news", type=Path, metavar="NEWS", help="articles, JSON lines, plain or .gz")
    command.add_argument("--report", type=Path, metavar="FILE", help="write the report there, as JSON")
    command.add_argument("--wave", type=int, default=WAVE, help=f"articles that come out together (default {WAVE})")
    return command


def replay(news: Path, wave: int = WAVE) -> dict[str, Any]:
    """Run `news` through a fresh stack, print the table of outcomes and a summary; returns the report."""
    read_stories(news)  # a file that cannot be read is told before anything starts
    with pipeline(news, speed="held", sink_options=SINKS, settings=SETTINGS) as running:
        run = follow(running, served(news, running.newsroom), wave)
        result = report_of(running, news, run)
    print(run.books.table())
    print(summary(result))
    return result


def served(news: Path, site: str) -> dict[str, str]:
    """Article id -> id in the file, for every article that the newsroom at `site` serves."""
    return {str(article_id(site + story.path)): story.id for story in read_stories(news)}


def follow(running: Pipeline, articles: dict[str, str], wave: int = WAVE) -> Run:
    """Let all articles out and wait until each came to its end, or until nothing moves any more."""
    engine = make_engine(running.parts.database_url, "replay")
    topics = booking.Topics(KafkaBroker(running.parts.bootstrap))
    _release(running.newsroom, wave)
    start = moved = time.monotonic()
    before: list[Any] = []
    with tqdm(total=len(articles), unit="article", disable=not sys.stderr.isatty()) as bar:
        while True:
            received = record.read(running.received)
            deliveries = [message.labels["delivery_id"] or "" for message in received]
            books = booking.read(topics, engine, articles, deliveries)
            now, progress = time.monotonic(), [stage.row() for stage in books.stages]
            bar.update(_linked(books) - bar.n)
            if progress != before:
                before, moved = progress, now
            if books.balanced or now - moved > STALL_SECONDS:
                break
            time.sleep(LOOK_SECONDS)
    topics.close()
    engine.dispose()
    return Run(books, received, moved - start)


def report_of(running: Pipeline, news: Path, run: Run) -> dict[str, Any]:
    articles = served(news, running.newsroom)
    engine = make_engine(running.parts.database_url, "replay")
    with engine.connect() as connection:
        alerts = report.alerts(connection, run.received, articles)
        deliveries = {message.labels["delivery_id"] or "" for message in run.received}
        predictions = report.predictions(connection, articles, deliveries)
        versions = report.versions(connection, running.parts.broker_kind)
    engine.dispose()
    return {
        "stages": {stage.name: stage.row() for stage in run.books.stages},
        "balanced": run.books.balanced,
        "faults": run.books.faults(),
        "predictions": predictions,
        "alerts": alerts,
        "seconds": round(run.seconds, 1),
        "articles_per_second": round(len(articles) / run.seconds, 1) if run.seconds else None,
        "latency_ms": report.latency_ms(alerts),
        "versions": versions,
    }


def summary(result: dict[str, Any]) -> str:
    kinds = Counter(alert["kind"] for alert in result["alerts"])
    changes = Counter(row["change"] for row in result["predictions"] if row["change"])
    latency = result["latency_ms"]
    lines = [
        f"{len(result['predictions'])} articles in {result['seconds']} s: {result['articles_per_second']} a second",
        f"events: {_counts(changes)}",
        f"messages received: {_counts(kinds)}",
        f"from fetched to received: p50 {latency['p50']} ms, p99 {latency['p99']} ms",
        *result["faults"],
        "the books balance" if result["balanced"] else "THE BOOKS DO NOT BALANCE",
    ]
    return "\n".join(lines)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common()) or "none"


def _release(site: str, wave: int) -> None:
    request = urllib.request.Request(f"{site}/-/release?waves={wave}", method="POST")  # noqa: S310  our own, on loopback
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass


def _linked(books: Books) -> int:
    """Articles that came to their end in the stage that all of them reach."""
    return sum(len(stage.took - stage.open) for stage in books.stages if stage.name == "link")


if __name__ == "__main__":
    sys.exit(main())
