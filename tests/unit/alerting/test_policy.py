from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.alerting.domain import policy
from services.alerting.domain.policy import NO_RULE, OpenThread, Result, decide, nearest_miss
from services.alerting.domain.rules import Silence
from shared.codes import Change, EventStatus
from shared.contracts import Reason
from tests.alerts import NOON, OTHER, book, change, destination, rule
from tests.builders import toll

OPEN = {"desk": OpenThread("Bombing in Peshawar")}


def results(*args: Any, **kwargs: Any) -> Any:
    return {(d.rule_id, d.destination_id): d.result for d in decide(*args, **kwargs)}


@pytest.mark.parametrize("kind", [Change.CREATED, Change.UPDATED, Change.CONFIRMED, Change.CORRECTED, Change.SPLIT])
@pytest.mark.parametrize("material", [True, False])
def test_the_first_message_is_an_alert_whatever_the_change(kind: Any, material: Any) -> None:
    assert results(change(kind, 4, material=material), NOON, book(rule()), {}) == {("all", "desk"): Result.ALERT}


@pytest.mark.parametrize(
    ("kind", "material", "status", "expected"),
    [
        (Change.UPDATED, True, EventStatus.UNCONFIRMED, Result.UPDATE),
        (Change.UPDATED, False, EventStatus.UNCONFIRMED, Result.NOT_MATERIAL),
        (Change.CONFIRMED, True, EventStatus.CONFIRMED, Result.UPDATE),
        (Change.CORRECTED, True, EventStatus.CORRECTED, Result.CORRECTION),
        (Change.CORRECTED, False, EventStatus.CORRECTED, Result.NOT_MATERIAL),
        (Change.SPLIT, True, EventStatus.CONFIRMED, Result.CORRECTION),
        (Change.RETRACTED, True, EventStatus.RETRACTED, Result.RETRACTION),
        (Change.UPDATED, True, EventStatus.REJECTED, Result.RETRACTION),
    ],
)
def test_in_a_thread_only_material_changes_are_told(kind: Any, material: Any, status: Any, expected: Any) -> None:
    told = change(kind, 2, material=material, status=status)
    assert results(told, NOON, book(rule()), OPEN) == {("all", "desk"): expected}


def test_what_can_no_longer_be_alerted_is_still_corrected_and_retracted_in_its_thread() -> None:
    for kind, status, expected in [
        (Change.CORRECTED, EventStatus.CORRECTED, Result.CORRECTION),
        (Change.RETRACTED, EventStatus.RETRACTED, Result.RETRACTION),
    ]:
        stale = change(kind, 2, status=status, alertable=False, not_alertable="stale")
        assert results(stale, NOON, book(rule()), OPEN) == {("all", "desk"): expected}


def test_a_retraction_is_told_once() -> None:
    closed = {"desk": OpenThread("Bombing in Peshawar", closed="retracted")}
    again = change(Change.RETRACTED, 3, material=False, status=EventStatus.RETRACTED)
    assert results(again, NOON, book(rule()), closed) == {("all", "desk"): Result.NOT_MATERIAL}


@pytest.mark.parametrize("status", [EventStatus.RETRACTED, EventStatus.REJECTED, EventStatus.MERGED])
def test_what_is_no_attack_is_no_alert(status: Any) -> None:
    assert results(change(status=status), NOON, book(rule()), {}) == {("all", "desk"): Result.NOT_ALERTABLE}


def test_what_is_not_alertable_says_why() -> None:
    (decision,) = decide(change(alertable=False, not_alertable="stale"), NOON, book(rule()), {})
    assert (decision.result, decision.reason) == (Result.NOT_ALERTABLE, "stale")


def test_a_promoted_epoch_tells_nobody_even_in_an_open_thread() -> None:
    promoted = change(Change.CORRECTED, 2, alertable=False, not_alertable=policy.EPOCH)
    assert results(promoted, NOON, book(rule()), OPEN) == {("all", "desk"): Result.NOT_ALERTABLE}


def test_an_absorbed_thread_is_told_into_which_event() -> None:
    (decision,) = decide(
        change(Change.MERGED, 2, merged_into=OTHER, status=EventStatus.MERGED), NOON, book(rule()), OPEN
    )
    assert (decision.result, decision.reason) == (Result.UPDATE, f"merged into {OTHER}")


def test_a_thread_is_followed_though_its_rule_no_longer_matches_or_exists() -> None:
    fewer = change(Change.CORRECTED, 2)
    assert results(fewer, NOON, book(rule(when={"killed_at_least": 100})), OPEN) == {("all", "desk"): Result.CORRECTION}
    orphan = book(destinations=(destination(),))
    assert results(fewer, NOON, orphan, OPEN) == {(NO_RULE, "desk"): Result.CORRECTION}


def test_staged_routes_wait_for_their_stage() -> None:
    staged = book(rule(route={"unconfirmed": "triage", "confirmed": "board"}))
    assert results(change(), NOON, staged, {}) == {
        ("all", "triage"): Result.ALERT,
        ("all", "board"): Result.STAGED,
    }
    confirmed = change(Change.CONFIRMED, 2, status=EventStatus.CONFIRMED)
    assert results(confirmed, NOON, staged, {"triage": OpenThread("s")}) == {
        ("all", "triage"): Result.UPDATE,
        ("all", "board"): Result.ALERT,
    }
    assert results(confirmed, NOON, staged, {})[("all", "triage")] is Result.STAGED


