"""Alerts that are hidden by a wider or graver one about the same area, which the same destination got before."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.alerting.domain.conditions import List
from services.alerting.domain.past import Active
from shared.codes import WherePrecision
from shared.contracts import EventChanged, EventSnapshot, Place


class Inhibition(BaseModel):
    """`wider`: by one whose place is known less exactly, and covers this one; `graver`: by one with more killed;
    `rules`: by whatever these rules alerted. All within one area, for some hours (message time)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: List[Literal["wider", "graver"]] = ()
    rules: List[str] = Field((), description="ids of rules whose alerts hide those of this one")
    same: Literal["place", "province", "country"] = "country"
    hours: float = Field(12, gt=0, le=168)

    @model_validator(mode="after")
    def _by_something(self) -> "Inhibition":
        if not self.by and not self.rules:
            raise ValueError("says not by what; give by: wider, by: graver, or rules")
        return self

    @property
    def summary(self) -> str:
        by = [*(f"a {kind} alert" for kind in self.by), *(f"rule {rule}" for rule in self.rules)]
        return f"hidden by {' or '.join(by)} about the same {self.same} for {self.hours:g} h"


def hidden_by(inhibition: Inhibition, change: EventChanged, active: Iterable[Active], at: datetime) -> Active | None:
    """The alert that hides this one; None where none does."""
    since = at - timedelta(hours=inhibition.hours)
    around = (
        other
        for other in active
        if other.event_id != change.event_id
        and since < other.at <= at
        and _same(inhibition.same, other.place, change.snapshot.place)
    )
    return next((other for other in around if _outranks(inhibition, other, change.snapshot)), None)


def _outranks(inhibition: Inhibition, other: Active, event: EventSnapshot) -> bool:
    if set(inhibition.rules) & set(other.rule_ids):
        return True
    if "wider" in inhibition.by and _covers(other.place, event.place):
        return True
    return "graver" in inhibition.by and (other.killed or 0) > (event.killed.best if event.killed else 0)


def _covers(wide: Place | None, place: Place | None) -> bool:
    """A province or country covers what is known more exactly within it."""
    if wide is None or place is None or wide.precision <= WherePrecision.DISTRICT or place.precision >= wide.precision:
        return False
    if wide.precision == WherePrecision.PROVINCE:
        return _same("province", wide, place)
    return _same("country", wide, place)


def _same(area: str, a: Place | None, b: Place | None) -> bool:
    if a is None or b is None or a.country is None or a.country != b.country:
        return False
    if area == "country":
        return True
    if area == "province" and (a.admin1 or b.admin1):
        return a.admin1 == b.admin1
    return a.admin1 == b.admin1 and (a.locality or a.name) == (b.locality or b.name)
