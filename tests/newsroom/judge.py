"""Holds a replay of the archive against the expected answers: python -m tests.newsroom.judge REPORT.json."""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.newsroom.stories import ARCHIVE

Json = Mapping[str, Any]
CATCH_ALL = "catch-all"


@dataclass(frozen=True)
class Verdict:
    """What is wrong with the alerts; empty where nothing is. Articles go by their ids, attacks by their keys."""

    missed: list[str]  # attacks that alerted nobody
    repeated: dict[str, list[str]]  # attacks that alerted more than once, by which articles
    false: list[str]  # articles that alerted though they report no fresh attack
    kinds: list[tuple[str, str, str]]  # article, expected kind, predicted kind, where they differ

    @property
    def flawless(self) -> bool:
        """Every attack alerted exactly once and nothing else did; kinds are not asked for."""
        return not (self.missed or self.repeated or self.false)

    def text(self) -> str:
        lines = [f"missed    {slug}" for slug in self.missed]
        lines += [f"repeated  {slug}: {', '.join(articles)}" for slug, articles in self.repeated.items()]
        lines += [f"false     {article}" for article in self.false]
        lines += [f"kind      {article}: {wanted}, taken for {got}" for article, wanted, got in self.kinds]
        counts = f"{len(self.missed)} missed, {len(self.repeated)} repeated, {len(self.false)} false alerts"
        return "\n".join([*lines, f"{counts}, {len(self.kinds)} kinds differ"])


def judge(report: Json) -> Verdict:
    """`report`: a replay's report on the archive."""
    expected, events = _expected(), json.loads(ARCHIVE.with_name("events.json").read_text())
    alerted: dict[str, list[str]] = defaultdict(list)
    false = []
    for article in _alerting_articles(report["alerts"]):
        event = expected[article]["event"]
        if event and events[event]["alert"]:
            alerted[event].append(article)
        else:
            false.append(article)
    return Verdict(
        missed=[slug for slug, event in events.items() if event["alert"] and slug not in alerted],
        repeated={slug: articles for slug, articles in alerted.items() if len(articles) > 1},
        false=false,
        kinds=[
            (row["id"], expected[row["id"]]["kind"], row["kind"])
            for row in report["predictions"]
            if row["kind"] != expected[row["id"]]["kind"]
        ],
    )


def _alerting_articles(alerts: Iterable[Json]) -> list[str]:
    """The articles that caused an alert at the destination that gets all of them, one for each alert."""
    return [row["id"] for row in alerts if row["kind"] == "alert" and row["destination"] == CATCH_ALL]


def _expected() -> dict[str, Json]:
    rows = map(json.loads, ARCHIVE.with_name("expected.jsonl").read_text().splitlines())
    return {row["id"]: row for row in rows}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.newsroom.judge",
        description=__doc__,
        epilog="example: make replay NEWS=tests/newsroom/archive.jsonl REPORT=r.json && "
        ".venv/bin/python -m tests.newsroom.judge r.json",
    )
    parser.add_argument("report", type=Path)
    verdict = judge(json.loads(parser.parse_args().report.read_text()))
    print(verdict.text())
    return 0 if verdict.flawless else 1


if __name__ == "__main__":
    raise SystemExit(main())
