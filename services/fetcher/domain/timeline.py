"""In which order a feed's entries are taken, and at which message time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from services.fetcher.domain.feeds import FeedEntry

# wall: a message's time is when its entry was seen. published: when it was published, for replays.
MessageTime = Literal["wall", "published"]

_FUTURE = timedelta(days=1)  # an entry from further ahead has a wrong date


@dataclass(frozen=True)
class Timed:
    entry: FeedEntry
    time: datetime


def oldest_first(
    entries: Sequence[FeedEntry], mode: MessageTime, now: datetime, before: datetime | None = None
) -> list[Timed]:
    """The entries in order of time. One without a date has the time of the entry before it; the first such one that
    of the last entry before this poll (`before`), else of the next one with a date, else `now`."""
    ordered = list(entries if _ascending(entries) else reversed(entries))
    if mode == "wall":
        return [Timed(entry, now) for entry in ordered]
    known = [date for entry in ordered if (date := _date(entry, now))]
    time, timed = before or (known[0] if known else now), []
    for entry in ordered:
        time = _date(entry, now) or time
        timed.append(Timed(entry, time))
    return sorted(timed, key=lambda each: each.time)


def _date(entry: FeedEntry, now: datetime) -> datetime | None:
    return entry.published_at if entry.published_at and entry.published_at <= now + _FUTURE else None


def _ascending(entries: Sequence[FeedEntry]) -> bool:
    """Most feeds list the newest first; this one the oldest?"""
    dates = [entry.published_at for entry in entries if entry.published_at]
    rises = sum((later > earlier) - (later < earlier) for earlier, later in pairwise(dates))
    return rises > 0
