"""What happened to an event when: the attack, each report, each revision, each decision to tell somebody."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field


class Moment(BaseModel):
    at: datetime = Field(description="of the attack: the beginning of its first possible day, UTC")
    what: Literal["attack", "report", "revision", "decision"]
    text: str = Field(examples=["confirmed: killed 5 → 12, per The Ledger"])
    report_id: UUID | None = None
    revision: int | None = None
    url: str | None = None


def timeline(
    snapshot: Mapping[str, Any],
    reports: Iterable[Mapping[str, Any]],
    revisions: Iterable[Mapping[str, Any]],
    decisions: Iterable[Mapping[str, Any]],
) -> list[Moment]:
    """Oldest first; at the same time in the order of cause."""
    moments = [
        *_attack(snapshot),
        *(_report(report) for report in reports),
        *(_revision(revision) for revision in revisions),
        *(_decision(decision) for decision in decisions),
    ]
    return sorted(moments, key=lambda moment: moment.at)


def _attack(snapshot: Mapping[str, Any]) -> Iterable[Moment]:
    if when := snapshot.get("date"):
        first, last = when["start"], when["end"]
        where = (snapshot.get("place") or {}).get("name")
        day = first if first == last else f"between {first} and {last}"
        yield Moment(at=f"{first}T00:00:00Z", what="attack", text=f"attack in {where}, {day}" if where else day)


def _report(report: Mapping[str, Any]) -> Moment:
    return Moment(
        at=report["published_at"] or report["message_time"],
        what="report",
        text=f"{report['source']}: {report['title'] or 'without a title'}",
        report_id=report["report_id"],
        url=report["url"],
    )


def _revision(revision: Mapping[str, Any]) -> Moment:
    reasons = "; ".join(_reason(reason) for reason in revision["reasons"])
    text = f"{revision['change']}: {reasons}" if reasons else revision["change"]
    return Moment(at=revision["message_time"], what="revision", text=text, revision=revision["revision"])


def _reason(reason: Mapping[str, Any]) -> str:
    change = f"{reason['field']} {reason.get('old') or 'unknown'} → {reason.get('new') or 'unknown'}"
    return f"{change}, per {reason['source']}" if reason.get("source") else change


def _decision(decision: Mapping[str, Any]) -> Moment:
    return Moment(
        at=decision["decided_at"],
        what="decision",
        text=f"rule {decision['rule_id']}, {decision['destination_id']}: {decision['result']}, {decision['reason']}",
        revision=decision["revision"],
    )
