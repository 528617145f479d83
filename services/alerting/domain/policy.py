"""Who is told what about a change: the steps that every rule × destination passes, and what came of it.

A decision is kept whatever the answer, for `why`. Once a destination was told of an event by a rule, that rule need no
longer match: who was told hears what becomes of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.alerting.domain import steps
from services.alerting.domain.case import Case, Decision, Step, Verdict
from services.alerting.domain.pacing import quiet_until
from services.alerting.domain.past import OpenThread, Past
from services.alerting.domain.results import Result
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule
from services.alerting.domain.steps import EPOCH
from services.alerting.domain.updates import Updates, wanted
from shared.contracts import EventChanged

__all__ = ["CHAIN", "EPOCH", "NO_RULE", "OpenThread", "Past", "Result", "candidates", "decide", "nearest_miss"]

NO_RULE = "-"  # a decision about a thread that no rule leads to any more

CHAIN: tuple[Step, ...] = (
    steps.reachable,
    steps.live,
    steps.thread,
    steps.alertable,
    steps.in_force,
    steps.match,
    steps.inhibit,
    steps.silence,
    steps.group,
    steps.quiet_hours,
    steps.throttle,
    steps.late,
    steps.stage,
    steps.digest,
)  # what passes all is delivered; what was held on its way goes to a digest


def candidates(change: EventChanged, book: Rulebook, threads: Mapping[str, OpenThread]) -> Sequence[tuple[Rule, int]]:
    """The rules to be asked: all, or, of a large book, those that can match and those whose threads are open."""
    if book.index is None:
        return book.rules
    return book.index.candidates(change, also=(rule for thread in threads.values() for rule in thread.rules))


def decide(
    change: EventChanged,
    at: datetime,
    book: Rulebook,
    threads: Mapping[str, OpenThread],
    past: Past | None = None,
    asked: Iterable[tuple[Rule, int]] | None = None,
) -> list[Decision]:
    """What every rule tells every of its destinations, and what those hear that have a thread but no rule any more.

    `at`: message time. `threads`: what was told about this event, by destination. `asked`: the candidates, where the
    caller knows them already.
    """
    past = past or Past()
    asked = candidates(change, book, threads) if asked is None else asked
    cases = [
        Case(change, at, book, rule, version, stage, name, book.destinations.get(name), threads.get(name), past)
        for rule, version in asked
        for stage, name in rule.route.stages()
    ]
    followed = {case.destination_id for case in cases if case.follows}
    cases += [
        Case(change, at, book, None, 0, "now", name, book.destinations.get(name), thread, past)
        for name, thread in threads.items()
        if name not in followed
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
    verdict = _verdict(case)
    return Decision(
        case.rule.id if case.rule else NO_RULE, case.version, case.destination_id, *verdict, told_as=case.message
    )


def _verdict(case: Case) -> Verdict:
    held: list[Verdict] = []
    for step in CHAIN:
        verdict = step(case)
        if verdict is not None and not verdict.result.held:
            return verdict
        if verdict is not None:
            held.append(verdict)
    return _after_quiet_hours(case, max(held, key=lambda one: one.due_at or case.at)) if held else _told(case)


def _after_quiet_hours(case: Case, held: Verdict) -> Verdict:
    """A digest that is due in quiet hours waits for their end."""
    if case.destination is None or held.due_at is None:
        return held
    config = case.destination.config
    return held._replace(due_at=quiet_until(held.due_at, config.quiet_hours, config.timezone) or held.due_at)


def _told(case: Case) -> Verdict:
    """All steps are passed: it is told at once, and why."""
    if case.thread is None:
        return Verdict(Result.ALERT, "the rule matches")
    if case.change.merged_into is not None:
        return Verdict(Result.UPDATE, f"{steps.MERGED_INTO} {case.change.merged_into}")
    if not case.follows:
        return Verdict(case.message, "the rule matches now, and the destination was told before")
    what = wanted(case.rule.updates if case.rule else Updates(), case.change)
    return Verdict(case.message, f"told before; {case.change.change}: {what}")