def silence(**values: Any) -> Any:
    times = {"starts_at": NOON - timedelta(hours=1), "ends_at": NOON + timedelta(hours=1)}
    return Silence.model_validate({"id": uuid4(), "comment": "drill", "created_by": "ann", **times, **values})


def test_a_silence_stops_alerts_and_updates_but_no_correction_and_no_retraction() -> None:
    quiet = book(rule(), silences=(silence(),))
    assert results(change(), NOON, quiet, {}) == {("all", "desk"): Result.SILENCED}
    assert results(change(Change.UPDATED, 2), NOON, quiet, OPEN) == {("all", "desk"): Result.SILENCED}
    assert results(change(Change.CORRECTED, 2), NOON, quiet, OPEN) == {("all", "desk"): Result.CORRECTION}
    retracted = change(Change.RETRACTED, 2, status=EventStatus.RETRACTED)
    assert results(retracted, NOON, quiet, OPEN) == {("all", "desk"): Result.RETRACTION}


@pytest.mark.parametrize(
    "beside",
    [{"when": {"country": "AF"}}, {"rule": "other"}, {"destination": "other"}, {"ends_at": NOON}],
    ids=["matcher", "rule", "destination", "over"],
)
def test_a_silence_beside_the_point_stops_nothing(beside: Any) -> None:
    assert results(change(), NOON, book(rule(), silences=(silence(**beside),)), {}) == {("all", "desk"): Result.ALERT}


def test_rules_out_of_force_say_so() -> None:
    off = rule("off", enabled=False)
    over = rule("over", expires_at=NOON)
    still = rule("still", expires_at=NOON + timedelta(seconds=1))
    assert results(change(), NOON, book(off, over, still), {}) == {
        ("off", "desk"): Result.NOT_IN_FORCE,
        ("over", "desk"): Result.NOT_IN_FORCE,
        ("still", "desk"): Result.ALERT,
    }


def test_a_destination_that_is_disabled_or_missing_gets_nothing() -> None:
    two = book(rule(route={"now": ["off", "gone"]}), destinations=(destination("off", enabled=False),))
    assert set(results(change(), NOON, two, {}).values()) == {Result.NO_DESTINATION}


def test_every_decision_has_a_reason_and_the_furthest_one_names_the_outcome() -> None:
    several = decide(
        change(), NOON, book(rule("a", when={"country": "AF"}), rule("b", route={"confirmed": "desk"})), {}
    )
    assert [decision.reason for decision in several] == [
        "country PK, asked AF",
        "waits for confirmation, the event is unconfirmed",
    ]
    assert nearest_miss(several) == "staged"
    assert nearest_miss([]) == "no_rules"


def test_a_rule_that_matches_later_speaks_in_the_open_thread_and_one_that_does_not_stays_out_of_it() -> None:
    told = {"desk": OpenThread("Bombing in Peshawar", rules=frozenset({"few"}))}
    both = book(rule("few", updates={"only": "claim"}), rule("many", when={"killed_at_least": 10}))
    risen = change(Change.UPDATED, 2, reasons=(Reason(field="killed", old="4", new="12", material=True),))
    assert results(risen, NOON, both, told) == {
        ("few", "desk"): Result.NOT_MATERIAL,
        ("many", "desk"): Result.UPDATE,
    }
    fewer = risen.model_copy(update={"snapshot": risen.snapshot.model_copy(update={"killed": toll(6)})})
    assert results(fewer, NOON, both, told)[("many", "desk")] is Result.NO_MATCH


def test_a_thread_whose_rules_are_gone_is_followed_by_none() -> None:
    told = {"desk": OpenThread("Bombing in Peshawar", rules=frozenset({"gone"}))}
    corrected = change(Change.CORRECTED, 2)
    assert results(corrected, NOON, book(rule("far", when={"country": "AF"})), told) == {
        ("far", "desk"): Result.NO_MATCH,
        (NO_RULE, "desk"): Result.CORRECTION,
    }


def test_what_is_held_on_several_steps_is_due_when_the_last_of_them_lets_it_go() -> None:
    desk = destination("desk", quiet_hours={"from": "11:00", "to": "15:00"}, digest={"at": "13:00"})
    by_digest = book(rule(route={"digest": "desk"}), destinations=(desk,))
    (decision,) = decide(change(), NOON, by_digest, {})
    assert (decision.result, decision.due_at) == (Result.QUIET, NOON + timedelta(hours=3))
    (held,) = decide(change(), NOON - timedelta(hours=2), by_digest, {})
    assert (held.result, held.due_at) == (Result.DIGESTED, NOON + timedelta(hours=3)), (
        "due in quiet hours: at their end"
    )


def test_a_digest_waits_for_its_stage_too() -> None:
    quiet = (destination("desk", quiet_hours={"from": "11:00", "to": "15:00"}),)
    assert results(change(), NOON, book(rule(route={"confirmed": "desk"}), destinations=quiet), {}) == {
        ("all", "desk"): Result.STAGED
    }
