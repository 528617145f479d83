"""When a destination wants to be told: quiet hours, groups, throttles and digests. All by message time.

Times of day are the recipient's, by the destination's time zone. Where a clock is put back, an hour that comes twice is
quiet both times; where it is put forward, quiet hours begin or end after the gap.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from services.alerting.domain.conditions import List

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = 14  # windows that follow one another without a gap; after a week told whatever the hour


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone, such as Europe/Paris") from None
    return name


def _clock(value: object) -> object:
    """YAML reads an unquoted 22:00 as the number 1320: 22 times 60."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(*divmod(value, 60))
    return value


def _naive(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("has an offset; times of day are by the destination's timezone")
    return value


TimeOfDay = Annotated[time, BeforeValidator(_clock), AfterValidator(_naive)]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class QuietHours(_Given):
    """From a time of day to another, over midnight where the second is not later. `days` are those it begins on."""

    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    days: List[Day] = Field(DAYS, min_length=1)


class Grouping(_Given):
    """Once a destination got more than `more_than` alerts within `minutes`, the next ones are told together."""

    more_than: int = Field(ge=1, le=1000)
    minutes: int = Field(ge=1, le=1440)
    wait_minutes: int = Field(5, ge=1, le=1440, description="how long a group gathers before it is sent")


class Throttle(_Given):
    """At most `messages` within `minutes`; the rest is told in one digest."""

    messages: int = Field(ge=1, le=10_000)
    minutes: int = Field(ge=1, le=1440)


class Schedule(_Given):
    """When digests are sent."""

    every: Literal["day", "week"] = "day"
    at: TimeOfDay = time(8)
    day: Day = Field("mon", description="of a weekly digest")


class Pacing(BaseModel):
    """What every destination can ask for. Corrections and retractions keep to none of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    quiet_hours: List[QuietHours] = Field((), description="held until they end, then told in one digest")
    group: Grouping | None = None
    throttle: Throttle | None = None
    digest: Schedule = Field(Schedule(), description="when what rules route to digest is sent")
    late_digest_after: int | None = Field(
        20, ge=1, description="after an outage: late alerts within an hour after which the rest becomes one digest"
    )


def quiet_until(at: datetime, windows: Iterable[QuietHours], zone: str) -> datetime | None:
    """When the quiet hours end that hold at `at`, those that follow at once included; None: it is not quiet."""
    windows, moment = tuple(windows), at
    for _ in range(LONGEST):
        ends = [end for window in windows if (end := _end(moment, window, ZoneInfo(zone))) is not None]
        if not ends:
            break
        moment = max(ends)
    return moment if moment > at else None


def _end(at: datetime, window: QuietHours, zone: ZoneInfo) -> datetime | None:
    """When this window ends, where it holds at `at`. It may have begun yesterday."""
    today = at.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        if DAYS[day.weekday()] not in window.days:
            continue
        over = day if window.end > window.start else day + timedelta(days=1)
        start = datetime.combine(day, window.start, zone).astimezone(UTC)
        end = datetime.combine(over, window.end.replace(fold=1), zone).astimezone(UTC)
        if start <= at < end:
            return end
    return None


def next_digest(at: datetime, schedule: Schedule, zone: str) -> datetime:
    """When the first digest after `at` is due."""
    today = at.astimezone(ZoneInfo(zone)).date()
    for ahead in range(9):
        day = today + timedelta(days=ahead)
        if schedule.every == "week" and DAYS[day.weekday()] != schedule.day:
            continue
        due = datetime.combine(day, schedule.at, ZoneInfo(zone)).astimezone(UTC)
        if due > at:
            return due
    raise AssertionError("nine days have a day of each name after any moment")
