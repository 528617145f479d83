"""Which of the candidates are worth weighing: by what is quick to compare, so that a busy country costs no more."""

import math
from collections.abc import Sequence
from datetime import timedelta
from heapq import nlargest

from services.enricher.domain.linking.common import common
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from shared.contracts import Place, WhenRange

SHORTLIST = 8
NEAR_DEGREES, FAR_DEGREES = 0.15, 0.5
DAY = timedelta(days=1)


def shortlist(report: ReportRecord, candidates: Sequence[KnownEvent], most: int = SHORTLIST) -> Sequence[KnownEvent]:
    """The most promising ones, in their order among the candidates."""
    if len(candidates) <= most:
        return candidates
    said = report.said_at.timestamp()
    scored = ((_promise(report, said, event), -index) for index, event in enumerate(candidates))
    return [candidates[-index] for index in sorted((index for _, index in nlargest(most, scored)), reverse=True)]


def _promise(report: ReportRecord, said: float, event: KnownEvent) -> float:
    """A rough sum of what `factors` weighs: shared names and words, the same place, the same days."""
    shared = len(common(report.terms, event.terms)) / (math.sqrt(len(report.terms) * len(event.terms)) or 1)
    names = min(3, len(common(report.names, event.names)))
    gap = abs(said - event.last_reported) / 86400
    return (
        10 * shared
        + 2 * names
        + _place(report.frame.place, event.snapshot.place)
        + _days(report.frame.date, event.snapshot.date)
        - math.log1p(gap)
    )


def _place(a: Place | None, b: Place | None) -> float:
    if a is None or b is None or a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return 1.0  # unknown: not ruled out
    apart = max(abs(a.lat - b.lat), abs(a.lon - b.lon))
    return 4.0 if apart <= NEAR_DEGREES else 2.0 if apart <= FAR_DEGREES else 0.0


def _days(a: WhenRange | None, b: WhenRange | None) -> float:
    if a is None or b is None:
        return 1.0
    return 2.0 if a.start - b.end <= DAY and b.start - a.end <= DAY else 0.0
