import pytest

from shared import failpoints


def test_without_the_variable_nothing_is_armed() -> None:
    assert failpoints.parse({}) == {}


def test_places_and_counts() -> None:
    armed = failpoints.parse({failpoints.VARIABLE: "stage.after_produce=kill@3, relay.after_send=kill"})
    assert armed == {"stage.after_produce": 3, "relay.after_send": 1}


@pytest.mark.parametrize(
    "text", ["nowhere=kill", "relay.after_send=explode", "relay.after_send", "relay.after_send=kill@x"]
)
def test_a_mistake_is_an_error_or_the_test_would_pass_without_its_crash(text: str) -> None:
    with pytest.raises(ValueError, match="NAME=kill"):
        failpoints.parse({failpoints.VARIABLE: text})
