from typing import Any

import pytest

from services.alerting.domain.conditions import CHECKS, Conditions, first_miss
from shared.codes import Change, EventStatus, TargetType
from shared.contracts import Target
from tests.alerts import change, report
from tests.builders import PESHAWAR, claimed_by, toll

CHANGE = change(
    perpetrators=[claimed_by("Tehrik-i-Taliban Pakistan", "ttp")],
    targets=[Target(type=TargetType.RELIGIOUS, mention="a mosque")],
    injured=toll(30),
    reports=[report("Dawn"), report("Reuters")],
    independent_sources=2,
    place=PESHAWAR.model_copy(update={"admin1": "Khyber Pakhtunkhwa"}),
)
HERE = {"lat": 34.0, "lon": 71.5, "km": 50}

# condition, what holds, what does not, and the words for it
TABLE = [
    ("change", Change.CREATED, Change.CONFIRMED, "change created, asked confirmed"),
    ("country", "PK", ["AF", "IN"], "country PK, asked AF, IN"),
    ("region", "Southern Asia", "Western Asia", "region of PK, asked Western Asia"),
    ("region", ["Sahel", "asia"], "Sahel", "region of PK, asked Sahel"),
    ("province", "khyber pakhtunkhwa", "Balochistan", "province Khyber Pakhtunkhwa, asked Balochistan"),
    ("near", HERE, HERE | {"km": 20, "at_least": "inside"}, "possible of 20 km around 34, 71.5, asked inside"),
    ("attack_type", "bombing_explosion", "hijacking", "attack type bombing_explosion, asked hijacking"),
    ("perpetrator", "TTP", "IS-K", "perpetrator Tehrik-i-Taliban Pakistan, ttp, asked IS-K"),
    ("target", "religious", "police", "target religious, asked police"),
    ("killed_at_least", 12, 13, "killed 12, asked at least 13"),
    ("injured_at_least", 30, 31, "injured 30, asked at least 31"),
    ("sources_at_least", 2, 3, "independent sources 2, asked at least 3"),
    ("score_at_least", 0.9, 0.95, "score 0.9, asked at least 0.95"),
    ("status", EventStatus.UNCONFIRMED, "confirmed", "status unconfirmed, asked confirmed"),
    ("language", ["ur", "en"], "ur", "language en, asked ur"),
    ("source", "reuters", "AFP", "source Dawn, Reuters, asked AFP"),
]


@pytest.mark.parametrize(("name", "holds", "misses", "words"), TABLE)
def test_a_condition_holds_or_says_what_does_not_fit(name: Any, holds: Any, misses: Any, words: Any) -> None:
    assert first_miss(Conditions.model_validate({name: holds}), CHANGE) is None
    assert first_miss(Conditions.model_validate({name: misses}), CHANGE) == words


def test_every_condition_is_checked_and_tested() -> None:
    assert set(Conditions.model_fields) == set(CHECKS) == {row[0] for row in TABLE}


def test_unknown_is_never_enough() -> None:
    nothing = change(place=None, killed=None, attack_types=[], reports=[], languages=[])
    for name, holds in [("country", "PK"), ("region", "Asia"), ("near", HERE), ("killed_at_least", 0)]:
        assert first_miss(Conditions.model_validate({name: holds}), nothing) is not None


def test_all_must_hold() -> None:
    both = Conditions.model_validate({"country": "PK", "killed_at_least": 100})
    assert first_miss(both, CHANGE) == "killed 12, asked at least 100"
    assert first_miss(Conditions(), CHANGE) is None
