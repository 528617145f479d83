"""The batch mode, as a user runs it: lines in, lines out, in order, in the format of the benchmarks."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
KINDS = {"attack_report", "follow_up", "background", "other"}
ATTACK = {
    "id": "a",
    "title": "Car bomb kills nine in Kano",
    "published_at": "2015-03-04",
    "language": "en",
    "text": "A car bomb killed nine people and wounded 23 near a bus station in Kano on Monday, police said.",
}
PEACE = {"id": "b", "title": None, "published_at": None, "language": "en", "text": "The fair opens in May."}


def run(*arguments: str, given: str = "") -> tuple[int, list[dict[str, Any]], str]:
    done = subprocess.run(
        [sys.executable, "-m", "services.enricher", *arguments],
        input=given.encode(),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    out = done.stdout.decode()
    lines = [json.loads(line) for line in out.splitlines()] if arguments[0] == "once" else [{"text": out}]
    return done.returncode, lines, done.stderr.decode()


def test_one_line_out_for_each_line_in_whatever_the_line() -> None:
    given = "\n".join([json.dumps(ATTACK), '{"id": ', '{"text": "no id"}', '{"id": "x"}', json.dumps(PEACE)]) + "\n"
    status, lines, _ = run("once", "--jobs", "2", given=given)
    assert status == 1
    assert [line["id"] for line in lines] == ["a", None, None, "x", "b"]
    assert [line.get("line") for line in lines] == [None, 2, 3, 4, None]
    assert all(line["error"] for line in lines[1:4])
    assert "text" in lines[3]["error"]


def test_a_prediction_has_the_keys_of_the_format() -> None:
    status, [line], _ = run("once", given=json.dumps(ATTACK) + "\n")
    assert status == 0
    assert line["kind"] in KINDS
    assert 0 <= line["score"] <= 1
    event = line["events"][0]
    assert {"role", "attack_types", "date", "place", "perpetrators", "targets", "victims", "weapons"} <= event.keys()
    assert {"killed", "injured", "evidence", "hostages", "claim", "suicide", "success", "property"} <= event.keys()
    assert (event["role"], event["killed"]["best"], event["injured"]["best"]) == ("reported", 9, 23)
    assert event["date"] == {"start": "2015-03-02", "end": "2015-03-02", "precision": "day"}
    assert event["place"]["country"] == "NG"
    text = ATTACK["text"]
    assert all(place["text"] == text[place["start"] : place["end"]] for place in line["places"] if "in" not in place)


def test_plain_text_is_one_article() -> None:
    status, [line], _ = run("once", "--published-at", "2015-03-04", given=ATTACK["text"])
    assert (status, line["id"], line["kind"]) == (0, "stdin", "attack_report")
    assert line["events"][0]["date"]["start"] == "2015-03-02"


def test_nothing_in_nothing_out() -> None:
    assert run("once") == (0, [], "")


def test_linking_says_which_event() -> None:
    again = {**ATTACK, "id": "c", "published_at": "2015-03-05"}
    given = "".join(json.dumps(row) + "\n" for row in (ATTACK, PEACE, again))
    status, lines, _ = run("once", "--link", "--jobs", "1", given=given)
    assert status == 0
    assert lines[0]["change"] == "created"
    assert lines[0]["event_id"] == lines[2]["event_id"]
    assert (lines[1]["event_id"], lines[1]["change"]) == (None, None)


@pytest.mark.parametrize("options", [[], ["--html"]])
def test_explain_shows_values_and_escapes_the_article(tmp_path: Path, options: list[str]) -> None:
    article = tmp_path / "article.json"
    article.write_text(json.dumps({**ATTACK, "title": "<script>alert(1)</script> Car bomb kills nine in Kano"}))
    status, [shown], error = run("explain", str(article), *options)
    assert status == 0, error
    assert "reported: bombing_explosion" in shown["text"]
    assert "Kano" in shown["text"]
    assert ("<script>" in shown["text"]) == (not options)


@pytest.mark.data
def test_the_seed_article() -> None:
    data = os.environ.get("TOCSIN_DATA")
    if not data:
        pytest.skip("TOCSIN_DATA is not set")
    given = (Path(data) / "seed" / "article.txt").read_text(encoding="utf-8")
    _, [line], _ = run("once", "--published-at", "2024-04-05", given=given)
    assert line["kind"] == "background"
    frames = {(event["place"] or {}).get("name"): event for event in line["events"]}
    assert all(event["role"] == "mentioned" for event in line["events"])
    assert all(event["killed"] is None and event["injured"] is None for event in line["events"])
    assert {"Moscow", "Besham", "Afghanistan"} <= frames.keys()
    assert [(one["id"], one["claim"]) for one in frames["Moscow"]["perpetrators"]] == [
        ("islamic-state-khorasan-province", "claimed")
    ]
    assert frames["Afghanistan"]["place"]["precision"] == 6
    assert frames["Afghanistan"]["date"] == {"start": "2022-01-01", "end": "2022-12-31", "precision": "year"}
    assert not any("Pakistan" in one["name"] for event in line["events"] for one in event["perpetrators"])
    assert {"Islamic State Khorasan Province", "Tehrik-i-Taliban Pakistan"} <= {one["name"] for one in line["actors"]}
