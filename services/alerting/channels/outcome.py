"""How one attempt to send ends, whatever the channel: a reference when it was taken, else one of three exceptions."""

from dataclasses import dataclass
from typing import Any

Ref = dict[str, Any]  # what the channel calls the message: Slack channel and ts, e-mail Message-ID


class Retry(Exception):
    """Surely not sent; try again, not before `after` seconds where the receiver says so."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class Unknown(Exception):
    """Bytes left and no answer came: it may have been taken."""


class Dead(Exception):
    """Surely not sent, and trying again would not help; the reason is for the destination's owner."""


@dataclass(frozen=True)
class Sent:
    ref: Ref
    warning: str | None = None  # taken, but not as wanted: one of several recipients was refused
