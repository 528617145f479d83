"""How fast one worker sends: where a rate is set, destinations take turns, a batch each.

A burst then lasts longer and leaves the processor to others. Nobody waits in a thread: who has to wait comes back.
"""

import threading
import time
from collections.abc import Callable

AT_ONCE = 200  # deliveries that go at once after a rest: what comes on an ordinary day knows no turns


class Turns:
    """`batch`: deliveries in one turn; `rate`: deliveries a second, None: as many as can be sent."""

    def __init__(self, batch: int, rate: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._batch, self._clock = batch, clock
        self._each = 1 / rate if rate else 0.0  # seconds that one delivery takes of the rate
        self._next = clock() - AT_ONCE * self._each  # when the next turn is that nobody has
        self._booked: dict[str, float] = {}  # destination -> when its turn is
        self._lock = threading.Lock()

    def wait(self, destination: str) -> float:
        """Seconds until it is this destination's turn, which it keeps until then; 0: it is now, and is taken."""
        with self._lock:
            now = self._clock()
            at = self._booked.pop(destination, None)
            if at is None:
                at = max(self._next, now - AT_ONCE * self._each)
                self._next = at + self._batch * self._each
            if at > now:
                self._booked[destination] = at
            return max(0.0, at - now)

    def took(self, deliveries: int) -> None:
        """A turn is over; what it did not need is others'."""
        with self._lock:
            self._next -= (self._batch - deliveries) * self._each
