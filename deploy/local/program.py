"""What the supervisor needs to know to run one part or one service."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """One child process: what to start, and how to tell that it works."""

    name: str  # shown to the user, and the log file's name
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)  # on top of the supervisor's own environment
    ready: Callable[[], bool] | None = None  # asked again and again until true; None: ready once started
    user: int | None = None  # user and group id to run as; None: the supervisor's own
    stop_signal: int = signal.SIGTERM
    shown: bool = False  # its stdout goes to the user; otherwise, and its stderr always, to its log
