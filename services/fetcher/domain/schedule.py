"""When to ask a feed again, and when to give it up."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

# A failure weighs by how likely it is to stay: dead address or no feed; an answer that says "not now"; a bad line.
Severity = Literal["hard", "soft", "temporary"]
WEIGHTS: dict[Severity, float] = {"hard": 1.0, "soft": 0.5, "temporary": 0.25}
_SOFT_STATUSES = frozenset({404, 408, 425, 429})
GONE = 410

_FASTER, _SLOWER = 0.5, 1.25  # what an interval is multiplied by after a poll with news, and without
_FULL_READ_EVERY = 20  # polls: some feeds keep their ETag after changing
_LONGEST_WAIT = 24 * 3600


@dataclass(frozen=True)
class Bounds:
    """Seconds between polls, and the weight of failures at which a feed is switched off."""

    shortest: int
    longest: int
    most_failures: float


@dataclass(frozen=True)
class Plan:
    interval_seconds: int
    failures: float
    wait_seconds: float
    disabled_reason: str | None = None


def is_conditional(polls: int) -> bool:
    """Whether to send ETag and Last-Modified this time."""
    return polls % _FULL_READ_EVERY != 0


def after_success(interval: int, news: int, bounds: Bounds) -> Plan:
    """The feed was read and had `news` new entries. It pays to look as often as it publishes."""
    adapted = interval * (_FASTER if news else _SLOWER)
    seconds = round(min(max(adapted, bounds.shortest), bounds.longest))
    return Plan(seconds, 0.0, seconds)


def after_unchanged(interval: int, failures: float, bounds: Bounds) -> Plan:
    """304: well, but no proof that the feed can be read again, so earlier failures stay."""
    plan = after_success(interval, 0, bounds)
    return Plan(plan.interval_seconds, failures, plan.wait_seconds)


def after_failure(
    interval: int, failures: float, severity: Severity, status: int | None, retry_after: float | None, bounds: Bounds
) -> Plan:
    """Wait longer with each failure, and at least as long as the server asks; give up at the limit or at 410."""
    total = failures + WEIGHTS[severity]
    seconds = min(max(interval, bounds.shortest) * (1 + total), bounds.longest)
    seconds = max(seconds, min(retry_after or 0.0, _LONGEST_WAIT))
    reason = None
    if status == GONE:
        reason = "410: the server says that the feed is gone"
    elif total >= bounds.most_failures:
        reason = f"failed for too long (weight {total:g})"
    return Plan(interval, total, seconds, reason)


def severity(status: int) -> Severity:
    """Of an HTTP status that is an error."""
    return "soft" if status in _SOFT_STATUSES or status >= 500 else "hard"


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or a date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds())


def page_retry(attempts: int, first_seconds: float, asked: float | None = None) -> float:
    """Seconds until a page is tried again after `attempts` failures: three times longer each time, and at least what
    the server `asked` for."""
    return float(min(max(first_seconds * 3 ** max(0, attempts - 1), asked or 0.0), _LONGEST_WAIT))
