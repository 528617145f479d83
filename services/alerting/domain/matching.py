"""Which rules can match a change, without asking each of them: so the cost grows with matches, not with rules.

Every rule is filed under one of its conditions, the one whose values the fewest rules ask for (its access predicate,
as in content-based publish/subscribe: Fabret et al., "Filtering Algorithms and Implementation for Very Fast
Publish/Subscribe Systems", SIGMOD 2001). A change looks into the drawers of its own values; what lies there is held
against all of them, and what is left is asked in full by `conditions.first_miss`. Circles are filed by the cells of a
grid that they touch.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import cos, floor, radians
from typing import Any

from services.alerting.domain.conditions import Conditions
from services.alerting.domain.countries import regions_of
from services.alerting.domain.geofence import KM_PER_DEGREE, Circle, uncertainty_km
from services.alerting.domain.rules import Rule
from shared.contracts import EventChanged, Place, Toll

Versioned = tuple[Rule, int]
Key = tuple[str, Hashable]

CELL = 2.0  # degrees
MOST_CELLS = 400  # a circle over more of them is filed for every place
NEAR = "near"
EVERYWHERE: Hashable = "everywhere"


@dataclass(frozen=True, eq=False)
class _Filed:
    """A rule with what can be compared quickly: of each of `asked` one value must be the event's."""

    one: Versioned
    asked: tuple[frozenset[Key], ...]
    killed: int  # -1: not asked
    injured: int

    def may_match(self, keys: set[Key], killed: int, injured: int) -> bool:
        if killed < self.killed or injured < self.injured:
            return False
        return not any(asked.isdisjoint(keys) for asked in self.asked)


class RuleIndex:
    """Built once for a book of rules; `candidates` never leaves out one that matches."""

    def __init__(self, rules: Sequence[Versioned]) -> None:
        self._by_id = {rule.id: (rule, version) for rule, version in rules}
        self._drawers: defaultdict[Key, list[_Filed]] = defaultdict(list)
        self._killed: list[_Filed] = []  # rules that ask for nothing but a toll, in its order
        self._injured: list[_Filed] = []
        self._circles: list[_Filed] = []
        self._others: list[_Filed] = []
        asked = [(_filed(one), _cells_of(one[0].when)) for one in rules]
        popular = Counter(key for filed, cells in asked for keys in (*filed.asked, cells) for key in keys)
        for filed, cells in asked:
            self._file(filed, cells, popular)
        self._killed.sort(key=lambda filed: filed.killed)
        self._injured.sort(key=lambda filed: filed.injured)

    def candidates(self, change: EventChanged, also: Iterable[str] = ()) -> list[Versioned]:
        """Every rule that can match, and those of the ids in `also`; each once."""
        keys, killed, injured = set(_found(change)), _best(change.snapshot.killed), _best(change.snapshot.injured)
        filed = [filed for key in keys for filed in self._drawers.get(key, ())]
        filed += self._near(change.snapshot.place)
        filed += self._others
        filed += self._killed[: bisect_right(self._killed, killed, key=lambda one: one.killed)]
        filed += self._injured[: bisect_right(self._injured, injured, key=lambda one: one.injured)]
        found = {one.one[0].id: one.one for one in filed if one.may_match(keys, killed, injured)}
        found |= {name: self._by_id[name] for name in also if name in self._by_id}
        return list(found.values())

    def _file(self, filed: _Filed, cells: frozenset[Key], popular: Counter[Key]) -> None:
        choices = [keys for keys in (*filed.asked, cells) if keys]
        if choices:
            chosen = min(choices, key=lambda keys: sum(popular[key] for key in keys))
            for key in chosen:
                self._drawers[key].append(filed)
            if chosen is cells:
                self._circles.append(filed)
        elif filed.killed >= 0:
            self._killed.append(filed)
        elif filed.injured >= 0:
            self._injured.append(filed)
        else:
            self._others.append(filed)

    def _near(self, place: Place | None) -> Iterable[_Filed]:
        if place is None or place.lat is None or place.lon is None:
            return ()
        cells = _cells(Circle(lat=place.lat, lon=place.lon, km=1), uncertainty_km(place))
        if cells is None:
            return self._circles
        return [filed for cell in (*cells, EVERYWHERE) for filed in self._drawers.get((NEAR, cell), ())]


# --- what a rule asks, a list of keys a condition; what a change has --------------------------------------------------

_EXACT = ("change", "country", "region", "province", "attack_type", "perpetrator", "target", "status", "language",
          "source")  # fmt: skip


def _filed(one: Versioned) -> _Filed:
    when = one[0].when
    asked = (frozenset((name, str(value).casefold()) for value in getattr(when, name)) for name in _EXACT)
    killed, injured = (-1 if level is None else level for level in (when.killed_at_least, when.injured_at_least))
    return _Filed(one, tuple(keys for keys in asked if keys), killed, injured)


def _cells_of(when: Conditions) -> frozenset[Key]:
    cells = (cell for near in when.near for cell in _cells(near, near.km) or [EVERYWHERE])
    return frozenset((NEAR, cell) for cell in cells)


def _best(toll: Toll | None) -> int:
    return -1 if toll is None else toll.best


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
