"""The stage on a real database: decisions, threads and deliveries in one transaction, once."""

import json

import pytest
from sqlalchemy import Connection, Engine, insert

from shared.codes import Change, EventStatus
from shared.database import tables
from shared.handler import Filtered, Produced
from tests.alerting_stage import Stage
from tests.alerts import EVENT, OTHER, change


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine)


def test_two_rules_and_one_destination_make_one_message_that_names_both(stage: Stage) -> None:
    stage.rules({"id": "a", "route": {"now": "desk"}}, {"id": "b", "when": {"country": "PK"}, "route": {"now": "desk"}})
    assert isinstance(stage.take(change()), Produced)
    assert stage.rows(tables.Delivery, "id", "kind", "state", "rule_ids") == [
        (stage.woken[0], "alert", "pending", ["a", "b"])
    ]
    assert [row[0] for row in stage.rows(tables.Decision, "result")] == ["alert", "alert"]


def test_a_change_that_comes_twice_makes_one_delivery(stage: Stage) -> None:
    stage.rules({"id": "a", "route": {"now": "desk"}})
    stage.take(change())
    assert stage.take(change()) == Filtered("told_before")
    assert len(stage.rows(tables.Delivery, "id")) == 1


def test_after_the_alert_only_material_changes_are_sent(stage: Stage) -> None:
    stage.rules({"id": "a", "route": {"now": "desk"}})
    stage.take(change())
    assert stage.take(change(Change.UPDATED, 2, material=False)) == Filtered("not_material")
    stage.take(change(Change.UPDATED, 3))
    stage.take(change(Change.CORRECTED, 4, status=EventStatus.CORRECTED))
    stage.take(change(Change.RETRACTED, 5, status=EventStatus.RETRACTED))
    assert stage.rows(tables.Delivery, "revision", "kind") == [
        (1, "alert"), (3, "update"), (4, "correction"), (5, "retraction"),
    ]  # fmt: skip
    assert stage.rows(tables.Thread, "closed") == [("retracted",)]


def test_nobody_to_tell_is_an_outcome_with_its_reason(stage: Stage) -> None:
    assert stage.take(change()) == Filtered("no_rules")
    stage.rules({"id": "a", "when": {"country": "AF"}, "route": {"now": "desk"}})
    assert stage.take(change(revision=2)) == Filtered("no_match")
    assert stage.rows(tables.Decision, "rule_id", "result", "reason") == [("a", "no_match", "country PK, asked AF")]


def test_new_and_edited_rules_apply_from_the_next_change(stage: Stage) -> None:
    stage.take(change())
    stage.rules({"id": "a", "when": {"country": "AF"}, "route": {"now": "desk"}})
    assert stage.take(change(revision=2)) == Filtered("no_match")
    stage.rules({"id": "a", "when": {"country": "PK"}, "route": {"now": "desk"}})
    assert isinstance(stage.take(change(Change.UPDATED, 3, material=False)), Produced)
    assert stage.rows(tables.Delivery, "revision", "kind") == [(3, "alert")]


def test_both_alerted_the_absorbed_thread_gets_one_note_and_the_survivor_goes_on(stage: Stage) -> None:
    stage.rules({"id": "a", "route": {"now": "desk"}})
    stage.take(change())
    stage.take(change(event=OTHER))
    stage.take(change(Change.MERGED, 2, merged_into=OTHER, status=EventStatus.MERGED))
    stage.take(change(Change.UPDATED, 2, event=OTHER))
    notes = [row for row in stage.rows(tables.Delivery, "event_id", "kind", "content") if row[1] == "update"]
    assert [row[0] for row in notes] == [EVENT, OTHER]
    assert notes[0][2]["note"] == f"Same attack as event {OTHER}: told there from now on"
    assert stage.rows(tables.Thread, "event_id", "closed") == [(EVENT, f"merged into {OTHER}"), (OTHER, None)]


@pytest.mark.parametrize("survivor_first", [True, False])
def test_who_knows_only_the_absorbed_event_hears_of_the_survivor_in_that_thread(
    stage: Stage, survivor_first: bool
) -> None:
    stage.rules({"id": "a", "route": {"now": "desk"}})
    stage.take(change())
    merged = [
        change(Change.MERGED, 5, event=OTHER, merged_from=(EVENT,)),
        change(Change.MERGED, 2, merged_into=OTHER, status=EventStatus.MERGED),
    ]
    for one in merged if survivor_first else reversed(merged):
        stage.take(one)
    stage.take(change(Change.CORRECTED, 6, event=OTHER, status=EventStatus.CORRECTED))
    kinds = stage.rows(tables.Delivery, "event_id", "revision", "kind")
    assert kinds == [(EVENT, 1, "alert"), (EVENT, 2, "update"), (OTHER, 5, "update"), (OTHER, 6, "correction")]
    roots = {json.dumps(row[1]) for row in stage.rows(tables.Thread, "event_id", "root")}
    assert len(roots) == 1


def test_a_rule_that_cannot_be_read_is_left_out_and_the_rest_goes_on(stage: Stage) -> None:
    stage.rules({"id": "a", "route": {"now": "desk"}})
    with stage.engine.begin() as connection:
        _insert_broken_rule(connection)
    assert isinstance(stage.take(change()), Produced)


def _insert_broken_rule(connection: Connection) -> None:
    row = {"id": "old", "version": 1, "definition": {"id": "old", "when": {"gone": 1}}, "created_by": "test"}
    connection.execute(insert(tables.Rule).values(row))


def test_an_import_twice_changes_nothing_and_an_edit_is_a_new_version(stage: Stage) -> None:
    one = {"id": "a", "route": {"now": "desk"}}
    for rule in (one, one, {**one, "description": "another"}, {**one, "description": "another"}):
        stage.rules(rule)
    assert stage.rows(tables.Rule, "id", "version") == [("a", 1), ("a", 2)]
    assert stage.rows(tables.Destination, "id", "version") == [("desk", 1)]
