"""How much a shared name or word says among the candidates of one report, and what else happened there and then."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Literal
from uuid import UUID

from services.enricher.domain.linking.factors.place import same_place
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord

TERMS_FADE = 1.4  # a word that n events share says so much less: 1 / n to this power
RIVAL_DAYS = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much a shared name or word says, 0 to 1, among the candidates of one report."""

    names: Mapping[str, float]
    terms: Mapping[str, float]
    rivals: Mapping[UUID, int]  # how many other candidates lie in the same place and days
    neighbours: Mapping[UUID, int]  # ... in the same place
    days_shared: Mapping[UUID, int]  # ... in the same days


def rarity_among(
    candidates: Sequence[KnownEvent], report: ReportRecord | None = None, weighed: Sequence[KnownEvent] | None = None
) -> Rarity:
    """A police chief whom every event of the town quotes says little; nor does any word where there is nothing to
    compare with. `report`: only its names and words are wanted; `weighed`: only the neighbours of these."""
    names = _events_with("names", candidates, report)
    terms = _events_with("terms", candidates, report)
    known = len(candidates) / (len(candidates) + 3)
    events = candidates if weighed is None else weighed
    neighbours = {event.event_id: _neighbours(event, candidates) for event in events}
    return Rarity(
        {name: 1 / count for name, count in names.items()},
        {term: known / count**TERMS_FADE for term, count in terms.items()},
        {event.event_id: sum(_days_near(event, other) for other in neighbours[event.event_id]) for event in events},
        {event_id: len(near) for event_id, near in neighbours.items()},
        {event.event_id: sum(_days_near(event, other) for other in candidates) - 1 for event in events},
    )


def _events_with(
    field: Literal["names", "terms"], candidates: Iterable[KnownEvent], report: ReportRecord | None
) -> Counter[str]:
    found = (getattr(event, field) for event in candidates)
    if report is not None:
        wanted = getattr(report, field)
        found = (wanted & held for held in found)
    return Counter(chain.from_iterable(found))


def _neighbours(event: KnownEvent, candidates: Sequence[KnownEvent]) -> list[KnownEvent]:
    """In a city with three shootings a night, town and day alone do not tell which one a report is about."""
    here = event.snapshot.place
    return [other for other in candidates if other is not event and same_place(here, other.snapshot.place)]


def _days_near(event: KnownEvent, other: KnownEvent) -> bool:
    return abs(event.snapshot.first_reported_at - other.snapshot.first_reported_at) <= RIVAL_DAYS
