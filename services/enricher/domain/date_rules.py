"""The forms in which news writes dates: a pattern and what it means for each, filled with a language's names.

Without a day of publication relative forms have no date (`first` null).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from services.enricher.domain import lexicon
from services.enricher.domain.date_spans import UNITS, Span, back, day_span, full_year, latest, month_span, year_span
from shared.codes import DatePrecision


@dataclass(frozen=True)
class Calendar:
    """Names of months, days and holidays of one language, with the patterns made of them."""

    months: dict[str, int]
    weekdays: dict[str, int]
    days: dict[str, int]
    holidays: dict[str, list[int]]
    pattern: "re.Pattern[str]"
    attack: frozenset[str]
    other: frozenset[str]
    speech: frozenset[str]
    surely: frozenset[str]


Resolver = Callable[["re.Match[str]", "Calendar", date | None], Span | None]


@cache
def calendar(language: str) -> Calendar:
    """The calendar of a language; English where there is none for it."""
    data: dict[str, Any] = lexicon.load(f"dates/{language if language in lexicon.languages('dates') else 'en'}")
    fields = {
        "M": _either(data["months"]),
        "W": _weekdays(data),
        "D": _either(data["days"]),
        "N": _either(data.get("nights", ["overnight"])),
        "P": _either(data.get("parts_of_day", ["night"])),
        "H": _either(data.get("holidays", {"christmas": []})),
        "C": _either(_COUNTS),
    }
    pattern = re.compile(
        "|".join(f"(?P<{name}>{_fill(rule, fields, name)})" for name, (rule, _) in RULES.items()), re.IGNORECASE
    )
    return Calendar(
        data["months"], _numbered_weekdays(data), data["days"], data.get("holidays", {}), pattern,
        frozenset(data.get("attack", [])), frozenset(data.get("other", [])),
        frozenset(data.get("speech", [])),
        frozenset(data.get("surely", [])),
    )  # fmt: skip


def _weekdays(data: dict[str, Any]) -> str:
    short = data.get("abbreviated")
    return _either(data["weekdays"]) if not short else f"(?:{_either(data['weekdays'])}|(?-i:{_either(short)}))"


def _numbered_weekdays(data: dict[str, Any]) -> dict[str, int]:
    numbered: dict[str, int] = data["weekdays"]
    return numbered | {name.lower(): day for name, day in data.get("abbreviated", {}).items()}


def _either(names: Any) -> str:
    return (
        "(?:" + "|".join(re.escape(name).replace(r"\ ", r"\s") for name in sorted(names, key=len, reverse=True)) + ")"
    )


def _fill(rule: str, fields: dict[str, str], name: str) -> str:
    """`[[M]]` becomes the names of months; a group `<d>` of the rule NAME becomes `<NAME_d>`."""
    named = re.sub(r"\(\?P<(\w)>", rf"(?P<{name}_\1>", rule)
    return re.sub(r"\[\[(\w)\]\]", lambda field: fields[field[1]], named)


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
    """5/6/2017: the reading nearest before publication; null where both readings are possible and nothing tells."""
    first, second = int(_part(match, "slash", "m") or 0), int(_part(match, "slash", "d") or 0)
    year = full_year(_part(match, "slash", "y") or "0", published)
    readings = [
        span for span in (day_span(year, first, second, "absolute"), day_span(year, second, first, "absolute")) if span
    ]
    if len(readings) == 2 and readings[0] != readings[1]:
        if published is None:
            return None
        day = published
        readings = [one for one in readings if one.first and one.first <= day + timedelta(1)] or readings
        readings.sort(key=lambda one: abs((one.first or day) - day))
    return readings[0] if readings else None


def _month_year(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    return month_span(
        int(_part(match, "month_year", "y") or 0), names.months[_part(match, "month_year", "M") or ""], "period"
    )


def _in_month(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    month = names.months[_part(match, "in_month", "M") or ""]
    if published is None:
        return Span(None, None, DatePrecision.MONTH, "period")
    return month_span(published.year - (month > published.month), month, "period")


def _in_year(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    return year_span(int(_part(match, "in_year", "y") or 0), "period")


def _weekday(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    which = _part(match, "weekday", "q") or ""
    if which.startswith(("next", "coming", "every", "each")):
        return None
    if published is None:
        return Span(None, None, DatePrecision.DAY, "weekday")
    back = (published.weekday() - names.weekdays[_part(match, "weekday", "W") or ""]) % 7
    if which.startswith(("last", "past", "previous")) and back == 0:
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
    return Span(published - timedelta(1), published, DatePrecision.DAY, "relative")


_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "a couple of": 2,
}  # fmt: skip


def _count(text: str | None) -> int:
    return int(text) if text and text.isdigit() else _COUNTS.get(text or "", 1)


def _ago(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "three years ago": as exact as its unit."""
    unit, count = (_part(match, "ago", "u") or "day").rstrip("s"), _count(_part(match, "ago", "q"))
    if published is None:
        return Span(None, None, UNITS[unit], "relative")
    if unit == "day":
        day = published - timedelta(count)
        return Span(day, day, DatePrecision.DAY, "relative")
    return back(published, unit, count)


