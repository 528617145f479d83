"""The books of a run: what each stage took in and how all of it ended, over distinct ids.

They balance when, for every stage, what it took in is what it produced from, filtered or gave up, each exactly once,
and what it sent is what the next one took in. Where they do not, `faults` says what is wrong with which messages.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

SHOWN = 3  # ids that a fault names
HEAD = "stage           in  produced  filtered  dead    sent  again  filtered because"


@dataclass(frozen=True)
class StageBook:
    """One stage. Ids are those of its input; `sent` has those of its output."""

    name: str
    took: AbstractSet[str]
    produced: AbstractSet[str] = frozenset()
    filtered: Mapping[str, str] = field(default_factory=dict)  # id -> reason
    dead: AbstractSet[str] = frozenset()
    sent: AbstractSet[str] = frozenset()
    duplicate: int = 0  # times that a message came again

    @property
    def open(self) -> AbstractSet[str]:
        """What was taken in and has no outcome yet."""
        return self.took - self.produced - self.filtered.keys() - self.dead

    def faults(self) -> Iterator[str]:
        yield from self._fault(self.open, "have no outcome")
        outcomes = (self.produced, self.filtered.keys(), self.dead)
        times = Counter(message for outcome in outcomes for message in outcome)
        yield from self._fault({message for message, n in times.items() if n > 1}, "have more than one outcome")
        yield from self._fault(times.keys() - self.took, "have an outcome and were never taken in")

    def row(self) -> dict[str, Any]:
        """The stage as a replay's report has it."""
        return {
            "in": len(self.took),
            "produced": len(self.produced),
            "sent": len(self.sent),
            "filtered": dict(Counter(self.filtered.values()).most_common()),
            "duplicate": self.duplicate,
            "dead": len(self.dead),
        }

    def _fault(self, ids: Collection[str], what: str) -> Iterator[str]:
        if ids:
            yield f"{self.name}: {len(ids)} {what}, such as {', '.join(sorted(ids)[:SHOWN])}"


@dataclass(frozen=True)
class HandOver:
    """What one side says it gave and the other that it got."""

    between: str
    given: AbstractSet[str]
    got: AbstractSet[str]

    def faults(self) -> Iterator[str]:
        for ids, what in ((self.given - self.got, "given and not got"), (self.got - self.given, "got and not given")):
            if ids:
                yield f"{self.between}: {len(ids)} {what}, such as {', '.join(sorted(ids)[:SHOWN])}"


@dataclass(frozen=True)
class Books:
    stages: Sequence[StageBook]
    hand_overs: Sequence[HandOver] = ()

    def faults(self) -> list[str]:
        in_stages = [fault for stage in self.stages for fault in stage.faults()]
        return in_stages + [fault for hand_over in self.hand_overs for fault in hand_over.faults()]

    @property
    def balanced(self) -> bool:
        return not self.faults()

    def table(self) -> str:
        """The outcomes of every stage, for people."""
        return "\n".join([HEAD, *(_line(stage) for stage in self.stages)])


def _line(stage: StageBook) -> str:
    row = stage.row()
    filtered = row["filtered"]
    why = ", ".join(f"{reason} {count}" for reason, count in filtered.items())
    counts = f"{row['in']:>8}{row['produced']:>10}{sum(filtered.values()):>10}{row['dead']:>6}{row['sent']:>8}"
    return f"{stage.name:<10}{counts}{row['duplicate']:>7}  {why}".rstrip()
