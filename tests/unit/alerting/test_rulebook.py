from pathlib import Path
from typing import Any

import pytest
import yaml

from services.alerting.domain.rulebook import RulesError, read
from tests.alerts import rule

SECRET = "xoxb-very-secret"


def faults(document: Any) -> Any:
    with pytest.raises(RulesError) as caught:
        read(document)
    return caught.value.faults


def document(when: Any = None, route: Any = None, **values: Any) -> Any:
    one = {"id": "blasts", "owner": "desk", "when": when or {}, "route": route or {"now": "desk"}, **values}
    return {"rules": [one], "destinations": [webhook()]}


def webhook(**config: Any) -> Any:
    return {"id": "desk", "channel": "webhook", "config": {"url": "https://x.example", "secret": "env:S", **config}}


def test_the_demo_rules_are_sound_and_have_a_catch_all() -> None:
    rules, destinations = read(yaml.safe_load(Path("deploy/rules.yml").read_text()))
    everything = next(one for one in rules if one.id == "catch-all")
    assert everything.when.asked == {}
    assert everything.route.now == ("catch-all",)
    assert {entry.channel for entry in destinations} == {"slack", "slack_webhook", "email", "webhook"}


def test_an_unknown_field_names_the_rule_the_field_and_what_is_allowed() -> None:
    (fault,) = faults(document({"kiled_at_least": 5}))
    assert fault.startswith(
        "rule 'blasts': when.kiled_at_least: unknown field; did you mean killed_at_least? allowed: change, country, reg"
    )
    (fault,) = faults(document({"near": [{"lat": 1, "lon": 2, "km": 3, "radius": 4}]}))
    assert fault == "rule 'blasts': when.near.0.radius: unknown field; allowed: lat, lon, km, at_least"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (document({"country": "UK"}), "'UK' is no ISO 3166-1 alpha-2 code"),
        (document({"country": [False]}), "when.country.0: Input should be a valid string"),  # YAML's NO
        (document({"attack_type": "bomb"}), "'bombing_explosion'"),
        (document({"killed_at_least": -1}), "greater than or equal to 0"),
        (document(route={"later": "desk"}), "route.later: unknown field; allowed: now, unconfirmed, confirmed"),
        (document(route={"now": []}), "names no destination"),
        (document(route={"unconfirmed": "desk", "confirmed": "desk"}), "names a destination twice"),
        (document(route={"now": "duty"}), "route.now: no destination 'duty'; known: desk"),
        (document(expires_at="2023-01-30T12:00:00"), "timezone"),
        ({"rules": [{"id": "x"}]}, "rule 'x': owner: is missing: give whom to ask about this rule"),
        (document({"region": "Sahell"}), "when.region.0: 'Sahell' is no region; try sahel"),
        (document({"language": "english"}), "when.language.0"),
        (document(escalate={"after_minutes": 5, "to": "boss"}), "escalate.to: no destination 'boss'; known: desk"),
        (document(inhibited_by={"hours": 3}), "inhibited_by: says not by what; give by: wider"),
        (document(updates={"only": ["tol"]}), "updates.only.0: Input should be 'toll', 'claim'"),
        ({"destinations": [webhook(), webhook()]}, "destination 'desk': defined twice"),
        ({"destinations": [webhook(uri="x")]}, "config.uri: unknown field; did you mean url? allowed: timezone,"),
        ({"destinations": [webhook(timezone="Mars")]}, "config.timezone: 'Mars' is no time zone"),
        ({"destinations": [webhook() | {"channel": "pager"}]}, "'email', 'webhook', 'teams', 'pagerduty' or 'apprise'"),
        (["rules"], "the document: as a whole"),
    ],
)
def test_what_is_wrong_is_said(wrong: Any, words: Any) -> None:
    assert any(words in fault for fault in faults(wrong)), faults(wrong)


def test_all_faults_are_told_at_once() -> None:
    both = document({"kiled": 1})
    both["destinations"][0]["config"]["uri"] = "x"
    assert len(faults(both)) == 2


def test_a_secret_in_the_clear_is_refused_and_not_repeated() -> None:
    (fault,) = faults({"destinations": [webhook(secret=SECRET)]})
    assert "env:NAME or file:/path" in fault
    assert SECRET not in fault


def test_the_summary_of_a_rule_reads_as_a_line() -> None:
    staged = rule(
        "gulf",
        when={
            "country": ["IQ", "SY"],
            "near": {"lat": 33.3, "lon": 44.4, "km": 80},
            "killed_at_least": 5,
            "attack_type": "bombing_explosion",
        },
        route={"now": "desk", "unconfirmed": "triage", "confirmed": ["board", "mail"]},
        enabled=False,
    )
    assert staged.summary == (
        "gulf: country IQ or SY; near possible 80 km of 33.3, 44.4; attack type bombing_explosion; killed at least 5"
        " -> desk; unconfirmed: triage; confirmed: board, mail (disabled)"
    )
    assert rule().summary == "all: every attack -> desk"
