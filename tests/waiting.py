"""Waiting for something that another thread or process does."""

import time
from collections.abc import Callable

_STEP = 0.02  # seconds between two looks


def until(true: Callable[[], bool], what: str = "what was awaited", seconds: float = 40) -> None:
    """Look until it is true.

    Raises:
        AssertionError: It was not within `seconds`; `what` says what should have come true.
    """
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(_STEP)
