"""Which of a text's dates is that of its attack: each has a score, and that nothing tells has one too.

Their exponentials are as their probabilities. The score sees no words, only what `about` made of them, where the date
stands, how it is written, how long before publication it lies and what else the text says of that day and of others. So
it is one for all languages. The weights are fitted (`services/enricher/model/fit_dates.py`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from services.enricher.domain.when.mention import DateMention
from shared.codes import DatePrecision

LEAD = (0, 1)  # sentences of which the news is, whatever words they use
FAR = 2  # sentences
AGES = (6, 13, 60, 365, 1100)  # days before publication; how news spreads over the last week differs by paper


Weights = Mapping[str, float]  # of features


@cache
def weights() -> Weights:
    """Those that are shipped."""
    held = json.loads((Path(__file__).parents[2] / "model" / "dates.json").read_text(encoding="utf-8"))
    weighs: Weights = held["features"]
    return weighs


def score(features: Iterable[str], weighs: Weights) -> float:
    return sum(weighs.get(name, 0.0) for name in features)


def possible(mentions: Sequence[DateMention], published: date | None) -> list[DateMention]:
    """Those that may be an attack's: not of other things, not after publication, but for a day of grace for time zones,
    and not long past without a word of an attack beside them.

    News that first speaks of an attack long past ("who killed 77 in 2011, a court ruled today") is of no later day.
    """
    latest = published + timedelta(1) if published else date.max
    known = [one for one in mentions if one.first is not None and one.first <= latest and one.about in _OPEN]
    if published is None:
        return known
    known = [one for one in known if one.about == "attack" or not _is_before(one, published - HISTORY)]
    first = next((one for one in known if one.about == "attack"), None)
    if first is None or first.sentence not in LEAD or not _is_before(first, published - PAST):
        return known
    return [one for one in known if _within(one, first) or (one.sure and not _is_before(one, published - PAST))]


_OPEN = ("attack", None)
PAST, HISTORY = timedelta(60), timedelta(3 * 365)


def _is_before(one: DateMention, day: date) -> bool:
    return one.last is not None and one.last < day


def _within(one: DateMention, period: DateMention) -> bool:
    return bool(one.first and one.last and period.first and period.last) and (
        period.first <= one.first and one.last <= period.last  # type: ignore[operator]
    )


def features(mentions: Sequence[DateMention], focus: Sequence[int], published: date | None) -> list[list[str]]:
    """Of each mention (all `possible`), its features. `focus`: the sentences that tell of the attack."""
    told = _told(mentions)
    return [[*_own(one, focus, published), *_beside(one, told)] for one in mentions]


def nothing(mentions: Sequence[DateMention]) -> list[str]:
    """The features of it that none of these is the attack's."""
    days = any(one.precision is DatePrecision.DAY for one in mentions)
    return ["nothing", "nothing, days" if days else "nothing, no days"]


def _own(one: DateMention, focus: Sequence[int], published: date | None) -> Iterator[str]:
    about = "sure" if one.sure else one.about or "unsaid"
    day = one.precision is DatePrecision.DAY
    yield f"about {about}"
    yield f"about {about}, {'day' if day else 'period'}"
    yield f"{one.kind} {one.precision.value}"
    if day and one.first != one.last:
        yield "one of two days"
    if one.sentence in focus:
        yield "in focus"
        yield f"in focus, {about}"
    if focus and one.sentence == focus[0]:
        yield "first in focus"
    if not focus or min(abs(one.sentence - index) for index in focus) > FAR:
        yield "far from focus"
    elif one.sentence - 1 in focus:
        yield "after focus"
    if published and one.first:
        yield f"age {_up_to((published - one.first).days, AGES)}"


class Told(NamedTuple):
    """Days of which the text says something, by what it says."""

    attacks: Set[date]
    sure: Set[date]
    leading: Set[date]  # attacks in the lead
    dated: Set[date]  # with their month
    dated_attack: bool
    first_attack: date
    last_attack: date
    last_leading: date
    first_of: Mapping[int, int]  # where the first attack's of a sentence stands


def _told(mentions: Sequence[DateMention]) -> Told:
    days = [(one.first, one) for one in mentions if one.first and one.precision is DatePrecision.DAY]
    attacks = {day for day, one in days if one.about == "attack"}
    leading = {day for day, one in days if one.about == "attack" and one.sentence in LEAD}
    return Told(
        attacks,
        {day for day, one in days if one.sure},
        leading,
        {day for day, one in days if one.kind in _DATED},
        any(one.kind in _DATED and one.about != "other" for _, one in days),
        min(attacks, default=date.max),
        max(attacks, default=date.min),
        max(leading, default=date.min),
        {one.sentence: one.start for one in reversed(mentions) if one.about == "attack"},
    )


_DATED = frozenset({"absolute", "yearless"})


def _beside(one: DateMention, told: Told) -> Iterator[str]:
    """What the text says elsewhere of the same day and of others."""
    if told.first_of.get(one.sentence, one.start) < one.start:
        yield "after an attack's in its sentence"
    day = one.first
    if day is None or one.precision is not DatePrecision.DAY:
        if told.attacks:
            yield "an attack on a day"
        return
    if day in told.attacks:
        yield "day of an attack"
    if day in told.sure:
        yield "day of an attack, sure"
    if day in told.leading:
        yield "day of an attack in the lead"
    if told.last_leading > day:
        yield "later day in the lead"
    if told.first_attack < day:
        yield "earlier attack"
    if told.last_attack > day:
        yield "later attack"
    if day in told.dated:
        yield "day with its month"
    elif told.dated_attack:
        yield "another with its month"


def _up_to(number: int, edges: Sequence[int]) -> str:
    return next((str(edge) for edge in edges if number <= edge), "more")
