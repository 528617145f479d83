"""Wall time, in one place so that tests can put another clock in.

Message time (`ce_time`) is no clock: it travels with the messages (see `shared/contracts.py`).
"""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def wall() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)
