"""Which events belong together without being one: a second device, several sites of one attack."""

from collections.abc import Iterable, Sequence

from services.enricher.domain.linking.reports import KnownEvent
from services.enricher.domain.linking.spots import distance_km
from shared.codes import AttackType, DatePrecision
from shared.contracts import EventSnapshot

RELATED_KM = 50.0
COMMON = frozenset({AttackType.ARMED_ASSAULT, AttackType.UNARMED_ASSAULT, AttackType.UNKNOWN})

Relation = tuple[KnownEvent, KnownEvent, str]


def told_together(events: Sequence[KnownEvent]) -> list[Relation]:
    """Attacks of one day and one area that one article reports."""
    pairs = [(a, b) for index, a in enumerate(events) for b in events[index + 1 :]]
    return [(a, b, "same_report") for a, b in pairs if a.event_id != b.event_id and near(a.snapshot, b.snapshot)]


def of_one_attack(new: KnownEvent, others: Iterable[KnownEvent]) -> list[Relation]:
    """Events on file of the same day and area as a new one, by the same group or of a kind that is seldom there."""
    return [
        (new, other, "same_day_and_area")
        for other in others
        if near(new.snapshot, other.snapshot) and _alike(new.snapshot, other.snapshot)
    ]


def near(a: EventSnapshot, b: EventSnapshot) -> bool:
    if a.date is None or b.date is None or a.place is None or b.place is None:
        return False
    by_day = a.date.precision == b.date.precision == DatePrecision.DAY
    distance = distance_km(a.place, b.place)
    return by_day and a.date.start == b.date.start and distance is not None and distance <= RELATED_KM


def _alike(a: EventSnapshot, b: EventSnapshot) -> bool:
    return bool({*a.attack_types} & {*b.attack_types} - COMMON or _groups(a) & _groups(b))


def _groups(event: EventSnapshot) -> set[str]:
    return {one.id or one.name.casefold() for one in event.perpetrators if one.kind == "organisation"}
