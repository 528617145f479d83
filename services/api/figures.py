"""Figures over events: spans of days, what is usual for them, and how far from usual they are. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Literal

RECENT_WINDOWS = 8
YEARS_BACK = 3
FEWEST_WINDOWS = 4
SURGE = 3.0
_WEEKS_52 = 364  # days: the same weekday a year before
_TO_SIGMA = 1.4826  # median absolute deviation -> standard deviation, of a normal distribution

Calendar = Literal["day", "week", "month", "quarter", "year"]
_LONGEST: dict[Calendar, int] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}  # days

SpanName = Literal["year_to_date", "last_year", "last_7_days", "last_30_days", "last_365_days"]


@dataclass(frozen=True)
class Span:
    """Days, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def shifted(self, days: int) -> "Span":
        """The span of the same length that many days before; raises `OverflowError` before the year 1."""
        shift = timedelta(days=days)
        return Span(self.since - shift, self.until - shift)


def named(name: SpanName, today: date) -> Span:
    if name == "year_to_date":
        return Span(today.replace(month=1, day=1), today)
    if name == "last_year":
        return Span(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))
    days = {"last_7_days": 7, "last_30_days": 30, "last_365_days": 365}[name]
    return Span(today - timedelta(days=days - 1), today)


def periods(span: Span, kind: Calendar) -> Iterator[Span]:
    """Whole days, weeks (from Monday) and so on of the calendar that have days of the span, in order."""
    begins = _beginning(span.since, kind)
    while begins <= span.until:
        following = _beginning(begins + timedelta(days=_LONGEST[kind]), kind)
        yield Span(begins, following - timedelta(days=1))
        begins = following


def _beginning(day: date, kind: Calendar) -> date:
    if kind == "week":
        return day - timedelta(days=day.weekday())
    if kind == "day":
        return day
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[kind]
    return day.replace(month=month, day=1)


def reference_windows(span: Span, first_day: date) -> list[Span]:
    """Spans as long as this one, on the same weekdays, that tell what is usual: the eight before it, and of the three
    years before those at the same season (with a neighbour on either side). None that overlap, none that begin before
    `first_day`, when events began to be kept."""
    step = -(-span.days // 7) * 7
    shifts = [step * number for number in range(1, RECENT_WINDOWS + 1)]
    for year in range(1, YEARS_BACK + 1):
        for neighbour in (-step, 0, step):
            shift = _WEEKS_52 * year + neighbour
            if all(abs(shift - other) >= span.days for other in [*shifts, 0]):
                shifts.append(shift)
    reach = (span.since - first_day).days
    return [span.shifted(shift) for shift in sorted(shifts) if shift <= reach]


@dataclass(frozen=True)
class Baseline:
    """What is usual: the median of the reference windows, and their median absolute deviation from it."""

    median: float
    mad: float
    windows: int


def baseline(counts: Sequence[int]) -> Baseline | None:
    """None where there are too few windows to tell."""
    if len(counts) < FEWEST_WINDOWS:
        return None
    middle = median(counts)
    return Baseline(middle, median(abs(count - middle) for count in counts), len(counts))


def surge_score(count: int, usual: Baseline) -> float:
    """How many robust standard deviations above what is usual. Counts of rare things scatter by their square root at
    least (Poisson), so that one attack after quiet weeks is no surge."""
    scatter = max(_TO_SIGMA * usual.mad, math.sqrt(usual.median), 1.0)
    return round((count - usual.median) / scatter, 2)
