"""What a rule would have told: past changes run through the same decisions, with a memory in place of the database."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.alerting.domain import policy, steps, wording
from services.alerting.domain.case import Decision
from services.alerting.domain.past import Active, OpenThread, Past, Told
from services.alerting.domain.results import Result
from services.alerting.domain.rulebook import Rulebook
from services.alerting.domain.rules import Rule
from shared.codes import MessageKind
from shared.contracts import EventChanged

MEMORY = timedelta(days=7)  # the longest that anything is remembered by a decision: `Inhibition.hours`


class Moment(NamedTuple):
    """One change of an event, at its message time."""

    change: EventChanged
    at: datetime


@dataclass
class Replay:
    """What was told: each event once with the moment of its first message (`alerts`), and messages by kind."""

    changes: int = 0
    events: set[UUID] = field(default_factory=set)
    alerts: dict[UUID, Moment] = field(default_factory=dict)
    messages: Counter[MessageKind] = field(default_factory=Counter)
    held: Counter[Result] = field(default_factory=Counter)
    missed: Counter[Result] = field(default_factory=Counter)  # of changes that told nothing, how far they came

    @property
    def volume(self) -> int:
        return sum(self.messages.values())


def trial(rule: Rule) -> Rule:
    """The rule as if it were in force: a draft is disabled, an old one may have expired."""
    return rule.model_copy(update={"enabled": True, "expires_at": None})


def replay(moments: Iterable[Moment], *books: Rulebook) -> list[Replay]:
    """Run changes, in order of time, through the rules of each book, side by side."""
    runs = [(book, _Memory(book), Replay()) for book in books]
    for moment in moments:
        for book, memory, result in runs:
            _run(moment, book, memory, result)
    for _, memory, result in runs:
        memory.release(None, result)
    return [result for _, _, result in runs]


def _run(moment: Moment, book: Rulebook, memory: "_Memory", result: Replay) -> None:
    change, at = moment
    result.changes += 1
    result.events.add(change.event_id)
    memory.release(at, result)
    memory.adopt(change)
    decided = policy.decide(change, at, book, memory.threads.get(change.event_id, {}), memory.past(change, at))
    if not memory.take(moment, decided, result):
        result.missed[_furthest(decided)] += 1


@dataclass(frozen=True)
class _Waiting:
    moment: Moment
    kind: MessageKind
    decision: Decision
    rules: frozenset[str]


class _Memory:
    """What `store/past.py` and `store/holds.py` know, for a replay."""

    def __init__(self, book: Rulebook) -> None:
        self._inhibits = any(rule.inhibited_by for rule, _ in book.rules)
        self.threads: dict[UUID, dict[str, OpenThread]] = {}
        self._told: dict[str, list[Told]] = {}
        self._active: dict[str, list[Active]] = {}
        self._held: dict[tuple[str, UUID], _Waiting] = {}
        self._hidden: dict[UUID, dict[tuple[str, int, str], Result]] = {}

    def past(self, change: EventChanged, at: datetime) -> Past:
        pending: dict[tuple[str, Result], datetime] = {}
        for (name, _), waiting in self._held.items():
            if (due := waiting.decision.due_at) is not None:
                key = (name, waiting.decision.result)
                pending[key] = max(due, pending.get(key, due))
        hiding = self._active if self._inhibits else {}
        active = {name: [one for one in all_ if self._open(name, one.event_id)] for name, all_ in hiding.items()}
        return Past(self._told, active, pending, self._hidden.get(change.event_id, {}))

    def adopt(self, change: EventChanged) -> None:
        pairs = [(change.merged_into, change.event_id)] if change.merged_into else []
        pairs += [(change.event_id, other) for other in change.merged_from]
        for survivor, absorbed in pairs:
            if survivor is not None and absorbed in self.threads:
                self.threads[survivor] = {**self.threads[absorbed], **self.threads.get(survivor, {})}

    def take(self, moment: Moment, decided: Sequence[Decision], result: Replay) -> bool:
        """Remember what was decided about one change; returns whether anything was told or held."""
        change, at = moment
        gone = change.snapshot.status in steps.GONE
        for key in [key for key, held in self._held.items() if key[1] == change.event_id]:
            if gone and self._held[key].kind is MessageKind.ALERT:
                del self._held[key]
        telling: dict[str, list[Decision]] = {}
        holding: dict[str, list[Decision]] = {}
        for one in decided:
            if one.result.kind is not None:
                telling.setdefault(one.destination_id, []).append(one)
            elif one.result.held:
                holding.setdefault(one.destination_id, []).append(one)
            elif one.result in (Result.SILENCED, Result.INHIBITED):
                hidden = self._hidden.setdefault(change.event_id, {})
                hidden[one.rule_id, one.rule_version, one.destination_id] = one.result
        for name, why in telling.items():
            kind = why[0].result.kind
            assert kind is not None  # noqa: S101 - chosen above
            self._held.pop((name, change.event_id), None)
            self._say(name, moment, kind, frozenset(one.rule_id for one in why), result)
        for name, why in holding.items():
            if name not in telling:
                first = min(why, key=lambda one: one.due_at or at)
                if (name, change.event_id) not in self._held:
                    result.held[first.result] += 1
                rules = frozenset(one.rule_id for one in why)
                self._held[name, change.event_id] = _Waiting(moment, MessageKind(first.told_as), first, rules)
        return bool(telling or holding)

    def release(self, at: datetime | None, result: Replay) -> None:
        """One digest for each destination for which something is due; None: all that is left."""
        due = {
            name: waiting.decision.due_at
            for (name, _), waiting in self._held.items()
            if waiting.decision.due_at is not None and (at is None or waiting.decision.due_at <= at)
        }
        for name in due:
            found = [key for key, one in self._held.items() if key[0] == name and (at is None or _due(one, at))]
            result.messages[MessageKind.DIGEST] += 1
            for key in found:
                waiting = self._held.pop(key)
                self._open_thread(name, waiting.moment, waiting.rules)
                if waiting.kind is MessageKind.ALERT:
                    result.alerts.setdefault(key[1], waiting.moment)
            if at is not None:
                self._told.setdefault(name, []).append(Told(None, MessageKind.DIGEST, at))

    def _say(self, name: str, moment: Moment, kind: MessageKind, rules: frozenset[str], result: Replay) -> None:
        change, at = moment
        result.messages[kind] += 1
        told = [one for one in self._told.get(name, ()) if one.at > at - MEMORY]
        self._told[name] = [*told, Told(change.event_id, kind, at, bool(change.late_seconds))]
        self._open_thread(name, moment, rules)
        if kind is MessageKind.ALERT:
            result.alerts.setdefault(change.event_id, moment)
        if kind is MessageKind.RETRACTION or change.merged_into is not None:
            open_ = self.threads[change.event_id][name]
            why = f"{steps.MERGED_INTO} {change.merged_into}" if change.merged_into else "retracted"
            self.threads[change.event_id][name] = OpenThread(open_.subject, why, open_.rules)

    def _open_thread(self, name: str, moment: Moment, rules: frozenset[str]) -> None:
        change, at = moment
        known = self.threads.setdefault(change.event_id, {}).get(name, OpenThread(""))
        self.threads[change.event_id][name] = OpenThread("", None, known.rules | rules)
        killed = change.snapshot.killed.best if change.snapshot.killed else None
        active = [one for one in self._active.get(name, ()) if one.at > at - MEMORY]
        self._active[name] = [*active, Active(change.event_id, sorted(rules), at, change.snapshot.place, killed)]

    def _open(self, name: str, event: UUID) -> bool:
        thread = self.threads.get(event, {}).get(name)
        return thread is not None and thread.closed is None


def _due(waiting: _Waiting, at: datetime) -> bool:
    return waiting.decision.due_at is not None and waiting.decision.due_at <= at


def _furthest(decided: Iterable[Decision]) -> Result:
    order = list(Result)
    return max((one.result for one in decided), key=order.index, default=Result.NO_MATCH)


# --- in words ---------------------------------------------------------------------------------------------------------


def example(moment: Moment) -> str:
    event = moment.change.snapshot
    said = f"{wording.attack(event)} in {wording.where_brief(event.place)}: {wording.toll_brief(event)}"
    return f"{moment.at:%Y-%m-%d %H:%M}  {said} ({event.status})  {moment.change.event_id}"
