"""Whether report and event are of the same days, and how far apart they were told."""

import math
from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, timedelta

from services.enricher.domain.linking.factors.names import Factors
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from shared.codes import ArticleKind, DatePrecision
from shared.contracts import WhenRange

FAR_DAYS = 30  # two dates so far apart are of two attacks, not of one that was dated wrongly
NEWS_DAYS, FOLLOW_UP_DAYS = 2, 7  # what is told without a date happened within these days before


def date_agreement(report: ReportRecord, event: KnownEvent, compared: Iterable[ReportRecord]) -> Factors:
    """As for the place: the event's date, else that of a report of it; without one, the days of which news tells."""
    happened = event.snapshot.date
    found = _date_factors(report.frame.date, happened)
    if "date_same" in found:
        return found
    if "date_unknown" in found:
        return {"date_recent": 1.0} if _same_news(report, event) else found
    if any("date_same" in _date_factors(report.frame.date, other.frame.date) for other in compared):
        return {"date_some": 1.0}
    return {"date_own": 1.0} if "date_differs" in found and _of_its_own(report, happened) else found


def _of_its_own(report: ReportRecord, happened: WhenRange | None) -> bool:
    """A follow-up that names a day of the last week, after the attack, may mean that of an arrest or a hearing."""
    when = report.frame.date
    if report.kind != ArticleKind.FOLLOW_UP or when is None or happened is None:
        return False
    return happened.end < when.start and 0 <= (report.said_at.date() - when.start).days <= FOLLOW_UP_DAYS


def _same_news(report: ReportRecord, event: KnownEvent) -> bool:
    """One side has no date, but both are news of the same days."""
    a, b = _days(report, report.frame.date), _days(event.reports[0], event.snapshot.date)
    return a[0] <= b[1] and b[0] <= a[1]


def _days(report: ReportRecord, when: WhenRange | None) -> tuple[date, date]:
    if when is not None:
        return when.start, when.end
    said = report.said_at.date()
    return said - timedelta(days=NEWS_DAYS if report.kind == ArticleKind.ATTACK_REPORT else FOLLOW_UP_DAYS), said


def _date_factors(a: WhenRange | None, b: WhenRange | None) -> Factors:
    if a is None or b is None:
        return {"date_unknown": 1.0}
    gap = max((a.start - b.end).days, (b.start - a.end).days, 0)
    exact = a.precision == b.precision == DatePrecision.DAY
    if gap == 0:
        return {"date_same": 1.0} if exact else {"date_overlaps": 1.0}
    if gap == 1:
        return {"date_next": 1.0}
    return {"date_differs": min(1.0, gap / 7), "date_far": float(gap > FAR_DAYS)}


def recency(report: ReportRecord, event: KnownEvent) -> Factors:
    said = report.said_at.timestamp()
    later = bisect_left(event.said, said)
    gap = min(abs(said - other) for other in event.said[max(0, later - 1) : later + 1]) / 86400
    return {"gap": math.log1p(min(gap, 365.0)), "gap_over_3_days": float(gap > 3)}


def news_apart(report: ReportRecord, compared: Iterable[ReportRecord]) -> bool:
    """Both sides are news of their own day, and the days are not the same."""
    if not _is_news(report):
        return False
    return any(
        _is_news(other) and "date_differs" in _date_factors(report.frame.date, other.frame.date) for other in compared
    )


def _is_news(report: ReportRecord) -> bool:
    when = report.frame.date
    return (
        report.kind == ArticleKind.ATTACK_REPORT
        and when is not None
        and when.precision == DatePrecision.DAY
        and 0 <= (report.said_at.date() - when.start).days <= NEWS_DAYS
    )
