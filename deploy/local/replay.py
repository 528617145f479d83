"""Replays a file of articles through the whole pipeline and audits the books: python -m deploy.local.replay NEWS."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from deploy.local import following, report
from deploy.local.errors import StackError
from deploy.local.following import WAVE, Run, follow, served
from deploy.local.pipeline import Pipeline, pipeline
from deploy.local.signals import end_like_ctrl_c
from deploy.local.supervisor import say
from shared.database.session import make_engine
from tests.newsroom.stories import read_stories

SINKS = ("--no-rate-limit", "--show=none")
SETTINGS = {"ALERT_SLACK_PER_SECOND": "0", **following.SETTINGS}
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
        for name, code in running.supervisor.died().items():
            say(f"{name} ended with {code}; its last words:\n{running.supervisor.last_words(name)}")
    print(run.books.table())
    print(summary(result))
    return result


def report_of(running: Pipeline, news: Path, run: Run) -> dict[str, Any]:
    articles = {article.id: article.story for article in served(news, running.newsroom)}
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


if __name__ == "__main__":
    sys.exit(main())
