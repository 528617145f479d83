"""Spans of days, and the arithmetic of dates that leave something out: the year, the month, how long ago."""

from datetime import date, timedelta
from typing import NamedTuple

from shared.codes import DatePrecision


class Span(NamedTuple):
    first: date | None
    last: date | None
    precision: DatePrecision
    kind: str


SATURDAY = 5  # as `date.weekday` counts
UNITS = {
    "day": DatePrecision.DAY,
    "week": DatePrecision.WEEK,
    "weekend": DatePrecision.WEEK,
    "month": DatePrecision.MONTH,
    "year": DatePrecision.YEAR,
}


def day_span(year: int, month: int, day: int, kind: str) -> Span | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return Span(found, found, DatePrecision.DAY, kind)


def month_span(year: int, month: int, kind: str) -> Span:
    first = date(year, month, 1)
    return Span(first, date(year + month // 12, month % 12 + 1, 1) - timedelta(1), DatePrecision.MONTH, kind)


def year_span(year: int, kind: str) -> Span:
    return Span(date(year, 1, 1), date(year, 12, 31), DatePrecision.YEAR, kind)


def full_year(text: str, published: date | None) -> int:
    year = int(text)
    if year >= 100:
        return year
    century = 2000 if published is None or published.year >= 2000 else 1900
    return century + year if century + year <= (published.year if published else 2050) + 1 else century - 100 + year


def latest(month: int, day: int, published: date | None, kind: str) -> Span | None:
    """A date without its year: the last one on or before publication (a day of grace for time zones)."""
    if published is None:
        return Span(None, None, DatePrecision.DAY, kind)
    for year in (published.year + 1, published.year, published.year - 1):
        span = day_span(year, month, day, kind)
        if span is not None and span.first is not None and span.first <= published + timedelta(1):
            return span
    return None


def back(published: date, unit: str, count: int) -> Span | None:
    """The calendar week, month or year `count` before that of publication."""
    if unit == "week":
        monday = published - timedelta(published.weekday() + 7 * count)
        return Span(monday, monday + timedelta(6), DatePrecision.WEEK, "period")
    if unit == "weekend":
        saturday = published - timedelta((published.weekday() - SATURDAY) % 7 + 7 * count)
        return Span(saturday, saturday + timedelta(1), DatePrecision.WEEK, "period")
    if unit == "month":
        month = published.year * 12 + published.month - 1 - count
        return month_span(month // 12, month % 12 + 1, "period") if month >= 12 else None
    return year_span(published.year - count, "period") if published.year > count else None
