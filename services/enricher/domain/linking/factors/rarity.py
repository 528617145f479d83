"""How much a shared name or word says among the candidates of one report, and what else happened there and then."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal
from uuid import UUID

from services.enricher.domain.linking.common import common
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.spots import Spot, same_spot

TERMS_FADE = 1.4  # a word that n events share says so much less: 1 / n to this power
FEW = 10  # events: beside so few nobody can tell which words are rare
RIVAL_SECONDS = 3 * 86400.0


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much a shared name or word says, 0 to 1, among the candidates of one report."""

    names: Mapping[str, float]
    terms: Mapping[str, float]
    rivals: Mapping[UUID, int]  # how many other candidates lie in the same place and days
    days_shared: Mapping[UUID, int]  # ... in the same days


def rarity_among(
    candidates: Sequence[KnownEvent],
    report: ReportRecord | None = None,
    weighed: Sequence[KnownEvent] | None = None,
    others: Sequence[KnownEvent] = (),
) -> Rarity:
    """A police chief whom every event of the town quotes says little; nor does any word where there is nothing to
    compare with. `report`: only its names and words are wanted; `weighed`: only the neighbours of these; `others`: no
    candidates, but their names and words count too."""
    known = [*candidates, *others]
    names = _events_with("names", known, report)
    terms = _events_with("terms", known, report)
    enough = len(known) / (len(known) + FEW)
    events = candidates if weighed is None else weighed
    neighbours = _neighbours(events, candidates)
    times = sorted(event.first_reported for event in candidates)
    return Rarity(
        {name: 1 / count for name, count in names.items()},
        {term: enough / count**TERMS_FADE for term, count in terms.items()},
        {event.event_id: _days_near(event, neighbours[event.event_id]) for event in events},
        {event.event_id: _days_near(event, times) - 1 for event in events},
    )


def _events_with(
    field: Literal["names", "terms"], candidates: Iterable[KnownEvent], report: ReportRecord | None
) -> Counter[str]:
    found = (getattr(event, field) for event in candidates)
    if report is not None:
        wanted = getattr(report, field)
        found = (common(wanted, held) for held in found)
    return Counter(chain.from_iterable(found))


def _neighbours(events: Iterable[KnownEvent], candidates: Iterable[KnownEvent]) -> dict[UUID, Sequence[float]]:
    """When what else happened in the same place was first reported, in order. In a city with three shootings a night,
    town and day alone do not tell which one a report is about."""
    placed = [(other.spot, other) for other in candidates if other.spot]
    widest = max((there.reach for there, _ in placed), default=0.0)
    return {event.event_id: sorted(_near(event, placed, widest)) for event in events}


def _near(event: KnownEvent, placed: Iterable[tuple[Spot, KnownEvent]], widest: float) -> Iterator[float]:
    if here := event.spot:
        for there, other in placed:
            if abs(there.z - here.z) <= widest and same_spot(here, there) and other is not event:
                yield other.first_reported


def _days_near(event: KnownEvent, times: Sequence[float]) -> int:
    """How many of the times, which are in order, lie in the same days."""
    at = event.first_reported
    return bisect_right(times, at + RIVAL_SECONDS) - bisect_left(times, at - RIVAL_SECONDS)
