"""Whom the API remembers, and for how long."""

from services.api import access
from services.api.access import Known
from services.api.caller import Caller

DESK = Caller("key", "0a1b2c3d", "desk", frozenset({"read"}))


def test_a_key_is_remembered_for_a_second_and_no_longer() -> None:
    now = 100.0
    known = Known(now=lambda: now)
    assert known.get("tocsin_a") is None
    known.put("tocsin_a", DESK)
    now = 100.9
    assert known.get("tocsin_a") == DESK
    assert known.get("tocsin_b") is None
    now = 101.0
    assert known.get("tocsin_a") is None


def test_few_keys_are_remembered_and_none_as_it_was_given() -> None:
    known = Known()
    for number in range(access._MOST_KEPT + 5):
        known.put(f"tocsin_{number}", DESK)
    assert known.get("tocsin_0") is None
    assert known.get(f"tocsin_{access._MOST_KEPT + 4}") == DESK
    assert len(known._kept) == access._MOST_KEPT
    assert all(isinstance(key, bytes) and b"tocsin" not in key for key in known._kept)
