"""Which rules can match a change, without asking each of them: so the cost grows with matches, not with rules.

Every rule is filed under one of its conditions, the one whose values the fewest rules ask for (its access predicate,
as in content-based publish/subscribe: Fabret et al., "Filtering Algorithms and Implementation for Very Fast
Publish/Subscribe Systems", SIGMOD 2001). A change looks into the drawers of its own values; what lies there is then
asked in full by `conditions.first_miss`. Circles are filed by the cells of a grid that they touch.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from math import cos, floor, radians
from typing import Any

from services.alerting.domain.conditions import Conditions
from services.alerting.domain.countries import regions_of
from services.alerting.domain.geofence import KM_PER_DEGREE, Circle, uncertainty_km
from services.alerting.domain.rules import Rule
from shared.contracts import EventChanged, Place

Versioned = tuple[Rule, int]
Key = tuple[str, Hashable]

CELL = 2.0  # degrees
MOST_CELLS = 400  # a circle over more of them is filed for every place
NEAR = "near"
EVERYWHERE: Hashable = "everywhere"


class RuleIndex:
    """Built once for a book of rules; `candidates` never leaves out one that matches."""

    def __init__(self, rules: Sequence[Versioned]) -> None:
        self._by_id = {rule.id: (rule, version) for rule, version in rules}
        asked = [(one, _asked(one[0].when)) for one in rules]
        popular = Counter(key for _, conditions in asked for keys in conditions for key in keys)
        self._filed: defaultdict[Key, list[Versioned]] = defaultdict(list)
        self._steps: dict[str, list[tuple[int, Versioned]]] = {"killed": [], "injured": []}
        self._circles: list[Versioned] = []
        self._others: list[Versioned] = []
        for one, conditions in asked:
            if conditions:
                chosen = min(conditions, key=lambda keys: sum(popular[key] for key in keys))
                for key in chosen:
                    self._filed[key].append(one)
                if chosen[0][0] == NEAR:
                    self._circles.append(one)
            elif (step := _step(one[0].when)) is not None:
                self._steps[step[0]].append((step[1], one))
            else:
                self._others.append(one)
        for steps in self._steps.values():
            steps.sort(key=lambda pair: pair[0])
        self._levels = {name: [level for level, _ in steps] for name, steps in self._steps.items()}

    def candidates(self, change: EventChanged, also: Iterable[str] = ()) -> list[Versioned]:
        """Every rule that can match, and those of the ids in `also`; each once."""
        found = {one[0].id: one for key in _found(change) for one in self._filed.get(key, ())}
        for name, toll in (("killed", change.snapshot.killed), ("injured", change.snapshot.injured)):
            if toll is not None:
                reached = bisect_right(self._levels[name], toll.best)
                found |= {one[0].id: one for _, one in self._steps[name][:reached]}
        found |= {one[0].id: one for one in self._near(change.snapshot.place)}
        found |= {one[0].id: one for one in self._others}
        found |= {name: self._by_id[name] for name in also if name in self._by_id}
        return list(found.values())

    def _near(self, place: Place | None) -> Iterable[Versioned]:
        if place is None or place.lat is None or place.lon is None:
            return ()
        cells = _cells(Circle(lat=place.lat, lon=place.lon, km=1), uncertainty_km(place))
        if cells is None:
            return self._circles
        return [one for cell in (*cells, EVERYWHERE) for one in self._filed.get((NEAR, cell), ())]


# --- what a rule asks, a list of keys a condition; what a change has --------------------------------------------------

_EXACT = ("change", "country", "region", "province", "attack_type", "perpetrator", "target", "status", "language",
          "source")  # fmt: skip


def _asked(when: Conditions) -> list[list[Key]]:
    asked: list[list[Key]] = [
        [(name, str(value).casefold()) for value in getattr(when, name)] for name in _EXACT if getattr(when, name)
    ]
    if when.near:
        cells = (cell for near in when.near for cell in _cells(near, near.km) or [EVERYWHERE])
        asked.append([(NEAR, cell) for cell in dict.fromkeys(cells)])
    return asked


def _step(when: Conditions) -> tuple[str, int] | None:
    if when.killed_at_least is not None:
        return "killed", when.killed_at_least
    return ("injured", when.injured_at_least) if when.injured_at_least is not None else None


_VALUES: dict[str, Callable[[EventChanged], Iterable[Any]]] = {
    "change": lambda change: [change.change],
    "country": lambda change: [change.snapshot.place.country] if change.snapshot.place else [],
    "region": lambda change: regions_of(change.snapshot.place.country or "") if change.snapshot.place else [],
    "province": lambda change: [change.snapshot.place.admin1] if change.snapshot.place else [],
    "attack_type": lambda change: change.snapshot.attack_types,
    "perpetrator": lambda change: [name for who in change.snapshot.perpetrators for name in (who.name, who.id)],
    "target": lambda change: [target.type for target in change.snapshot.targets],
    "status": lambda change: [change.snapshot.status],
    "language": lambda change: change.snapshot.languages,
    "source": lambda change: [report.source for report in change.snapshot.reports],
}


def _found(change: EventChanged) -> Iterator[Key]:
    for name in _EXACT:
        yield from ((name, str(value).casefold()) for value in _VALUES[name](change) if value)


def _cells(circle: Circle, km: float) -> list[Hashable] | None:
    """The cells of the grid that a circle touches, a few more among them; None where they are too many to list."""
    high = km / KM_PER_DEGREE
    south, north = circle.lat - high, circle.lat + high
    if south <= -89 or north >= 89:
        return None
    wide = high / cos(radians(max(abs(south), abs(north))))
    rows = range(floor(south / CELL), floor(north / CELL) + 1)
    columns = range(floor((circle.lon - wide) / CELL), floor((circle.lon + wide) / CELL) + 1)
    if len(rows) * len(columns) > MOST_CELLS:
        return None
    around = round(360 / CELL)
    return list(dict.fromkeys((row, column % around) for row in rows for column in columns))
