"""Dates a text gives, resolved against the day of publication, and the one that is the attack's (`choice.py`).

Without a day of publication "on Friday" and "last month" have no date (`first` null): nothing is invented.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from services.enricher.domain.text.article import Sentence
from services.enricher.domain.when.about import NEAR, about, is_dateline
from services.enricher.domain.when.choice import choose
from services.enricher.domain.when.mention import DateMention
from services.enricher.domain.when.rules import ANCHORED, RULES, calendar
from shared.codes import DatePrecision

__all__ = ["DateMention", "choose", "find", "written"]


def find(
    text: str, sentences: Sequence[Sentence], published: date | None, language: str | None = "en"
) -> list[DateMention]:
    """Every date of a text, in order."""
    names = calendar(language or "en")
    starts = [sentence.start for sentence in sentences]
    mentions: list[DateMention] = []
    for match in names.pattern.finditer(text):
        rule = next(name for name in RULES if match[name] is not None)
        index = max(0, bisect_right(starts, match.start()) - 1)
        span = RULES[rule][1](
            match, names, _anchor(mentions, index, ANCHORED[rule], published) if rule in ANCHORED else published
        )
        if span is None:
            continue
        if rule in COUNTED_FROM:  # "arrested on Friday, a day after the attack": what comes after says of what
            what, sure = about(text, match.start(), match.end(), _from(match.start(), sentences, index), names)
            sure = what == "attack"
        else:
            what, sure = about(text, match.start(), match.end(), sentences[index] if sentences else None, names)
        mentions.append(
            DateMention(match.start(), match.end(), span.first, span.last, span.precision, index, span.kind, what, sure)
        )
    return _with_years(_merged(mentions))


COUNTED_FROM = ("after", "after_it")  # rules


def _from(start: int, sentences: Sequence[Sentence], index: int) -> Sentence | None:
    """The rest of a sentence."""
    if not sentences:
        return None
    whole = sentences[index]
    return replace(whole, start=start, text=whole.text[start - whole.start :])


def written(
    text: str, sentences: Sequence[Sentence], published: date | None, language: str | None = "en"
) -> date | None:
    """The day against which a text's own words are read: that of its dateline or, if published before, its first."""
    names = calendar(language or "en")
    for stamp in (names.posted.search(text, 0, STAMPED), names.republished.search(text)):
        day = _stamped(text[: stamp.end() + NEAR], stamp.end(), sentences, language) if stamp else None
        if day is not None and (published is None or day < published):
            return day
    return _datelined(text[:DATELINE], sentences, published, language) or published


STAMPED = 500  # characters in which a page's own stamp ("Posted: 3 May 2017") stands
DATELINE = 120  # characters
DASHES = frozenset("-–—")  # any of which closes a dateline
WIRED = timedelta(7)  # a paper prints a wire's text within


def _stamped(text: str, start: int, sentences: Sequence[Sentence], language: str | None) -> date | None:
    """The day with its year that stands right after a stamp."""
    return next((one.first for one in _find_in_head(text, sentences, None, language) if one.end > start), None)


def _datelined(text: str, sentences: Sequence[Sentence], published: date | None, language: str | None) -> date | None:
    """The day of a dateline: "HOUSTON, Nov. 16 (Wire) -", shortly before that of publication."""
    if published is None or not DASHES.intersection(text):
        return None
    for one in _find_in_head(text, sentences, published, language):
        if is_dateline(text[: one.start], text, one.end) and one.first:
            return one.first if timedelta(0) <= published - one.first <= WIRED else None
    return None


def _find_in_head(
    text: str, sentences: Sequence[Sentence], published: date | None, language: str | None
) -> list[DateMention]:
    head = [one for one in sentences if one.start < len(text)]
    return [one for one in find(text, head, published, language) if one.first is not None]


def _anchor(mentions: Sequence[DateMention], index: int, kinds: frozenset[str], published: date | None) -> date | None:
    """The day told of last, in this sentence or the one before, else that of publication."""
    told = [one for one in mentions[-3:] if one.first is not None and one.sentence >= index - 1 and one.kind in kinds]
    return told[-1].first if told else published


def _with_years(mentions: list[DateMention]) -> list[DateMention]:
    """ "May 3" is of the year that the text gives that day or that month elsewhere, first of all the attack's."""
    given: dict[tuple[int, int | None], int] = {}
    for one in sorted((one for one in mentions if one.kind == "absolute"), key=lambda one: one.about != "attack"):
        if one.first:
            given.setdefault((one.first.month, one.first.day if _is_day(one) else None), one.first.year)
    return [_of_year(one, given) for one in mentions] if given else mentions


def _is_day(one: DateMention) -> bool:
    return one.precision is DatePrecision.DAY


def _of_year(one: DateMention, given: dict[tuple[int, int | None], int]) -> DateMention:
    if one.kind != "yearless" or one.first is None:
        return one
    day = one.first
    year = given.get((day.month, day.day)) or given.get((day.month, None))
    return one if year is None else replace(one, first=day.replace(year=year), last=day.replace(year=year))


def _merged(mentions: list[DateMention]) -> list[DateMention]:
    """ "Saturday, Feb. 9, 2013" is one date; the weekday alone would be another."""
    kept: list[DateMention] = []
    for one in mentions:
        last = kept[-1] if kept else None
        if last and last.kind == "weekday" and one.kind in ("absolute", "yearless") and one.start - last.end <= 2:
            what = one.about if one.about == last.about else last.about or one.about
            one = replace(one, start=last.start, about=what, sure=last.sure or one.sure)
            kept.pop()
        kept.append(one)
    return kept
