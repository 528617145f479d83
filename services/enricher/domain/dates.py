"""Dates a text gives, resolved against the day of publication, and the one that is the attack's.

Without a day of publication "on Friday" and "last month" have no date (`first` null): nothing is invented. `choose`
prefers dates beside words of an attack to those of a hearing, an arrest or a statement (`lexicon/dates/`).
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.enricher.domain.date_rules import RULES, Calendar, calendar
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


def find(
    text: str, sentences: Sequence[Sentence], published: date | None, language: str | None = "en"
) -> list[DateMention]:
    """Every date of a text, in order."""
    names = calendar(language or "en")
    starts = [sentence.start for sentence in sentences]
    mentions = []
    for match in names.pattern.finditer(text):
        rule = next(name for name in RULES if match[name] is not None)
        span = RULES[rule][1](match, names, published)
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

    dateline: the day in the article's dateline ("BOGOTA, 3 Feb 90"). What lies after it and after publication is no
    attack's date.
    """
    latest = max((day for day in (published, dateline) if day is not None), default=date.max - timedelta(1))
    known = [
        one for one in mentions if one.first is not None and one.first <= latest + timedelta(1) and one.about != "other"
    ]
    wanted = set(focus)
    return min(known, key=lambda one: _rank(one, wanted), default=None)


def _rank(one: DateMention, focus: set[int]) -> tuple[int, int, int, int]:
    """Days before weeks before months; the attack's own sentences first; then by how sure it is the attack's."""
    exact = _PRECISIONS.index(one.precision) * 2 + (one.precision is DatePrecision.DAY and one.first != one.last)
    near = one.sentence in focus or not focus
    return (exact, not near and not one.sure, 0 if one.sure else 1 if one.about == "attack" else 2, one.start)


_PRECISIONS = list(DatePrecision)


_WORD = re.compile(r"[^\W\d_]+")


def _about(text: str, start: int, end: int, sentence: Sentence | None, names: Calendar) -> tuple[str | None, bool]:
    """Attack or other, and whether it is beyond doubt: the nearest telling word of the sentence says it.

    A clock time before the date is an attack's, right after it a page's.
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
        if match.end() <= start or match.start() >= end:
            before = match.end() <= start
            distance = start - match.end() if before else (match.start() - end) * 2 + 10  # words before count as nearer
            about, sure = _says(match.group().lower(), before, distance, names)
            if about is not None and distance < best[0]:
                best = (distance, about, sure)
    return best[1], best[2]


def _says(word: str, before: bool, distance: int, names: Calendar) -> tuple[str | None, bool]:
    """A word of speech tells only right before the date: "police said Monday", but not "on Monday, police said"."""
    if word in names.speech:
        return ("other" if before and distance < 12 else None), False
    if word in names.attack:
        return "attack", before and word in names.surely
    return ("other" if word in names.other else None), False


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
