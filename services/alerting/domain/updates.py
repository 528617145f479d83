"""Which material changes a rule wants told in the thread of an alert. Corrections and retractions are always told."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.alerting.domain.conditions import List
from shared.contracts import EventChanged, Reason

Kind = Literal["toll", "claim", "perpetrator", "place", "status", "other"]
KINDS: tuple[Kind, ...] = ("toll", "claim", "perpetrator", "place", "status", "other")
_CLAIMED = "(claimed)"  # as the reasons of perpetrators say it
_FIELDS: dict[str, Kind] = {
    "killed": "toll",
    "injured": "toll",
    "hostages": "toll",
    "perpetrators": "perpetrator",
    "place": "place",
    "status": "status",
}


class Updates(BaseModel):
    """`only`: kinds of change; `killed_steps`: of the dead only where their number crosses one of these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    only: List[Kind] = Field(KINDS, description="toll, claim, perpetrator, place, status (confirmed ...), other")
    killed_steps: List[int] = Field((), description="told when the killed cross one of these: [1, 5, 10]")
    injured_steps: List[int] = Field((), description="told when the injured cross one of these")

    @property
    def summary(self) -> str:
        """`toll, claim; killed only across 5, 10`; empty where every material change is told."""
        steps = [
            f"{name} only across {', '.join(map(str, steps))}"
            for name, steps in (("killed", self.killed_steps), ("injured", self.injured_steps))
            if steps
        ]
        if self.only == KINDS and not steps:
            return ""
        return "; ".join([", ".join(self.only) if self.only != KINDS else "every material change", *steps])


def wanted(updates: Updates, change: EventChanged) -> str | None:
    """What of a material change the rule wants told, in words; None: nothing of it."""
    weighty = [reason for reason in change.reasons if reason.material]
    if not weighty:  # a merger, a reviewer's word: material as a whole
        return str(change.change) if "other" in updates.only else None
    told = (_told(updates, reason) for reason in weighty)
    return "; ".join(words for words in told if words) or None


def _told(updates: Updates, reason: Reason) -> str | None:
    words = f"{reason.field} {reason.old or 'unknown'} → {reason.new or 'unknown'}"
    steps = {"killed": updates.killed_steps, "injured": updates.injured_steps}.get(reason.field, ())
    if steps and "toll" in updates.only:
        crossed = [step for step in steps if (_number(reason.old) >= step) != (_number(reason.new) >= step)]
        return f"{words} crosses {', '.join(map(str, crossed))}" if crossed else None
    return words if kinds(reason) & set(updates.only) else None


def kinds(reason: Reason) -> set[Kind]:
    """A perpetrator who claims it is news of both kinds."""
    kind = _FIELDS.get(reason.field, "other")
    if kind == "perpetrator" and _CLAIMED in (reason.new or "") and _CLAIMED not in (reason.old or ""):
        return {"claim", "perpetrator"}
    return {kind}


def _number(value: str | None) -> int:
    """The best number of `12 (10 to 14)`; below every step where it is not known."""
    first = (value or "").split(" ")[0]
    return int(first) if first.isdecimal() else -1
