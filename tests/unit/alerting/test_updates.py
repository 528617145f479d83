from typing import Any

import pytest

from services.alerting.domain.updates import Updates, wanted
from shared.codes import Change
from shared.contracts import Reason
from tests.alerts import change

TOLL = ("killed", "4", "6")
CLAIM = ("perpetrators", "IS-K (suspected)", "IS-K (claimed)")
NAMED = ("perpetrators", None, "IS-K (suspected)")
PLACE = ("place", "Kohat, PK", "Peshawar, PK")


def told(updates: Any, *reasons: Any) -> Any:
    said = tuple(Reason(field=field, old=old, new=new, material=True) for field, old, new in reasons)
    return wanted(Updates.model_validate(updates), change(Change.UPDATED, 2, reasons=said))


@pytest.mark.parametrize(
    ("updates", "reason", "expected"),
    [
        ({}, TOLL, "killed 4 → 6"),
        ({}, PLACE, "place Kohat, PK → Peshawar, PK"),
        ({"only": "claim"}, TOLL, None),
        ({"only": "claim"}, CLAIM, "perpetrators IS-K (suspected) → IS-K (claimed)"),
        ({"only": "claim"}, NAMED, None),
        ({"only": ["perpetrator", "place"]}, NAMED, "perpetrators unknown → IS-K (suspected)"),
        ({"only": ["perpetrator", "place"]}, PLACE, "place Kohat, PK → Peshawar, PK"),
        ({"killed_steps": [5, 10]}, TOLL, "killed 4 → 6 crosses 5"),
        ({"killed_steps": [5, 10]}, ("killed", "6", "9 (8 to 10)"), None),
        ({"killed_steps": [5, 10]}, ("killed", "9", "4"), "killed 9 → 4 crosses 5"),  # corrected down
        ({"killed_steps": [5, 10]}, ("killed", None, "12 (10 to 14)"), "killed unknown → 12 (10 to 14) crosses 5, 10"),
        ({"killed_steps": [0]}, ("killed", None, "0"), "killed unknown → 0 crosses 0"),
        ({"injured_steps": [10]}, TOLL, "killed 4 → 6"),
        ({"only": "place", "killed_steps": [5]}, TOLL, None),
    ],
)
def test_a_rule_is_told_of_the_material_changes_that_it_wants(updates: Any, reason: Any, expected: Any) -> None:
    assert told(updates, reason) == expected


def test_one_wanted_reason_is_enough_and_the_rest_is_left_out() -> None:
    assert told({"only": "claim"}, TOLL, CLAIM) == "perpetrators IS-K (suspected) → IS-K (claimed)"


def test_a_merger_is_news_of_another_kind() -> None:
    merged = change(Change.MERGED, 2)
    assert wanted(Updates(), merged) == "merged"
    assert wanted(Updates(only=("toll",)), merged) is None


def test_a_summary_says_what_differs_from_everything() -> None:
    assert Updates().summary == ""
    assert Updates(only=("claim", "toll"), killed_steps=(5, 10)).summary == "claim, toll; killed only across 5, 10"
    assert Updates(killed_steps=(5,)).summary == "every material change; killed only across 5"
