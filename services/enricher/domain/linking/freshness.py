"""May an event wake somebody? Decided here, with the reason, by message time (design: Freshness)."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from services.enricher.domain.linking.reports import ReportRecord
from shared.contracts import WhenRange

STALE_AFTER = timedelta(days=7)
BACKFILL_LIMIT = timedelta(hours=6)
LATE_AFTER = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Freshness:
    alertable: bool
    why_not: str | None = None
    late_seconds: int | None = None


def judge(date: WhenRange | None, report: ReportRecord, stale_after: timedelta = STALE_AFTER) -> Freshness:
    """`date`: the event's best date with this report. A report without a publication time counts as just arrived, one
    of which only the day is known as published when that day ended."""
    age = report.message_time - report.said_at - (DAY if report.published_day_only else timedelta(0))
    if report.backfill and age > BACKFILL_LIMIT:
        return Freshness(False, f"backfill: published {_hours(age)} before it was fetched")
    if date is not None and _noon(date) < report.said_at - stale_after - timedelta(hours=12):
        return Freshness(
            False, f"stale: the attack is of {date.end.isoformat()}, the article {report.said_at.date().isoformat()}"
        )
    late = int(age.total_seconds()) if age > LATE_AFTER and report.published_at else None
    return Freshness(True, None, late)


def _noon(date: WhenRange) -> datetime:
    return datetime.combine(date.end, time(12), UTC)


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.0f} hours"
