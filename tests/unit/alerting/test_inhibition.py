from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.alerting.domain.inhibition import Inhibition, hidden_by
from services.alerting.domain.past import Active
from shared.codes import WherePrecision
from shared.contracts import Place
from tests.alerts import NOON, OTHER, change
from tests.builders import PESHAWAR, QUETTA

PAKISTAN = Place(name="Pakistan", country="PK", lat=30.0, lon=70.0, precision=WherePrecision.COUNTRY)
PROVINCE = Place(name="Balochistan", country="PK", admin1="Balochistan", precision=WherePrecision.PROVINCE)


def active(place: Any = PAKISTAN, killed: Any = None, hours_ago: float = 1, event: UUID = OTHER) -> Active:
    return Active(event, ["wide"], NOON - timedelta(hours=hours_ago), place, killed)


@pytest.mark.parametrize(
    ("inhibition", "other", "hidden"),
    [
        ({"by": "wider"}, active(), True),  # a country-level alert hides a city
        ({"by": "wider"}, active(QUETTA), False),  # another city is not wider
        ({"by": "wider"}, active(PROVINCE), False),  # another province covers no Peshawar
        ({"by": "wider"}, active(PAKISTAN.model_copy(update={"country": "AF"})), False),
        ({"by": "wider", "hours": 0.5}, active(), False),
        ({"by": "graver"}, active(QUETTA, killed=13), True),
        ({"by": "graver"}, active(QUETTA, killed=12), False),  # as grave is not graver
        ({"by": "graver", "same": "place"}, active(QUETTA, killed=13), False),
        ({"by": "graver", "same": "place"}, active(PESHAWAR, killed=13), True),
        ({"rules": "wide"}, active(QUETTA), True),
        ({"rules": "other"}, active(), False),
        ({"by": ["wider", "graver"], "rules": "wide"}, active(event=change().event_id), False),  # never by itself
        ({"by": "wider"}, active(hours_ago=-1), False),  # it comes later
    ],
)
def test_a_wider_or_graver_alert_or_one_of_named_rules_hides(inhibition: Any, other: Any, hidden: Any) -> None:
    found = hidden_by(Inhibition.model_validate(inhibition), change(), [other], NOON)
    assert (found is other) == hidden
