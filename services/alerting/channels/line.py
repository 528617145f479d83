"""The way to receivers for one run of deliveries: connections are kept from one message to the next, then closed.

A connection that has been idle for long may be gone without a word, and a message sent into it would be in doubt: so
none is kept any longer than messages follow one another.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

ANSWER_SECONDS = 15.0


class Line(AbstractContextManager["Line"]):
    """For one thread. `allowed`: host:port pairs that may be private; `seconds`: how long each answer is waited for."""

    def __init__(self, allowed: Collection[str] = (), seconds: float = ANSWER_SECONDS) -> None:
        self.allowed, self.seconds = allowed, seconds
        self._kept: dict[Any, Any] = {}
        self._open = ExitStack()

    def keep(self, key: Any, make: Callable[[], T], close: Callable[[T], object]) -> T:
        """What was made for `key` before, else a new one; `close` ends it with the line."""
        if key not in self._kept:
            self._kept[key] = made = make()
            self._open.callback(close, made)
        found: T = self._kept[key]
        return found

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def forget(self, key: Any) -> None:
        """The next one for `key` is made anew."""
        self._kept.pop(key, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
