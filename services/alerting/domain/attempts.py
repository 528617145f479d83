"""When to try again, and when to give up."""

from dataclasses import dataclass
from uuid import UUID

JITTER = 0.2


@dataclass(frozen=True)
class Patience:
    """Seconds. `settle`: how long after an attempt without an answer the receiver is asked, or sent to, again."""

    first: float = 2.0
    longest: float = 900.0
    settle: float = 3.0
    attempts: int = 20  # with the values above: about three hours

    def delay(self, delivery: UUID, attempt: int, asked: float | None = None) -> float:
        """Seconds until the next attempt: doubling, bounded, spread; never less than the receiver asked for."""
        doubled = min(self.longest, self.first * 2.0 ** min(attempt - 1, 30))
        spread = 1 + JITTER * ((delivery.int + attempt * 7919) % 1000 / 500 - 1)  # the same for the same attempt
        return max(doubled * spread, asked or 0.0)

    def given_up(self, attempt: int) -> bool:
        return attempt >= self.attempts
