"""The forms in which news writes dates: a pattern and what it means for each, filled with a language's names.

Without a day of publication relative forms have no date (`first` null).
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from services.enricher.domain.text import lexicon
from services.enricher.domain.when.calendar import Calendar, build
from services.enricher.domain.when.clock import night_of
from services.enricher.domain.when.spans import (
    SATURDAY,
    UNITS,
    Span,
    back,
    day_span,
    full_year,
    latest,
    month_span,
    year_span,
)
from shared.codes import DatePrecision

Resolver = Callable[["re.Match[str]", "Calendar", date | None], Span | None]


def _part(match: "re.Match[str]", name: str, key: str) -> str | None:
    found: str | None = match.groupdict().get(f"{name}_{key}")
    return re.sub(r"\s", " ", found.lower()).replace("’", "'") if found else None


def _absolute(name: str) -> Resolver:
    def resolve(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
        month = names.months[(_part(match, name, "M") or "").rstrip(".")]
        day, year = int(_part(match, name, "d") or 0), _part(match, name, "y")
        if year is None:
            return latest(month, day, published, "yearless")
        return day_span(full_year(year, published), month, day, "absolute")

    return resolve


def _iso(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    return day_span(
        int(_part(match, "iso", "y") or 0),
        int(_part(match, "iso", "m") or 0),
        int(_part(match, "iso", "d") or 0),
        "absolute",
    )


def _slashed(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """5/6/2017: the reading nearest before publication; null where both readings are possible and nothing tells.

    Where an hour with AM or PM follows, the month comes first: pages that write so are American.
    """
    first, second = int(_part(match, "slash", "m") or 0), int(_part(match, "slash", "d") or 0)
    year = full_year(_part(match, "slash", "y") or "0", published)
    readings = [
        span for span in (day_span(year, first, second, "absolute"), day_span(year, second, first, "absolute")) if span
    ]
    if len(readings) == 2 and readings[0] != readings[1] and not _AMERICAN.match(match.string, match.end()):
        if published is None:
            return None
        day = published
        readings = [one for one in readings if one.first and one.first <= day + timedelta(1)] or readings
        readings.sort(key=lambda one: abs((one.first or day) - day))
    return readings[0] if readings else None


_AMERICAN = re.compile(r",?\s(?:at\s)?\d{1,2}:\d\d\s?[AP]\.?M\b", re.IGNORECASE)


def _month_year(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    month = names.months[_part(match, "month_year", "M") or ""]
    return month_span(int(_part(match, "month_year", "y") or 0), month, "absolute")


def _in_month(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    month = names.months[_part(match, "in_month", "M") or ""]
    if published is None:
        return Span(None, None, DatePrecision.MONTH, "period")
    return month_span(published.year - (month > published.month), month, "period")


def _in_year(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    return year_span(int(_part(match, "in_year", "y") or 0), "period")


def _weekday(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    if _part(match, "weekday", "x"):
        return None
    if published is None:
        return Span(None, None, DatePrecision.DAY, "weekday")
    back = (published.weekday() - names.weekdays[_part(match, "weekday", "W") or ""]) % 7
    if _part(match, "weekday", "q") and back == 0:
        back = 7
    day = published - timedelta(back)
    return Span(day, day, DatePrecision.DAY, "weekday")


def _named_day(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    if published is None:
        return Span(None, None, DatePrecision.DAY, "relative")
    day = published + timedelta(names.days[_part(match, "named", "D") or ""])
    return Span(day, day, DatePrecision.DAY, "relative")


def _overnight(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    if published is None:
        return Span(None, None, DatePrecision.DAY, "relative")
    first, last = night_of(match.string, match.end(), published)
    return Span(first, last, DatePrecision.DAY, "relative")


def _count(text: str | None, names: Calendar) -> int:
    return int(text) if text and text.isdigit() else names.counts.get(text or "", 1)


def _ago(name: str) -> Resolver:
    """ "three years ago", "two days after the attack" at the head of the news: as exact as its unit."""

    def resolve(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
        unit, count = names.units[_part(match, name, "u") or ""], _count(_part(match, name, "q"), names)
        if published is None:
            return Span(None, None, UNITS[unit], "relative")
        if unit == "day":
            day = published - timedelta(count)
            return Span(day, day, DatePrecision.DAY, "relative")
        return back(published, unit, count)

    return resolve


def _day_before(match: "re.Match[str]", names: Calendar, anchor: date | None) -> Span | None:
    """ "the night before": before the day told of last."""
    if anchor is None:
        return Span(None, None, DatePrecision.DAY, "relative")
    return Span(anchor - timedelta(1), anchor - timedelta(1), DatePrecision.DAY, "relative")


def _that_year(match: "re.Match[str]", names: Calendar, anchor: date | None) -> Span | None:
    """ "on July 22 of that year": of the year told of last."""
    month, day = names.months[_part(match, "that_year", "M") or ""], int(_part(match, "that_year", "d") or 0)
    return day_span(anchor.year, month, day, "absolute") if anchor else Span(None, None, DatePrecision.DAY, "yearless")


def _opening(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "in the first hours of 2017" """
    return day_span(int(_part(match, "opening", "y") or 0), 1, 1, "absolute")


