"""Runs the batch modes on a folder of public sets and scores them: the tables of BENCHMARKS.md.

    make bench DATA=../shared/data
    python -m tests.benchmarks.bench ../shared/data --only enricher --ci > tables.md

DATA holds the sets (muc4, wikilist, guns, ...), the scorer (`score.py`) is looked for in DATA/../bench. Inputs are
gold-free: a batch mode sees the fields of an article and nothing else. Tables go to stdout, progress to stderr.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks import inputs

ARTICLE = ("id", "source", "url", "title", "published_at", "language", "text")


class Run(NamedTuple):
    """One batch mode on one set, and what it is scored for. `tasks`: scorer arguments after TASK GOLD PREDICTIONS."""

    service: str
    gold: str
    tasks: tuple[tuple[str, ...], ...]
    options: tuple[str, ...] = ()


RUNS = (
    Run("enricher", "muc4/dev.jsonl.gz", (("detect",), ("roles",))),
    Run("enricher", "wikilist/dev.jsonl.gz", (("detect",), ("slots",))),
    Run("enricher", "guns/dev", (("detect",), ("slots",), ("places",))),
    Run("enricher", "stream_dev.jsonl.gz", (("detect",), ("detect", "--without", "kind=accidental_shooting"))),
    Run("enricher", "general_news/dev.jsonl.gz", (("detect",),)),
    Run("enricher", "kinds/dev.jsonl.gz", (("kinds",), ("detect",))),
    Run("enricher", "geo/lgl.jsonl.gz", (("toponyms",),)),
    Run("enricher", "geo/geovirus.jsonl.gz", (("toponyms",),)),
    Run("enricher", "stream_dev.jsonl.gz", (("merge",),), ("--link",)),
    Run("enricher", "guns/dev", (("merge",), ("events",)), ("--link",)),
    Run("parser", "pages/wcxb_dev", (("pages",),)),
    Run("parser", "pages/trafilatura", (("pages",),)),
    Run("parser", "pages/fundus_eval", (("pages",),)),
    Run("fetcher", "feeds", (("feeds",),)),
)


class Answered(NamedTuple):
    lines: int
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder of the public sets")
    parser.add_argument("--scorer", type=Path, help="score.py (default: DATA/../bench/score.py)")
    parser.add_argument("--only", default="", metavar="WORD", help="runs whose service or set has this word in it")
    parser.add_argument("--ci", action="store_true", help="add bootstrap 95%% intervals (slow)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: all)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the predictions there")
    arguments = parser.parse_args()
    scorer = arguments.scorer or arguments.data.parent / "bench" / "score.py"
    if not scorer.exists():
        parser.error(f"no scorer at {scorer}: give it by --scorer")
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for run in RUNS:
            if arguments.only in f"{run.service} {run.gold}":
                _bench(run, arguments, scorer, folder)
    return 0


def _bench(run: Run, arguments: argparse.Namespace, scorer: Path, folder: Path) -> None:
    gold = arguments.data / run.gold
    if not gold.exists():
        print(f"\n{run.gold} is not in {arguments.data}: left out", file=sys.stderr)
        return
    predictions = folder / f"{run.service}-{run.gold.replace('/', '-').split('.')[0]}{''.join(run.options)}.jsonl"
    answered = _answer(run, gold, predictions, arguments.jobs)
    print(f"\n### {run.service} on {run.gold} {' '.join(run.options)}".rstrip())
    print(f"{answered.lines} lines in {answered.seconds:.1f} s, {arguments.jobs} processes, start included\n")
    for task, *options in run.tasks:
        command = [sys.executable, str(scorer), task, str(gold), str(predictions), *options]
        scored = subprocess.run([*command, *(["--ci"] if arguments.ci else [])], capture_output=True, text=True)
        print("```\n" + (scored.stdout or scored.stderr).strip() + "\n```", flush=True)


def _answer(run: Run, gold: Path, predictions: Path, jobs: int) -> Answered:
    """Feed a batch mode and keep what it answers; its error lines stay among the answers, the scorer counts them."""
    lines = list(_lines(run, gold))
    command = [sys.executable, "-m", f"services.{run.service}", "once", "--jobs", str(jobs), *run.options]
    began = time.monotonic()
    with predictions.open("wb") as out:
        subprocess.run(command, input="\n".join(lines).encode() + b"\n", stdout=out, check=False)
    return Answered(len(lines), time.monotonic() - began)


def _lines(run: Run, gold: Path) -> Iterator[str]:
    if run.service in ("parser", "fetcher"):
        yield from inputs.lines("pages" if run.service == "parser" else "feeds", gold)
        return
    for row in rows(gold):
        yield json.dumps({field: row.get(field) for field in ARTICLE})


def rows(path: Path) -> Sequence[dict[str, Any]]:
    """The articles of a set: a file, or the folder that holds it."""
    if path.is_dir():
        path = path / "articles.jsonl.gz"
    opened: Iterable[str]
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as opened:
        return [json.loads(line) for line in opened]


if __name__ == "__main__":
    sys.exit(main())