def _period(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "late last month", "this week", "over the weekend"."""
    unit, which = _part(match, "period", "u") or "", _part(match, "period", "q") or ""
    if published is None:
        return Span(None, None, UNITS[unit], "period")
    count = 1 if which.endswith(("last", "previous", "past")) and unit != "weekend" else 0
    if unit == "weekend" and which.endswith("last") and published.weekday() >= 5:
        count = 1
    span = back(published, unit, count)
    if span is None or span.last is None:
        return span
    if which.startswith(("early", "earlier")) and unit == "month" and count == 1 and span.first:
        return span._replace(last=span.first + timedelta(9))
    if which.startswith("late") and unit == "month" and count == 1:
        return span._replace(first=span.last - timedelta(10))
    return span._replace(last=min(span.last, published)) if not count else span


def _holiday(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "two days before Christmas", "on New Year's Eve 2016"."""
    month, day = names.holidays[_part(match, "holiday", "H") or ""]
    year = _part(match, "holiday", "y")
    shift = _count(_part(match, "holiday", "q")) if _part(match, "holiday", "q") else 0
    if (_part(match, "holiday", "u") or "") == "before":
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


_UNIT = r"(?P<u>day|week|month|year)s?"


# Tried in this order.
RULES: dict[str, tuple[str, Resolver]] = {
    "iso": (r"\b(?P<y>(?:19|20)\d\d)-(?P<m>[01]\d)-(?P<d>[0-3]\d)\b", _iso),
    "slash": (r"(?<![\d/])(?P<m>[0-3]?\d)/(?P<d>[0-3]?\d)/(?P<y>(?:19|20)?\d\d)\b", _slashed),
    "month_day": (
        rf"\b(?P<M>[[M]])\b\.?\s(?:the\s)?{_DAY}\b(?![:\d])(?:,?\s(?:of\s)?{_YEAR_GIVEN}\b)?",
        _absolute("month_day"),
    ),
    "day_month": (
        rf"\b{_DAY}(?:\sof|\sde|\sdo)?\s(?P<M>[[M]])\b\.?"
        r"(?:,?\s(?:de\s|del\s|of\s)?(?P<y>(?:19|20)\d\d|\d\d(?!\d|[:.,]\d|\s?(?:people|killed|dead))\b))?",
        _absolute("day_month"),
    ),
    "month_year": (rf"\b(?P<M>[[M]])\b\.?,?\s(?:of\s|de\s)?{_YEAR_GIVEN}\b", _month_year),
    "holiday": (
        r"\b(?:(?P<q>[[C]]|\d)\sdays?\s(?P<u>before|after)\s|on\s|early\s|late\s)(?P<H>[[H]])\b"
        rf"(?:,?\s{_YEAR_GIVEN})?",
        _holiday,
    ),
    "named": (r"\b(?P<D>[[D]])\b", _named_day),
    "overnight": (r"\b(?P<N>[[N]])\b", _overnight),
    "ago": (rf"\b(?P<q>[[C]]|\d{{1,2}})\s{_UNIT}\sago\b", _ago),
    "weekday": (r"\b(?:(?P<q>last|past|this\spast|previous|next|coming|every|each)\s)?(?P<W>[[W]])\b", _weekday),
    "period": (
        r"\b(?P<q>(?:(?:early|earlier|late|later)\s)?"
        r"(?:last|this\spast|this|previous|over\sthe|the\spast|during\sthe))\s(?P<u>weekend|week|month|year)\b",
        _period,
    ),
    "in_month": (r"\b(?:in|of|since|early|late|mid-?|during|from)\s?(?P<M>[[M]])\b(?!\s\d)", _in_month),
    "in_year": (rf"\b(?:in|of|since|during|from|the|early|late)\s{_YEAR_GIVEN}\b", _in_year),
    "ordinal": (r"\bon\sthe\s(?P<d>[0-3]?\d)(?:st|nd|rd|th)\b(?!\s(?:of\s)?[[M]])", _ordinal),
}
