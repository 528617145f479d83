"""Which of the dates that a text gives is that of its attack."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import exp, log
from operator import itemgetter

from services.enricher.domain.when import likely
from services.enricher.domain.when.likely import Weights
from services.enricher.domain.when.mention import DateMention
from shared.codes import DatePrecision

DOUBT = 1.0  # log odds at which a date is still worth saying
APART = timedelta(3)
Scored = tuple[float, DateMention]


def choose(
    mentions: Sequence[DateMention], focus: Sequence[int], published: date | None, weighs: Weights | None = None
) -> DateMention | None:
    """The date of the attack that the focus sentences tell of; null where none is given.

    The likeliest day, all that is said of it taken together, unless a week, month or year is far likelier. What lies
    after publication is no attack's date. `weighs`: those that are shipped, unless others are given.
    """
    weighs = weighs or likely.weights()
    known = likely.possible(mentions, published)
    scores = [likely.score(seen, weighs) for seen in likely.features(known, focus, published)]
    scored = list(zip(scores, known, strict=True))
    least = likely.score(likely.nothing(known), weighs) - DOUBT
    score, period = max((one for one in scored if not _days(one[1])), key=itemgetter(0), default=(least, None))
    days = _by_day(scored)
    together = {day: log(sum(exp(score) for score, _ in told)) for day, told in days.items()}
    best = max(together, key=together.__getitem__, default=None)
    if best is not None and together[best] >= max(least, score - DOUBT):
        return _of_the_lead(best, days) or _of_day(best, days[best])
    return period if score >= least else None


def _by_day(scored: Iterable[Scored]) -> dict[date, list[Scored]]:
    days: dict[date, list[Scored]] = {}
    for one in scored:
        for day in _days(one[1]):
            days.setdefault(day, []).append(one)
    return days


def _days(one: DateMention) -> Sequence[date]:
    """The day that it means; of "overnight" both, the likelier first: news of a night is mostly of its small hours."""
    if one.precision is not DatePrecision.DAY or one.first is None or one.last is None:
        return ()
    return (one.last, one.first) if one.first != one.last else (one.first,)


def _of_day(day: date, told: Sequence[Scored]) -> DateMention:
    _, best = max(told, key=itemgetter(0))
    return best if best.first == best.last else replace(best, first=day, last=day)


def _of_the_lead(best: date, days: Mapping[date, Sequence[Scored]]) -> DateMention | None:
    """The day that the lead gives, where the best is one of days before, further down: that is another attack's."""
    if any(one.sentence in likely.LEAD for _, one in days[best]):
        return None
    later = (one for day in sorted(days) if day > best + APART for _, one in days[day])
    return next((one for one in later if one.sentence in likely.LEAD and one.about == "attack"), None)
