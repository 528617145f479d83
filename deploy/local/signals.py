"""Ends this process in order, whoever asks: the terminal, `kill`, or the death of its parent.

One Ctrl-C often ends the parent too: what follows from that does not cut the cleaning up short. A second does.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import FrameType
from typing import Any


def end_like_ctrl_c() -> None:
    """Make SIGTERM, SIGHUP and the parent's death raise KeyboardInterrupt in the main thread, as Ctrl-C does."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    _when_told(interrupt)


def run_until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` on an event loop of its own; told to end, it is cancelled where it waits, and cleans up.

    An exception that a signal raises between two callbacks of a loop can get lost in one; a cancellation cannot.
    """

    async def cancelled_when_told() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a loop runs this as a task
        _when_told(lambda: loop.call_soon_threadsafe(task.cancel))
        await work

    with suppress(asyncio.CancelledError):
        asyncio.run(cancelled_when_told())
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)  # on its way out Python gives up handlers of its own, but not this


def _when_told(end: Callable[[], object]) -> None:
    def told(number: int, frame: FrameType | None) -> None:
        for other in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(other, _overhear)  # SIG_IGN: Python complains of one that came just before
        signal.signal(signal.SIGINT, signal.default_int_handler)
        end()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, told)
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True, name="follow parent").start()


def _overhear(number: int, frame: FrameType | None) -> None:
    pass


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
