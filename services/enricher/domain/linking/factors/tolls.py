"""Whether the numbers of victims may be of one attack."""

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

from services.enricher.domain.linking.factors.names import Factors
from services.enricher.domain.linking.reports import ReportRecord
from shared.contracts import EventSnapshot, Frame, Toll

AT_ONCE = timedelta(hours=1)  # of two tolls told within this span neither is the later


def toll_agreement(
    field: Literal["killed", "injured"], report: ReportRecord, compared: Iterable[ReportRecord]
) -> Factors:
    """A toll may rise from the earlier report to the later, whichever came in first; one that falls far is of another
    attack, or of a part of it. The report that comes nearest counts."""
    said: Toll | None = getattr(report.frame, field)
    known = [(other, toll) for other in compared if (toll := getattr(other.frame, field)) is not None]
    if said is None or not known:
        return {}
    rise = min((_rise(report, said, other, toll) for other, toll in known), key=abs)
    if rise == 0:
        return {f"{field}_same": 1.0, f"{field}_same_many": min(1.0, math.log2(max(1, said.best)) / 3)}
    return {f"{field}_rises": min(rise, 3.0)} if rise > 0 else {f"{field}_falls": min(-rise, 1.5)}


def _rise(report: ReportRecord, said: Toll, other: ReportRecord, known: Toll) -> float:
    """Doublings from the earlier of two tolls to the later."""
    rise = math.log2((said.best + 1) / (known.best + 1))
    apart = report.said_at - other.said_at
    if abs(apart) <= AT_ONCE:
        return abs(rise)
    return rise if apart > timedelta(0) else -rise


def mass(frame: Frame, event: EventSnapshot) -> float:
    """0..1: two attacks with many victims each seldom fall together in place and time. 0 up to 7 victims, 1 from 63."""
    victims = min(_victims(frame.killed, frame.injured), _victims(event.killed, event.injured))
    return min(1.0, max(0.0, math.log2(1 + victims) / 3 - 1))


def _victims(killed: Toll | None, injured: Toll | None) -> int:
    return (killed.best if killed else 0) + (injured.best if injured else 0)
