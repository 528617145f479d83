"""Ends this process the way Ctrl-C does, whoever asks: the terminal, `kill`, or the death of its parent."""

import os
import signal
import threading
import time
from types import FrameType


def end_like_ctrl_c() -> None:
    """Make SIGTERM, SIGHUP and the parent's death raise KeyboardInterrupt in the main thread, as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True, name="follow parent").start()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
