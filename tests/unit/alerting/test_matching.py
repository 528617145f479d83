"""The index of rules leaves out none that matches: held against asking every rule."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerting.domain.conditions import Conditions, first_miss
from services.alerting.domain.matching import RuleIndex
from shared.codes import AttackType, Change, EventStatus, TargetType, WherePrecision
from shared.contracts import Place, Target
from tests.alerts import change, report, rule
from tests.builders import claimed_by, toll

COUNTRIES = ["PK", "AF", "IQ", "FR", "RU"]
CIRCLE = st.fixed_dictionaries(
    {
        "lat": st.floats(-90, 90),
        "lon": st.floats(-180, 180),
        "km": st.sampled_from([1.0, 50.0, 400.0, 3000.0, 20000.0]),
        "at_least": st.sampled_from(["inside", "possible", "region_only"]),
    }
)


def some(values: Any) -> Any:
    return st.lists(st.sampled_from(list(values)), min_size=1, max_size=3, unique=True)


CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "change": some(Change),
        "country": some(COUNTRIES),
        "region": some(["Sahel", "Southern Asia", "asia", "Europe", "Middle East"]),
        "province": some(["Punjab", "Sindh"]),
        "near": st.lists(CIRCLE, min_size=1, max_size=2),
        "attack_type": some(AttackType),
        "perpetrator": some(["TTP", "IS-K", "isis"]),
        "target": some(TargetType),
        "killed_at_least": st.integers(0, 20),
        "injured_at_least": st.integers(0, 20),
        "sources_at_least": st.integers(1, 3),
        "score_at_least": st.floats(0, 1),
        "status": some(EventStatus),
        "language": some(["en", "ur"]),
        "source": some(["Dawn", "BBC"]),
    },
)
PLACE = st.builds(
    Place,
    name=st.just("x"),
    country=st.sampled_from([*COUNTRIES, None]),
    admin1=st.sampled_from(["PUNJAB", None]),
    lat=st.floats(-90, 90) | st.none(),
    lon=st.floats(-180, 180),
    precision=st.sampled_from(WherePrecision),
    radius_km=st.sampled_from([None, 5.0, 5000.0]),
)
EVENT = st.builds(
    change,
    st.sampled_from(Change),
    place=PLACE | st.none(),
    attack_types=some(AttackType),
    perpetrators=st.lists(st.builds(claimed_by, st.sampled_from(["TTP", "x"]), st.sampled_from(["ISIS", None]))),
    targets=st.lists(st.builds(Target, type=st.sampled_from(TargetType), mention=st.just("x")), max_size=2),
    killed=st.builds(toll, st.integers(0, 20)) | st.none(),
    injured=st.builds(toll, st.integers(0, 20)) | st.none(),
    status=st.sampled_from(EventStatus),
    reports=st.lists(st.builds(report, st.sampled_from(["dawn", "x"])), max_size=2),
    languages=some(["en", "ur"]),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(CONDITIONS, min_size=1, max_size=30), st.lists(EVENT, min_size=1, max_size=5))
def test_the_index_finds_every_rule_that_matches(conditions: Any, events: Any) -> None:
    rules = [(rule(f"r{number}", when=when), 1) for number, when in enumerate(conditions)]
    index = RuleIndex(rules)
    for event in events:
        matching = {one.id for one, _ in rules if first_miss(one.when, event) is None}
        found = [one.id for one, _ in index.candidates(event)]
        assert matching <= set(found)
        assert len(found) == len(set(found))


def test_rules_of_open_threads_are_found_whatever_they_ask() -> None:
    index = RuleIndex([(rule("far", when={"country": "FR"}), 3), (rule("here", when={"country": "PK"}), 1)])
    assert [one.id for one, _ in index.candidates(change())] == ["here"]
    assert [(one.id, version) for one, version in index.candidates(change(), also=["far", "gone"])] == [
        ("here", 1),
        ("far", 3),
    ]


def test_few_of_many_rules_are_asked() -> None:
    chance = random.Random(1)
    circles = [{"lat": chance.uniform(-60, 60), "lon": chance.uniform(-180, 180), "km": 50} for _ in range(1000)]
    named = [{"perpetrator": f"group {number}", "country": "PK"} for number in range(1000)]
    rules = [
        (rule(f"r{number}", when=when), 1) for number, when in enumerate([*named, *({"near": c} for c in circles)])
    ]
    asked = RuleIndex(rules).candidates(change(perpetrators=[claimed_by("group 7")]))
    assert len(asked) < 20
    assert Conditions.model_validate(named[7]) in [one.when for one, _ in asked]
