"""Places where a test can kill the process, to prove that nothing is lost there.

`TOCSIN_FAILPOINTS="stage.after_produce=kill@3,relay.after_send=kill"` kills it (SIGKILL) when it passes the first
place for the third time, or the second one for the first time. Without the variable `hit` does nothing.

stage.after_produce   stateless: outputs are acknowledged, offsets not committed
stage.before_commit   stateful: everything is written, the transaction not committed
stage.after_commit    stateful: the transaction is committed, offsets are not
relay.after_send      the relay's messages are acknowledged, their rows not deleted
delivery.after_claim  a worker has claimed a delivery, nothing has been sent
delivery.after_send   it has been sent, which is not committed
"""

import os
import signal
from collections.abc import Mapping

VARIABLE = "TOCSIN_FAILPOINTS"
NAMES = frozenset(
    {
        "stage.after_produce",
        "stage.before_commit",
        "stage.after_commit",
        "relay.after_send",
        "delivery.after_claim",
        "delivery.after_send",
    }
)

_left: dict[str, int] | None = None  # passes until the kill, by place; None: the variable has not been read yet


def hit(name: str) -> None:
    """The process passes the place `name`."""
    global _left
    if _left is None:
        _left = parse(os.environ)
    if name in _left:
        _left[name] -= 1
        if _left[name] == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def parse(environ: Mapping[str, str]) -> dict[str, int]:
    """Read the variable; an unknown place or action is an error, or a test would pass without its crash."""
    armed = {}
    for item in filter(None, environ.get(VARIABLE, "").split(",")):
        name, _, action = item.strip().partition("=")
        verb, _, count = action.partition("@")
        if name not in NAMES or verb != "kill" or not (count or "1").isdecimal():
            raise ValueError(f"{VARIABLE}: {item!r} is not NAME=kill[@N] with NAME one of {', '.join(sorted(NAMES))}")
        armed[name] = int(count or 1)
    return armed
