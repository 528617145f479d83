"""Backtests, exports and answers to `why`, from the tables that they read."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from sqlalchemy import Engine, insert

from services.alerting import commands, trials
from services.alerting.store import reactions
from services.alerting.store import rules as rule_store
from shared.codes import Change
from shared.contracts import EventChanged
from shared.database import tables
from tests.alerting_stage import Stage
from tests.alerts import EVENT, NOON, change
from tests.builders import QUETTA, toll

DAY = timedelta(days=1)


def remember(engine: Engine, body: EventChanged, days: float = 0) -> None:
    """Keep a change as the enricher does."""
    event = body.snapshot
    row = {
        "id": event.event_id, "revision": event.revision, "status": str(event.status), "alertable": body.alertable,
        "attack_types": [], "perpetrators": [], "independent_sources": 1, "score": event.score,
        "first_reported_at": NOON, "last_reported_at": NOON, "snapshot": {},
    }  # fmt: skip
    revision = {
        "event_id": event.event_id, "revision": body.revision, "change": str(body.change), "material": body.material,
        "alertable": body.alertable, "body": body.model_dump(mode="json"), "message_time": NOON + days * DAY,
    }  # fmt: skip
    with engine.begin() as connection:
        if body.revision == 1:
            connection.execute(insert(tables.Event).values(**row))
        connection.execute(insert(tables.Revision).values(**revision))


def test_a_rule_and_a_changed_rule_are_tested_on_what_happened(engine: Engine, tmp_path: Path) -> None:
    stage = Stage(engine)
    stage.rules({"id": "a", "when": {"killed_at_least": 10}, "route": {"now": "desk"}})
    for number in range(1, 5):
        remember(engine, change(event=UUID(int=number), killed=toll(4 * number)), days=number)
    remember(engine, change(Change.UPDATED, 2, event=UUID(int=1), killed=toll(11)), days=4)
    remember(engine, change(event=UUID(int=9), killed=toll(50)), days=-40)

    said = "\n".join(trials.backtest(engine, "a", 30))
    assert "a: killed at least 10 -> desk" in said
    assert "30 days to 2023-02-03 12:00 UTC: 4 events, 5 changes" in said
    assert "3 messages (0.1 a day): 3 alerts" in said
    assert "Fri 03 Feb  ████████████████████████████████████████ 2" in said
    assert "2023-02-03 12:00  bombing in Peshawar, Pakistan: 16 killed" in said

    draft = {"id": "a", "owner": "desk", "when": {"killed_at_least": 15}, "route": {"now": "desk"}}
    (tmp_path / "draft.yml").write_text(yaml.safe_dump({"rules": [draft]}))
    said = "\n".join(trials.backtest(engine, str(tmp_path / "draft.yml"), 30))
    assert "before: a: killed at least 10 -> desk" in said
    assert "alerts: 3 before, 1 now" in said
    assert "only now: none" in said
    assert said.count("no longer:") == 1

    stage.rules({**draft, "when": {"killed_at_least": 8}})
    assert "alerts: 3 before, 4 now" in "\n".join(trials.backtest(engine, "a", 30, against=1))


@pytest.mark.parametrize(
    ("what", "against", "words"),
    [("nothing", None, "no rule 'nothing'"), ("a", 7, "no version 7; it has 1"), ("no.yml", None, "No such file")],
)
def test_what_cannot_be_tested_is_said(engine: Engine, what: str, against: Any, words: str) -> None:
    with pytest.raises(commands.CommandError, match="there are no events"):
        trials.backtest(engine, what, 30)
    Stage(engine).rules({"id": "a", "route": {"now": "desk"}})
    remember(engine, change())
    with pytest.raises(commands.CommandError, match=words):
        trials.backtest(engine, what, 30, against)


def test_rules_go_out_as_yaml_and_come_in_again_as_the_same(engine: Engine, tmp_path: Path) -> None:
    assert commands.import_rules(engine, Path("deploy/rules.yml")).endswith("changed, 0 as before")
    document = commands.export_rules(engine)
    (tmp_path / "rules.yml").write_text(document)
    assert commands.import_rules(engine, tmp_path / "rules.yml") == "nothing changed, 8 as before"
    assert commands.export_rules(engine) == document
    assert "env:DEMO_SLACK_TOKEN" in document


def test_a_rule_has_its_history(engine: Engine) -> None:
    stage = Stage(engine)
    stage.rules({"id": "a", "when": {"country": "PK"}, "route": {"now": "desk"}})
    stage.rules({"id": "a", "when": {"country": "AF"}, "route": {"now": "desk"}})
    first, second = commands.rule_history(engine, "a")
    assert first.startswith("v1 ") and "country PK" in first
    assert second.startswith("v2 ") and "country AF" in second
    with pytest.raises(commands.CommandError, match="no rule 'b'"):
        commands.rule_history(engine, "b")


def test_of_a_large_book_only_rules_that_can_match_are_asked_and_why_answers_for_all(engine: Engine) -> None:
    few = rule_store.MOST_WITHOUT_INDEX
    elsewhere = [{"id": f"r{n}", "when": {"province": f"p{n}"}, "route": {"now": "desk"}} for n in range(few)]
    stage = Stage(engine)
    stage.rules({"id": "here", "when": {"country": "PK"}, "route": {"now": "desk"}}, *elsewhere)
    remember(engine, change())
    stage.take(change())
    assert stage.rows(tables.Decision, "rule_id", "result") == [("here", "alert")]
    assert list(commands.why(engine, EVENT, "r7")) == ["revision 1  rule r7 v1: no_match: province unknown, asked p7"]
    with pytest.raises(commands.CommandError, match="nothing was decided"):
        commands.why(engine, EVENT, "gone")
    later = change(Change.CORRECTED, 2, place=QUETTA.model_copy(update={"country": "AF"}))
    stage.take(later)
    assert [row[:2] for row in stage.rows(tables.Decision, "revision", "result")] == [(1, "alert"), (2, "correction")]


def test_precision_is_told_by_rule_and_source(engine: Engine) -> None:
    assert list(trials.precision(engine)) == [
        "by rule: nobody has judged a message yet",
        "by source: nobody has judged a message yet",
    ]
    stage = Stage(engine)
    stage.rules({"id": "a", "route": {"now": "desk"}})
    stage.take(change())
    with engine.begin() as connection:
        reactions.feedback(connection, stage.woken[0], reactions.Verdict.USEFUL, "ann")
        reactions.feedback(connection, stage.woken[0], reactions.Verdict.FALSE_ALARM, "bob")
    assert list(trials.precision(engine)) == [
        "by rule:", "  a: 50% useful (1 of 2)", "by source:", "  Dawn: 50% useful (1 of 2)",
    ]  # fmt: skip


def test_a_silence_by_hand(engine: Engine) -> None:
    said = {"comment": "exercise", "rule": [], "destination": ["desk"]}
    made = commands.read_silence(said, "{country: PK}", hours=4)
    assert commands.silence(engine, made).startswith(f"silence {made.id} until ")
    (line,) = commands.list_silences(engine)
    assert line.startswith(f"{made.id}: country PK to desk, ")
    assert line.endswith(": exercise")
    assert commands.end_silence(engine, made.id) == f"silence {made.id} has ended"
    with pytest.raises(commands.CommandError, match="no silence"):
        commands.end_silence(engine, made.id)


@pytest.mark.parametrize(
    ("when", "hours", "words"),
    [
        ("{contry: PK}", 1, "silence: when.contry: unknown field; did you mean country"),
        ("{", 1, "--when"),
        ("{}", -1, "ends before it starts"),
    ],
)
def test_what_is_wrong_with_a_silence_is_said(when: str, hours: float, words: str) -> None:
    with pytest.raises(commands.CommandError, match=words):
        commands.read_silence({"comment": "x"}, when, hours)
