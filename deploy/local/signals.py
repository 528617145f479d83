"""Ends this process the way Ctrl-C does, whoever asks: the terminal, `kill`, or the death of its parent."""

import os
import signal
import threading
import time
from types import FrameType


def end_like_ctrl_c() -> None:
    """Make SIGTERM, SIGHUP and the parent's death raise KeyboardInterrupt in the main thread, as Ctrl-C does."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True, name="follow parent").start()


def _interrupt(number: int, frame: FrameType | None) -> None:
    # One Ctrl-C often ends the parent too: what follows from that must not cut the cleaning up short. A second does.
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
