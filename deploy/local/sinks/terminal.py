"""A received alert as a block of lines for the terminal: what, where, when, toll, who, how sure, sources, links."""

import html
import re
import textwrap
from datetime import datetime, timedelta

from deploy.local.sinks.record import Received

WIDTH = 100
STALE = timedelta(days=7)  # a publication longer ago is a replay's, and how long ago it was says nothing
_LEFT_OUT = ("Why you get this:", "Event ")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # could steer the terminal
_COLOURS = {"alert": "31", "update": "33", "correction": "36", "retraction": "35", "digest": "34"}


def block(message: Received, out_at: datetime | None = None, colour: bool = False) -> str:
    """The message to be printed. `out_at`: when its article came out on the newsroom's site, where that is known."""
    kind = message.labels.get("kind") or "message"
    head = f"── {kind.upper()} → {message.sink} {message.destination} "
    head = clean(head).ljust(WIDTH, "─")
    if colour:
        head = f"\x1b[1;{_COLOURS.get(kind, '37')}m{head}\x1b[0m"
    text = html.unescape(message.text) if message.sink.startswith("slack") else message.text
    lines = [clean(line) for line in text.splitlines() if not line.startswith(_LEFT_OUT)]
    body = [_wrapped(line) for line in lines if line.strip()]
    return "\n".join([head, *body, f"   {timing(message, out_at)}"])


def _wrapped(line: str) -> str:
    margin = " " * (3 + len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.strip(), WIDTH, initial_indent=margin, subsequent_indent=margin + "  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def timing(message: Received, out_at: datetime | None) -> str:
    """`received 21:04:05, 0.9 s after it came out, 0.4 s after it was fetched`."""
    at = message.received_at
    parts = [f"received {at:%H:%M:%S}"]
    published = _time(message.labels.get("published_at"))
    if out_at is not None:
        parts.append(f"{span(at - out_at)} after it came out")
    elif published is not None and at - published < STALE:
        parts.append(f"{span(at - published)} after publication")
    if fetched := _time(message.labels.get("fetched_at")):
        parts.append(f"{span(at - fetched)} after it was fetched")
    told = f" (published {published:%Y-%m-%d %H:%M} UTC)" if published else ""
    return ", ".join(parts) + told


def span(time: timedelta) -> str:
    """`0.4 s`, `12 min`, `3.5 h`."""
    seconds = time.total_seconds()
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def clean(text: str) -> str:
    """Without what a terminal would obey: an article's words are not to be trusted."""
    return _CONTROL.sub("�", text)


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
