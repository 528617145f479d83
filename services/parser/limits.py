"""A time limit for work on hostile pages."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooSlow(BaseException):
    """Time is up. No `Exception`, so that no library takes it for one of its own and goes on."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` in the block when `seconds` have passed. Only for the main thread: signals come nowhere else."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("deadline() works in the main thread only")

    def ring(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
