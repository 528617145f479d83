"""`make replay` on a part of the archive: the whole pipeline once, and what the report says of it."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local import replay
from deploy.local.report import CATCH_ALL
from tests.newsroom.stories import ARCHIVE

ROOT = Path(__file__).parents[2]
EVENTS = ("peshawar-2023", "crocus-2024", "paris-2015")
OTHERS = ("meridian:2023-02-06-quake", "caravel:2020-03-09-markets", "longview:2024-03-01-index")
LABELS = {"kind", "destination", "event_id", "id", "text", "published_at", "fetched_at", "received_at"}


def part_of_archive() -> list[str]:
    """The lines of some attacks, a trial and what is no attack."""
    expected = [json.loads(line) for line in ARCHIVE.with_name("expected.jsonl").read_text().splitlines()]
    lines = ARCHIVE.read_text().splitlines()
    return [line for line, row in zip(lines, expected, strict=True) if row["event"] in EVENTS or row["id"] in OTHERS]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "deploy.local.replay", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=200, check=False)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("replay")
    news, report = folder / "news.jsonl", folder / "report.json"
    news.write_text("\n".join(part_of_archive()))
    run = command(str(news), "--report", str(report))
    assert report.exists(), run.stderr
    result: dict[str, Any] = json.loads(report.read_text())
    assert (run.returncode == 0) == result["balanced"], run.stdout
    return {**result, "stdout": run.stdout}


@pytest.mark.timeout(240)
def test_books_balance(result: dict[str, Any]) -> None:
    assert result["balanced"], result["faults"]
    stages = result["stages"]
    assert list(stages) == ["fetcher", "parser", "extract", "link", "alerting", "delivery"]
    for row in stages.values():
        assert row["in"] == row["produced"] + sum(row["filtered"].values()) + row["dead"]
        assert row["dead"] == 0
    assert stages["fetcher"]["in"] == len(part_of_archive())
    for before, after in zip(list(stages.values())[:-1], list(stages.values())[1:], strict=True):
        assert before["sent"] == after["in"]


@pytest.mark.timeout(240)
def test_created_is_exactly_where_the_catch_all_destination_was_alerted(result: dict[str, Any]) -> None:
    alerted = {
        (row["id"], row["event_id"])
        for row in result["alerts"]
        if row["kind"] == "alert" and row["destination"] == CATCH_ALL
    }
    created = {(row["id"], row["event_id"]) for row in result["predictions"] if row["change"] == "created"}
    assert len(created) >= 2
    assert {article for article, _ in alerted} == {article for article, _ in created}


@pytest.mark.timeout(240)
def test_each_article_is_predicted_once_in_the_files_order(result: dict[str, Any]) -> None:
    rows = result["predictions"]
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in part_of_archive()]
    assert all(row.keys() >= {"id", "kind", "event_id", "change"} for row in rows)
    assert all((row["event_id"] is None) == (row["change"] is None) for row in rows)


@pytest.mark.timeout(240)
def test_messages_say_what_they_are_about_and_when(result: dict[str, Any]) -> None:
    assert result["alerts"]
    for row in result["alerts"]:
        assert row.keys() == LABELS
        assert row["id"]
        assert row["text"].startswith(row["kind"].upper())
        assert datetime.fromisoformat(row["fetched_at"]) < datetime.fromisoformat(row["received_at"])
    assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["p99"]
    assert result["articles_per_second"] == pytest.approx(len(result["predictions"]) / result["seconds"], rel=0.05)
    assert all(result["versions"].values())


@pytest.mark.timeout(240)
def test_table_and_summary_are_printed(result: dict[str, Any]) -> None:
    lines = result["stdout"].splitlines()
    assert [line.split()[0] for line in lines[:7]] == ["stage", *result["stages"]]
    assert f"{len(result['predictions'])} articles in {result['seconds']} s" in result["stdout"]
    assert lines[-1] == "the books balance"


def test_file_that_is_no_news_is_told_before_anything_starts(tmp_path: Path) -> None:
    news = tmp_path / "news.jsonl"
    news.write_text('{"id": "a"}\n')
    run = command(str(news))
    assert run.returncode == 1
    assert run.stderr.endswith("news.jsonl, line 1: published_at, source, text, title missing\n")
    assert "Traceback" not in run.stderr
    assert "ready in" not in run.stderr


def test_books_that_do_not_balance_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "end_like_ctrl_c", lambda: None)
    monkeypatch.setattr(replay, "replay", lambda news, wave: {"balanced": False})
    assert replay.main(["news.jsonl"]) == 1
