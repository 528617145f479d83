"""How many dead letters are too many: a consumer stops rather than empty its topic into them."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


class TooManyDead(RuntimeError):
    """Most likely the code or the contract is wrong, not the messages."""


@dataclass(frozen=True)
class Ceiling:
    """`run`: so many in a row; `ratio`: this share of the last `window` messages, once there are so many."""

    run: int = 50
    ratio: float = 0.5
    window: int = 200


class DeadWatch:
    """Remembers which of the last committed messages died."""

    def __init__(self, ceiling: Ceiling, stage: str) -> None:
        self._ceiling, self._stage = ceiling, stage
        self._history: deque[bool] = deque(maxlen=max(ceiling.run, ceiling.window))

    def check(self, dead: Sequence[bool]) -> None:
        """Raise `TooManyDead` if with these messages, in order, the ceiling would be reached."""
        if not any(dead):
            return
        history = [*self._history, *dead]
        run = 0
        for died in history:
            run = run + 1 if died else 0
            if run >= self._ceiling.run:
                raise TooManyDead(self._message(f"{run} messages in a row"))
        window = self._ceiling.window
        for end in range(window, len(history) + 1):
            share = sum(history[end - window : end]) / window
            if share >= self._ceiling.ratio:
                raise TooManyDead(self._message(f"{share:.0%} of {window} messages"))

    def note(self, dead: Sequence[bool]) -> None:
        """These are committed."""
        self._history.extend(dead)

    def _message(self, how_many: str) -> str:
        return (
            f"stage {self._stage}: {how_many} were rejected, so it stops before more go to dead.letters. "
            "The last batch was not committed. Look at the reasons in the log, mend the cause and start again; "
            "if the messages really are that bad, raise DEAD_LETTER_RUN and DEAD_LETTER_RATIO."
        )
