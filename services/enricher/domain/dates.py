"""Dates a text gives, resolved against the day of publication, and the one that is the attack's.

Without a day of publication "on Friday" and "last month" have no date (`first` null): nothing is invented. `choose`
prefers dates beside words of an attack to those of a hearing, an arrest or a statement (`lexicon/dates/`).
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

from services.enricher.domain import lexicon
from services.enricher.domain.text import Sentence
from shared.codes import DatePrecision

NEAR = 70  # characters around a date in which the words stand that say what it is a date of


@dataclass(frozen=True, slots=True)
class DateMention:
    """`first`, `last`: the days it may mean, null where it cannot be known. `sentence` is its index.

    `kind`: absolute ("3 May 2017"), yearless ("May 3"), weekday, relative ("yesterday"), period ("last month", "2022").
    `about`: attack or other (a hearing, an arrest, a statement), null where no word nearby says.
    """

    start: int
    end: int
    first: date | None
    last: date | None
    precision: DatePrecision
    sentence: int
    kind: str
    about: str | None = None
    sure: bool = False  # an attack's beyond doubt: "Friday's shooting", "happened on Friday"


class Span(NamedTuple):
    first: date | None
    last: date | None
    precision: DatePrecision
    kind: str


Resolver = Callable[["re.Match[str]", "Calendar", date | None], Span | None]


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
        "|".join(f"(?P<{name}>{_fill(rule, fields, name)})" for name, (rule, _) in _RULES.items()), re.IGNORECASE
    )
    return Calendar(
        data["months"], _numbered_weekdays(data), data["days"], data.get("holidays", {}), pattern,
        frozenset(data.get("attack", [])), frozenset(data.get("other", [])),
        frozenset(data.get("speech", [])),
        frozenset(data.get("surely", [])),
    )  # fmt: skip


def find(
    text: str, sentences: Sequence[Sentence], published: date | None, language: str | None = "en"
) -> list[DateMention]:
    """Every date of a text, in order."""
    names = calendar(language or "en")
    starts = [sentence.start for sentence in sentences]
    mentions = []
    for match in names.pattern.finditer(text):
        name = match.lastgroup or ""
        name = next(rule for rule in _RULES if match[rule] is not None) if name not in _RULES else name
        span = _RULES[name][1](match, names, published)
        if span is None:
            continue
        index = max(0, bisect_right(starts, match.start()) - 1)
        about, sure = _about(text, match.start(), match.end(), sentences[index] if sentences else None, names)
        mentions.append(
            DateMention(
                match.start(), match.end(), span.first, span.last, span.precision, index, span.kind, about, sure
            )
        )
    return _merged(mentions)


def choose(
    mentions: Sequence[DateMention], focus: Sequence[int], published: date | None, dateline: date | None = None
) -> DateMention | None:
    """The date of the attack that the focus sentences tell of; null where none is given.

    dateline: the day in the article's dateline ("BOGOTA, 3 Feb 90"); a date after it and after publication is no attack's.
    """
    latest = max((day for day in (published, dateline) if day is not None), default=None)
    known = [
        one for one in mentions
        if one.first is not None and not (latest is not None and one.first > latest + timedelta(1)) and one.about != "other"
    ]  # fmt: skip
    wanted = set(focus)
    ranked = sorted(known, key=lambda one: _rank(one, wanted))
    return ranked[0] if ranked else None


def _rank(one: DateMention, focus: set[int]) -> tuple[int, int, int, int]:
    """Days before weeks before months; the attack's own sentences first; then by how sure it is the attack's."""
    exact = _PRECISIONS.index(one.precision) * 2 + (one.precision is DatePrecision.DAY and one.first != one.last)
    near = one.sentence in focus or not focus
    return (exact, not near and not one.sure, 0 if one.sure else 1 if one.about == "attack" else 2, one.start)


_PRECISIONS = list(DatePrecision)


_WORD = re.compile(r"[^\W\d_]+")


def _about(text: str, start: int, end: int, sentence: Sentence | None, names: Calendar) -> tuple[str | None, bool]:
    """Attack or other, and whether it is beyond doubt: the nearest telling word of the sentence says it.

    Words before the date count as nearer. A word of speech tells only right before it ("police said Monday"; in "on
    Monday, police said" it does not). A clock time before the date is an attack's, right after it a page's.
    """
    if _STAMP.match(text, end):
        return "other", False
    if (owner := _OWNER.match(text, end)) and any(word.lower() in names.surely for word in owner[1].split()):
        return "attack", True
    clock = _CLOCK.search(text, max(0, start - 25), start)
    left = max(sentence.start if sentence and not clock else 0, start - NEAR)
    right = min(sentence.end if sentence else len(text), end + NEAR)
    best: tuple[int, str | None, bool] = (20, "attack", True) if clock else (NEAR * 4, None, False)
    for match in _WORD.finditer(text, left, right):
        word, before = match.group().lower(), match.end() <= start
        if not before and match.start() < end:
            continue
        distance = start - match.end() if before else (match.start() - end) * 2 + 10
        if word in names.speech:
            about = "other" if before and distance < 12 else None
        else:
            about = "attack" if word in names.attack else "other" if word in names.other else None
        if about is not None and distance < best[0]:
            best = (distance, about, about == "attack" and before and word in names.surely)
    return best[1], best[2]


_CLOCK = re.compile(r"\d\s?(?:[ap]\.?m\.?|hours|hrs|gmt),?\s(?:on\s)?(?:early\s|late\s)?$", re.IGNORECASE)
_STAMP = re.compile(r",?\s{1,3}(?:at\s)?\d{1,2}:\d\d\s?[AP]M\b")
_OWNER = re.compile(r"(?:\s(?:night|morning|afternoon|evening))?['’]s?\s((?:\w+\s?){1,4})")


def _merged(mentions: list[DateMention]) -> list[DateMention]:
    """ "Saturday, Feb. 9, 2013" is one date; the weekday alone would be another."""
    kept: list[DateMention] = []
    for one in mentions:
        last = kept[-1] if kept else None
        if last and last.kind == "weekday" and one.kind in ("absolute", "yearless") and one.start - last.end <= 2:
            about = one.about if one.about == last.about else last.about or one.about
            one = replace(one, start=last.start, about=about, sure=last.sure or one.sure)
            kept.pop()
        kept.append(one)
    return kept


def _weekdays(data: dict[str, Any]) -> str:
    short = data.get("abbreviated")
    return _either(data["weekdays"]) if not short else f"(?:{_either(data['weekdays'])}|(?-i:{_either(short)}))"


def _numbered_weekdays(data: dict[str, Any]) -> dict[str, int]:
    return data["weekdays"] | {name.lower(): day for name, day in data.get("abbreviated", {}).items()}


def _either(names: Any) -> str:
    return (
        "(?:" + "|".join(re.escape(name).replace(r"\ ", r"\s") for name in sorted(names, key=len, reverse=True)) + ")"
    )


def _fill(rule: str, fields: dict[str, str], name: str) -> str:
    for key, value in fields.items():
        rule = rule.replace(f"<{key}>", f"<{name}_{key}>").replace(f"[[{key}]]", value)
    return (
        rule.replace("(?P<d>", f"(?P<{name}_d>")
        .replace("(?P<y>", f"(?P<{name}_y>")
        .replace("(?P<m>", f"(?P<{name}_m>")
        .replace("(?P<q>", f"(?P<{name}_q>")
        .replace("(?P<u>", f"(?P<{name}_u>")
    )


def _part(match: "re.Match[str]", name: str, key: str) -> str | None:
    found: str | None = match.groupdict().get(f"{name}_{key}")
    return re.sub(r"\s", " ", found.lower()).replace("’", "'") if found else None


def _day(year: int, month: int, day: int, kind: str) -> Span | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return Span(found, found, DatePrecision.DAY, kind)


def _month(year: int, month: int, kind: str) -> Span:
    first = date(year, month, 1)
    return Span(first, date(year + month // 12, month % 12 + 1, 1) - timedelta(1), DatePrecision.MONTH, kind)


def _year(year: int, kind: str) -> Span:
    return Span(date(year, 1, 1), date(year, 12, 31), DatePrecision.YEAR, kind)


def _full_year(text: str, published: date | None) -> int:
    year = int(text)
    if year >= 100:
        return year
    century = 2000 if published is None or published.year >= 2000 else 1900
    return century + year if century + year <= (published.year if published else 2050) + 1 else century - 100 + year


def _latest(month: int, day: int, published: date | None, kind: str) -> Span | None:
    """A date without its year: the last one on or before publication (a day of grace for time zones)."""
    if published is None:
        return Span(None, None, DatePrecision.DAY, kind)
    for year in (published.year, published.year - 1):
        span = _day(year, month, day, kind)
        if span is not None and span.first is not None and span.first <= published + timedelta(1):
            return span
    return None


def _absolute(name: str) -> Resolver:
    def resolve(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
        month = names.months[(_part(match, name, "M") or "").rstrip(".")]
        day, year = int(_part(match, name, "d") or 0), _part(match, name, "y")
        if year is None:
            return _latest(month, day, published, "yearless")
        return _day(_full_year(year, published), month, day, "absolute")

    return resolve


def _iso(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    return _day(
        int(_part(match, "iso", "y") or 0),
        int(_part(match, "iso", "m") or 0),
        int(_part(match, "iso", "d") or 0),
        "absolute",
    )


def _slashed(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """5/6/2017: the reading nearest before publication; null where both readings are possible and nothing tells."""
    first, second = int(_part(match, "slash", "m") or 0), int(_part(match, "slash", "d") or 0)
    year = _full_year(_part(match, "slash", "y") or "0", published)
    readings = [span for span in (_day(year, first, second, "absolute"), _day(year, second, first, "absolute")) if span]
    if len(readings) == 2 and readings[0] != readings[1]:
        if published is None:
            return None
        day = published
        readings = [one for one in readings if one.first and one.first <= day + timedelta(1)] or readings
        readings.sort(key=lambda one: abs((one.first or day) - day))
    return readings[0] if readings else None


def _month_year(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    return _month(
        int(_part(match, "month_year", "y") or 0), names.months[_part(match, "month_year", "M") or ""], "period"
    )


def _in_month(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    month = names.months[_part(match, "in_month", "M") or ""]
    if published is None:
        return Span(None, None, DatePrecision.MONTH, "period")
    return _month(published.year - (month > published.month), month, "period")


def _in_year(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    return _year(int(_part(match, "in_year", "y") or 0), "period")


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


_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
           "eleven": 11, "twelve": 12, "a couple of": 2}  # fmt: skip


def _count(text: str | None) -> int:
    return int(text) if text and text.isdigit() else _COUNTS.get(text or "", 1)


def _ago(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "three years ago": as exact as its unit."""
    unit, count = (_part(match, "ago", "u") or "day").rstrip("s"), _count(_part(match, "ago", "q"))
    if published is None:
        return Span(None, None, _UNITS[unit], "relative")
    if unit == "day":
        day = published - timedelta(count)
        return Span(day, day, DatePrecision.DAY, "relative")
    return _back(published, unit, count)


_UNITS = {
    "day": DatePrecision.DAY,
    "week": DatePrecision.WEEK,
    "weekend": DatePrecision.WEEK,
    "month": DatePrecision.MONTH,
    "year": DatePrecision.YEAR,
}


def _back(published: date, unit: str, count: int) -> Span | None:
    """The calendar week, month or year `count` before that of publication."""
    if unit == "week":
        monday = published - timedelta(published.weekday() + 7 * count)
        return Span(monday, monday + timedelta(6), DatePrecision.WEEK, "period")
    if unit == "weekend":
        saturday = published - timedelta((published.weekday() - 5) % 7 + 7 * count)
        return Span(saturday, saturday + timedelta(1), DatePrecision.WEEK, "period")
    if unit == "month":
        month = published.year * 12 + published.month - 1 - count
        return _month(month // 12, month % 12 + 1, "period") if month >= 12 else None
    return _year(published.year - count, "period") if published.year > count else None


def _period(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "late last month", "this week", "over the weekend"."""
    unit, which = _part(match, "period", "u") or "", _part(match, "period", "q") or ""
    if published is None:
        return Span(None, None, _UNITS[unit], "period")
    count = 1 if which.endswith(("last", "previous", "past")) and unit != "weekend" else 0
    if unit == "weekend" and which.endswith("last") and published.weekday() >= 5:
        count = 1
    span = _back(published, unit, count)
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
    span = _day(int(year), month, day, "absolute") if year else _latest(month, day, published, "yearless")
    if span is None or span.first is None:
        return span
    moved = span.first + timedelta(shift)
    return Span(moved, moved, DatePrecision.DAY, span.kind)


def _ordinal(match: "re.Match[str]", names: Calendar, published: date | None) -> Span | None:
    """ "on the 12th": of the month of publication, else of the one before."""
    day = int(_part(match, "ordinal", "d") or 0)
    if published is None:
        return Span(None, None, DatePrecision.DAY, "yearless")
    span = _day(published.year, published.month, day, "yearless")
    if span is not None and span.first is not None and span.first <= published:
        return span
    before = published.replace(day=1) - timedelta(1)
    return _day(before.year, before.month, day, "yearless")


_DAY = r"(?P<d>[0-3]?\d)(?:st|nd|rd|th|er|\.)?"
_YEAR_GIVEN = r"(?P<y>(?:19|20)\d\d)"
_UNIT = r"(?P<u>day|week|month|year)s?"
# Tried in this order; (?P<M>...) and the like are filled with a language's names.
_RULES: dict[str, tuple[str, Resolver]] = {
    "iso": (r"\b(?P<y>(?:19|20)\d\d)-(?P<m>[01]\d)-(?P<d>[0-3]\d)\b", _iso),
    "slash": (r"(?<![\d/])(?P<m>[0-3]?\d)/(?P<d>[0-3]?\d)/(?P<y>(?:19|20)?\d\d)\b", _slashed),
    "month_day": (rf"\b(?P<M>[[M]])\b\.?\s(?:the\s)?{_DAY}\b(?![:\d])(?:,?\s(?:of\s)?{_YEAR_GIVEN}\b)?", _absolute("month_day")),
    "day_month": (rf"\b{_DAY}(?:\sof|\sde|\sdo)?\s(?P<M>[[M]])\b\.?(?:,?\s(?:de\s|of\s)?(?P<y>(?:19|20)\d\d|\d\d(?!\d|[:.,]\d|\s?(?:people|killed|dead))\b))?", _absolute("day_month")),
    "month_year": (rf"\b(?P<M>[[M]])\b\.?,?\s(?:of\s|de\s)?{_YEAR_GIVEN}\b", _month_year),
    "holiday": (rf"\b(?:(?P<q>[[C]]|\d)\sdays?\s(?P<u>before|after)\s|on\s|early\s|late\s)(?P<H>[[H]])\b(?:,?\s{_YEAR_GIVEN})?", _holiday),
    "named": (r"\b(?P<D>[[D]])\b", _named_day),
    "overnight": (r"\b(?P<N>[[N]])\b", _overnight),
    "ago": (rf"\b(?P<q>[[C]]|\d{{1,2}})\s{_UNIT}\sago\b", _ago),
    "weekday": (r"\b(?:(?P<q>last|past|this\spast|previous|next|coming|every|each)\s)?(?P<W>[[W]])\b", _weekday),
    "period": (r"\b(?P<q>(?:(?:early|earlier|late|later)\s)?(?:last|this|previous|this\spast|over\sthe|the\spast|during\sthe))\s(?P<u>weekend|week|month|year)\b", _period),
    "in_month": (r"\b(?:in|of|since|early|late|mid-?|during|from)\s?(?P<M>[[M]])\b(?!\s\d)", _in_month),
    "in_year": (rf"\b(?:in|of|since|during|from|the|early|late)\s{_YEAR_GIVEN}\b", _in_year),
    "ordinal": (r"\bon\sthe\s(?P<d>[0-3]?\d)(?:st|nd|rd|th)\b(?!\s(?:of\s)?[[M]])", _ordinal),
}  # fmt: skip
