"""A range of time linked again, beside what is on file: which events would appear, vanish, merge, split or change."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.contracts import EventSnapshot

COMPARED = ("attack_types", "date", "place", "killed", "injured", "hostages", "perpetrators", "status")


@dataclass(frozen=True)
class Side:
    """An event on one side, with those of its articles that lie in the range."""

    event_id: UUID
    articles: frozenset[UUID]
    snapshot: EventSnapshot


@dataclass
class Comparison:
    """`targets`: shadow event -> the event on file that it is; those of `splitting` and `appearing` have none."""

    targets: dict[UUID, UUID] = field(default_factory=dict)
    appearing: list[Side] = field(default_factory=list)
    vanishing: list[Side] = field(default_factory=list)
    merging: dict[UUID, UUID] = field(default_factory=dict)  # on file -> on file, into which
    splitting: dict[UUID, UUID] = field(default_factory=dict)  # shadow -> on file, off which
    changing: dict[UUID, dict[str, tuple[Any, Any]]] = field(default_factory=dict)  # on file -> field -> old, new
    same: int = 0


def compare(live: Sequence[Side], shadow: Sequence[Side]) -> Comparison:
    """Events are the same that share most articles; of two that share as many, the older one's id counts."""
    found = Comparison()
    shared = _shared(live, shadow)
    back: dict[UUID, UUID] = {}
    for (one, other), _ in sorted(shared.items(), key=lambda item: (-item[1], str(item[0][0]), str(item[0][1]))):
        if one not in back and other not in found.targets:
            back[one], found.targets[other] = other, one
        elif one not in back and one not in found.merging:
            found.merging[one] = found.targets[other]
        elif other not in found.targets and other not in found.splitting:
            found.splitting[other] = one
    found.merging = {one: into for one, into in found.merging.items() if one not in back}
    found.splitting = {other: of for other, of in found.splitting.items() if other not in found.targets}
    found.appearing = [o for o in shadow if o.event_id not in found.targets and o.event_id not in found.splitting]
    found.vanishing = [one for one in live if one.event_id not in back and one.event_id not in found.merging]
    snapshots = {side.event_id: side.snapshot for side in (*live, *shadow)}
    for other, one in found.targets.items():
        if changes := _differences(snapshots[one], snapshots[other]):
            found.changing[one] = changes
        else:
            found.same += 1
    return found


def _shared(live: Iterable[Side], shadow: Iterable[Side]) -> Mapping[tuple[UUID, UUID], int]:
    of_article: dict[UUID, list[UUID]] = {}
    for one in live:
        for article in one.articles:
            of_article.setdefault(article, []).append(one.event_id)
    return Counter(
        (one, other.event_id) for other in shadow for article in other.articles for one in of_article.get(article, ())
    )


def _differences(old: EventSnapshot, new: EventSnapshot) -> dict[str, tuple[Any, Any]]:
    """What a reviewer set is no difference: it stands."""
    before, after = (one.model_dump(mode="json", include=set(COMPARED)) for one in (old, new))
    return {
        name: (before[name], after[name])
        for name in COMPARED
        if name not in old.reviewed and before[name] != after[name]
    }
