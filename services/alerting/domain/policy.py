"""Who is told what about a change: the steps every rule × destination passes, and what came of it.

The first step that answers decides; what passes all is an alert. Its reason is kept whatever the answer, for `why`.
Once a destination has a thread about an event, rules no longer matter to it: who was told hears of material changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.alerting.domain.conditions import first_miss
from services.alerting.domain.destinations import Destination
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule, Stage, confirmed
from shared.codes import Change, EventStatus, MessageKind
from shared.contracts import EventChanged

NO_RULE = "-"  # a decision about a thread that no rule routes to any more
EPOCH = "epoch"  # promoting a reprocessed epoch alerts nobody, open threads included
GONE = (EventStatus.RETRACTED, EventStatus.REJECTED, EventStatus.MERGED)


class Result(StrEnum):
    """What was decided; the first four make a message, the rest is ordered by how far the case came."""

    ALERT = "alert"
    UPDATE = "update"
    CORRECTION = "correction"
    RETRACTION = "retraction"
    NO_DESTINATION = "no_destination"
    NOT_ALERTABLE = "not_alertable"
    NOT_IN_FORCE = "not_in_force"
    NO_MATCH = "no_match"
    NOT_MATERIAL = "not_material"
    SILENCED = "silenced"
    STAGED = "staged"

    @property
    def kind(self) -> MessageKind | None:
        """The message to send; None: nothing is sent."""
        return MessageKind(self) if self in _TELLING else None


_TELLING = (Result.ALERT, Result.UPDATE, Result.CORRECTION, Result.RETRACTION)


@dataclass(frozen=True)
class OpenThread:
    """What a destination was told about an event. `closed`: why it ended (retracted, merged), where it did."""

    subject: str
    closed: str | None = None


@dataclass(frozen=True)
class Case:
    """One change, one rule (None: only its thread leads there) and one of its destinations."""

    change: EventChanged
    at: datetime  # message time
    book: Rulebook
    rule: Rule | None
    version: int
    stage: Stage
    destination_id: str
    destination: Destination | None
    thread: OpenThread | None


Verdict = tuple[Result, str]
Step = Callable[[Case], Verdict | None]


@dataclass(frozen=True)
class Decision:
    rule_id: str
    rule_version: int
    destination_id: str
    result: Result
    reason: str


# --- the steps --------------------------------------------------------------------------------------------------------


def reachable(case: Case) -> Verdict | None:
    if case.destination is None:
        return Result.NO_DESTINATION, f"there is no destination {case.destination_id!r}, or its configuration is broken"
    if not case.destination.enabled:
        return Result.NO_DESTINATION, f"destination {case.destination_id!r} is disabled"
    return None


def live(case: Case) -> Verdict | None:
    """A promoted epoch tells nobody anything."""
    if not case.change.alertable and case.change.not_alertable == EPOCH:
        return Result.NOT_ALERTABLE, EPOCH
    return None


def follow_thread(case: Case) -> Verdict | None:
    """Who got the alert gets what becomes of it, past rules, stages and silences (see `silence`)."""
    if case.thread is None:
        return None
    change = case.change
    if change.change is Change.MERGED and change.merged_into is not None:
        return Result.UPDATE, f"merged into {change.merged_into}"
    if change.snapshot.status in GONE or change.change is Change.RETRACTED:
        told = case.thread.closed is not None and not change.material
        return (
            (Result.NOT_MATERIAL, f"already told: {case.thread.closed}") if told else (Result.RETRACTION, "retracted")
        )
    if not change.material:
        return Result.NOT_MATERIAL, "told before, and nothing material changed"
    if change.change in (Change.CORRECTED, Change.SPLIT):
        return Result.CORRECTION, f"{change.change}: told before"
    return _silenced(case) or (Result.UPDATE, f"material change ({change.change}): told before")


def alertable(case: Case) -> Verdict | None:
    if case.change.snapshot.status in GONE:
        return Result.NOT_ALERTABLE, str(case.change.snapshot.status)
    if not case.change.alertable:
        return Result.NOT_ALERTABLE, case.change.not_alertable or "not alertable"
    return None


def in_force(case: Case) -> Verdict | None:
    why_not = case.rule.out_of_force(case.at) if case.rule else None
    return (Result.NOT_IN_FORCE, why_not) if why_not else None


def match(case: Case) -> Verdict | None:
    miss = first_miss(case.rule.when, case.change) if case.rule else "no rule leads here any more"
    return (Result.NO_MATCH, miss) if miss else None


def silence(case: Case) -> Verdict | None:
    """Recorded, not sent later; corrections and retractions never come this far."""
    return _silenced(case)


def stage(case: Case) -> Verdict | None:
    status = case.change.snapshot.status
    if case.stage == "confirmed" and not confirmed(status):
        return Result.STAGED, f"waits for confirmation, the event is {status}"
    if case.stage == "unconfirmed" and confirmed(status):
        return Result.STAGED, f"wants unconfirmed events only, this one is {status}"
    return None


STEPS: tuple[Step, ...] = (reachable, live, follow_thread, alertable, in_force, match, silence, stage)


# --- all of them ------------------------------------------------------------------------------------------------------


def decide(change: EventChanged, at: datetime, book: Rulebook, threads: Mapping[str, OpenThread]) -> list[Decision]:
    """What every rule tells every of its destinations, and what those hear that have a thread but no rule any more.

    `threads`: what was told about this event, by destination.
    """
    cases = [
        Case(change, at, book, rule, version, stage, name, book.destinations.get(name), threads.get(name))
        for rule, version in book.rules
        for stage, name in rule.route.stages()
    ]
    routed = {case.destination_id for case in cases}
    cases += [
        Case(change, at, book, None, 0, "now", name, book.destinations.get(name), thread)
        for name, thread in threads.items()
        if name not in routed
    ]
    return [_decide(case) for case in cases]


def nearest_miss(decisions: list[Decision]) -> str:
    """Why nothing is sent, as the one reason of the case that came furthest."""
    order = list(Result)
    missed = [decision.result for decision in decisions if decision.result.kind is None]
    if not missed:
        return "told_before" if decisions else "no_rules"
    return max(missed, key=order.index)


def _decide(case: Case) -> Decision:
    verdicts = (step(case) for step in STEPS)
    result, reason = next((verdict for verdict in verdicts if verdict), (Result.ALERT, "the rule matches"))
    return Decision(case.rule.id if case.rule else NO_RULE, case.version, case.destination_id, result, reason)


def _silenced(case: Case) -> Verdict | None:
    for silence in case.book.silences:
        if (
            silence.starts_at <= case.at < silence.ends_at
            and (not silence.rule or (case.rule is not None and case.rule.id in silence.rule))
            and (not silence.destination or case.destination_id in silence.destination)
            and first_miss(silence.when, case.change) is None
        ):
            return (
                Result.SILENCED,
                f"by {silence.created_by} until {silence.ends_at:%Y-%m-%d %H:%M %Z}: {silence.comment}",
            )
    return None
