"""One change, one rule and one of its destinations: what every step of the policy looks at."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.alerting.domain.destinations import Destination
from services.alerting.domain.past import OpenThread, Past
from services.alerting.domain.results import Result
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule, Stage
from shared.codes import Change
from shared.contracts import EventChanged


@dataclass(frozen=True)
class Case:
    """`rule` None: only its thread leads there. `at`: message time."""

    change: EventChanged
    at: datetime
    book: Rulebook
    rule: Rule | None
    version: int
    stage: Stage
    destination_id: str
    destination: Destination | None
    thread: OpenThread | None
    past: Past

    @property
    def follows(self) -> bool:
        """Was the destination told of the event by this rule? Then it hears what becomes of it, matching or not."""
        if self.thread is None:
            return False
        return self.rule is None or not self.thread.rules or self.rule.id in self.thread.rules

    @property
    def message(self) -> Result:
        """What it would be told now: the first message about an event is an alert, whatever the change."""
        if self.thread is None:
            return Result.ALERT
        corrects = self.change.change in (Change.CORRECTED, Change.SPLIT)
        return Result.CORRECTION if corrects else Result.UPDATE


class Verdict(NamedTuple):
    """`due_at` (message time): when what is held is told; `hidden_by`: the event whose alert hides this one."""

    result: Result
    reason: str
    due_at: datetime | None = None
    hidden_by: UUID | None = None


Step = Callable[[Case], Verdict | None]


@dataclass(frozen=True)
class Decision:
    rule_id: str
    rule_version: int
    destination_id: str
    result: Result
    reason: str
    due_at: datetime | None = None
    hidden_by: UUID | None = None
    told_as: Result = Result.ALERT  # what it is, or what it would be were it not held
