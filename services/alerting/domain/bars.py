"""A plot of counts for a terminal or a plain mail: a line each, as long as its number."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

FULL = "█"
PARTS = " ▏▎▍▌▋▊▉"


def bars(counts: Sequence[tuple[str, int]], width: int = 40) -> list[str]:
    """`Mon 30 Jan  ████▌ 9`; the longest bar has `width` characters."""
    most = max((number for _, number in counts), default=0)
    name = max((len(label) for label, _ in counts), default=0)
    return [f"{label:<{name}}  {_bar(number, most, width)} {number}".rstrip() for label, number in counts]


def per_day(days: Iterable[date], first: date, last: date) -> list[tuple[date, int]]:
    """How many on each day from `first` to `last`, the empty ones too."""
    seen = list(days)
    span = (last - first).days + 1
    return [(day, seen.count(day)) for day in (first + timedelta(days=ahead) for ahead in range(span))]


def _bar(number: int, most: int, width: int) -> str:
    eighths = round(number * width * 8 / most) if most else 0
    return FULL * (eighths // 8) + PARTS[eighths % 8].strip()