def _period(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "late last month", "this week", "over the weekend"."""
    unit, count = names.periods[_part(match, "period", "p") or ""]
    if published is None:
        return Span(None, None, UNITS[unit], "period")
    if unit == "weekend" and published.weekday() < SATURDAY:
        count = 0  # the last is the one just past, but on a weekend the one before
    span = back(published, unit, count)
    if span is None or span.first is None or span.last is None:
        return span
    if count and unit == "month" and _part(match, "period", "e"):
        return span._replace(last=span.first + timedelta(9))
    if count and unit == "month" and _part(match, "period", "l"):
        return span._replace(first=span.last - timedelta(10))
    return span._replace(last=min(span.last, published)) if not count else span


def _holiday(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "two days before Christmas", "on New Year's Eve 2016"."""
    month, day = names.holidays[_part(match, "holiday", "H") or ""]
    year = _part(match, "holiday", "y")
    shift = _count(_part(match, "holiday", "q"), names) if _part(match, "holiday", "q") else 0
    if shift and names.units[_part(match, "holiday", "n") or ""] != "day":
        return None
    if _part(match, "holiday", "u"):
        shift = -shift
    span = day_span(int(year), month, day, "absolute") if year else latest(month, day, published, "yearless")
    if span is None or span.first is None:
        return span
    moved = span.first + timedelta(shift)
    return Span(moved, moved, DatePrecision.DAY, span.kind)


def _ordinal(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "on the 12th": of the month of publication, else of the one before."""
    day = int(_part(match, "ordinal", "d") or 0)
    if published is None:
        return Span(None, None, DatePrecision.DAY, "yearless")
    span = day_span(published.year, published.month, day, "yearless")
    if span is not None and span.first is not None and span.first <= published:
        return span
    before = published.replace(day=1) - timedelta(1)
    return day_span(before.year, before.month, day, "yearless")


_DAY = r"(?P<d>[0-3]?\d)(?:st|nd|rd|th|er|\.)?"


_YEAR_GIVEN = r"(?P<y>(?:19|20)\d\d)"


_UNIT = r"(?P<u>[[units]])"


_NUMBER = r"(?P<q>[[counts]]|\d{1,2})"


# These count from the day that the text told of last, of one of these kinds.
ANCHORED = {
    "day_before": frozenset({"absolute", "yearless", "weekday", "relative"}),
    "that_year": frozenset({"absolute", "period"}),
    "after_it": frozenset({"absolute", "yearless", "weekday", "relative"}),
}


# Tried in this order.
RULES: dict[str, tuple[str, Resolver]] = {
    "iso": (r"\b(?P<y>(?:19|20)\d\d)-(?P<m>[01]\d)-(?P<d>[0-3]\d)\b", _iso),
    "slash": (r"(?<![\d/])(?P<m>[0-3]?\d)/(?P<d>[0-3]?\d)/(?P<y>(?:19|20)?\d\d)\b", _slashed),
    "that_year": (rf"\b(?P<M>[[months]])\b\.?\s{_DAY},?\s[[that_year]]\b", _that_year),
    "month_day": (
        rf"\b(?P<M>[[months]])\b\.?\s(?:the\s)?{_DAY}\b(?![:\d])(?:,?\s(?:of\s)?{_YEAR_GIVEN}\b)?",
        _absolute("month_day"),
    ),
    "day_month": (
        rf"\b{_DAY}(?:\sof|\sde|\sdo)?\s(?P<M>[[months]])\b\.?"
        r"(?:,?\s(?:de\s|del\s|of\s)?(?P<y>(?:19|20)\d\d|\d\d(?!\d|[:.,]\d|\s?[[counted]])\b))?",
        _absolute("day_month"),
    ),
    "month_year": (rf"\b(?P<M>[[months]])\b\.?,?\s(?:of\s|de\s)?{_YEAR_GIVEN}\b", _month_year),
    "holiday": (
        r"\b(?:(?P<q>[[counts]]|\d)\s(?P<n>[[units]])\s(?:(?P<u>[[before]])|[[after]])\s|[[before_holiday]]\s)(?P<H>[[holidays]])\b"
        rf"(?:,?\s{_YEAR_GIVEN})?",
        _holiday,
    ),
    "named": (r"\b(?P<D>[[days]])\b", _named_day),
    "overnight": (r"\b(?P<N>[[nights]])\b", _overnight),
    "ago": (rf"\b{_NUMBER}\s{_UNIT}\s[[ago]]\b", _ago("ago")),
    "ago_before": (rf"\b[[before_count]]\s{_NUMBER}\s{_UNIT}\b", _ago("ago_before")),
    "after": (rf"(?:(?<![^\n])|(?<=[-–—]\s)){_NUMBER}\s{_UNIT}\s(?=[[after]]\b)", _ago("after")),
    "after_it": (rf"(?<=,\s){_NUMBER}\s{_UNIT}\s(?=[[after]]\b)", _ago("after_it")),
    "day_before": (r"\b[[day_before]]\b(?=[.,;)]|\s?$|\s[[stands_alone]]\b)", _day_before),
    "opening": (rf"\b[[first_of_year]]\s{_YEAR_GIVEN}\b", _opening),
    "weekday": (r"\b(?:(?:(?P<q>[[last]])|(?P<x>[[no_day]]))\s)?(?P<W>[[weekdays]])\b", _weekday),
    "period": (r"\b(?:(?:(?P<e>[[early]])|(?P<l>[[late]]))\s)?(?P<p>[[periods]])\b", _period),
    "in_month": (r"\b[[before_month]]\s?(?P<M>[[months]])\b(?!\.?\s\d)", _in_month),
    "in_year": (rf"\b[[before_year]]\s{_YEAR_GIVEN}\b", _in_year),
    "ordinal": (r"\b[[before_day]]\s(?P<d>[0-3]?\d)(?:st|nd|rd|th)\b(?!\s(?:of\s)?[[months]])", _ordinal),
}


@cache
def calendar(language: str) -> Calendar:
    """The calendar of a language; English where there is none for it."""
    known = language if language in lexicon.languages("dates") else "en"
    return build(lexicon.load(f"dates/{known}"), {name: rule for name, (rule, _) in RULES.items()})
