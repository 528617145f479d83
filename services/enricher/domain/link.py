"""Is a report about a known event? A score over factors, each of which can be shown to a person.

The score is a logistic regression; its weights (`model/link.json`) are fitted by `tests/benchmarks/fit_link.py` on
pairs of a report and a candidate event. Factors are 0 where nothing is known, so that the unknown speaks neither for
nor against.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from services.enricher.domain.ledger import similarity
from services.enricher.domain.reports import ReportRecord
from shared.codes import DatePrecision, WherePrecision
from shared.contracts import EventSnapshot, Frame, Perpetrator, Place, Toll, WhenRange

SEARCH_KM = 100.0  # candidates lie within this distance, or have no point; the newest may lie anywhere in the country,
NEWEST = timedelta(days=7)  # since a report may be placed wrongly
SEARCH_DAYS = 60  # candidates were last reported within this many days
DATE_SLACK = timedelta(days=3)  # ... or have a date within this of the report's
CANDIDATES = 96
RIVAL_DAYS = timedelta(days=3)
REPORTS_COMPARED = 12
RARE_NAMES, RARE_TERMS = 3.0, 6.0  # so many rare ones in common say all that they can
SAME_PLACE_KM = 12.0
SAME_PLACE_DEGREES = SAME_PLACE_KM / 111.2

Factors = dict[str, float]


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event on file as linking sees it."""

    event_id: UUID
    snapshot: EventSnapshot
    alertable: bool
    reports: tuple[ReportRecord, ...]
    pinned: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees; a box around a point, so that an index can answer."""

    south: float
    north: float
    west: float
    east: float


@dataclass(frozen=True, slots=True)
class Search:
    """Which events may hold a report. The stores answer it by index; `could_be` says the same of one event."""

    country: str | None  # null: any; events without a country always come along
    box: Box | None  # null: anywhere; events without a point, or known by province or country only, come along
    newest: tuple[datetime, datetime]  # last reported within these: anywhere in the country
    reported: tuple[datetime, datetime]  # last reported within these
    happened: tuple[date, date] | None  # ... or dated within these
    around: datetime  # nearest first
    limit: int = CANDIDATES


@dataclass(frozen=True, slots=True)
class Decision:
    """`event`: the one to link to, null to create one; `absorbed`: others that the report proves to be the same."""

    event: KnownEvent | None
    absorbed: tuple[KnownEvent, ...] = ()
    score: float | None = None
    factors: Factors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much a shared name or word says, 0 to 1, among the candidates of one report."""

    names: Mapping[str, float]
    terms: Mapping[str, float]
    rivals: Mapping[UUID, int]  # how many other candidates lie in the same place and days


@dataclass(frozen=True)
class Weights:
    bias: float
    factors: Mapping[str, float]
    link_at: float
    merge_at: float


@cache
def weights() -> Weights:
    return Weights(**json.loads((Path(__file__).parents[1] / "model" / "link.json").read_text()))


def search(report: ReportRecord) -> Search:
    frame, said = report.frame, report.said_at
    span = timedelta(days=SEARCH_DAYS)
    return Search(
        country=frame.place.country if frame.place else None,
        box=_box_around(frame.place),
        newest=(said - NEWEST, said + NEWEST),
        reported=(said - span, said + span),
        happened=(frame.date.start - DATE_SLACK, frame.date.end + DATE_SLACK) if frame.date else None,
        around=said,
    )


def could_be(event: EventSnapshot, asked: Search) -> bool:
    """The same question of one event, for stores without an index."""
    place, when = event.place, event.date
    country = place.country if place else None
    if asked.country and country and country != asked.country:
        return False
    if asked.newest[0] <= event.last_reported_at <= asked.newest[1]:
        return True
    if asked.box and place and _box_around(place) is not None and not _inside(place, asked.box):
        return False
    if asked.reported[0] <= event.last_reported_at <= asked.reported[1]:
        return True
    return bool(asked.happened and when and when.start <= asked.happened[1] and when.end >= asked.happened[0])


def _box_around(place: Place | None) -> Box | None:
    if place is None or place.lat is None or place.lon is None or place.precision >= WherePrecision.PROVINCE:
        return None
    tall = SEARCH_KM / 111.2
    wide = tall / max(0.05, math.cos(math.radians(place.lat)))
    return Box(place.lat - tall, place.lat + tall, place.lon - wide, place.lon + wide)


def _inside(place: Place, box: Box) -> bool:
    assert place.lat is not None and place.lon is not None  # noqa: S101 - `_box_around` found a point
    return box.south <= place.lat <= box.north and box.west <= place.lon <= box.east


def decide(report: ReportRecord, candidates: Sequence[KnownEvent], model: Weights | None = None) -> Decision:
    """Link to the best candidate above `link_at`; absorb others above `merge_at` that agree with the best."""
    model = model or weights()
    rarity = rarity_among(candidates)
    scored = []
    for event in candidates:
        found = factors(report, event, rarity)
        scored.append((probability(found, model), event, found))
    scored.sort(key=lambda item: (-item[0], str(item[1].event_id)))
    if not scored or scored[0][0] < model.link_at:
        return Decision(None, score=scored[0][0] if scored else None)
    best_score, best, found = scored[0]
    absorbed = tuple(
        event for score, event, _ in scored[1:] if score >= model.merge_at and _same_event(best, event, rarity, model)
    )
    return Decision(best, absorbed, round(best_score, 4), found)


def probability(found: Factors, model: Weights) -> float:
    """Probability that report and event are of one attack."""
    total = model.bias + sum(model.factors.get(name, 0.0) * value for name, value in found.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def factors(report: ReportRecord, event: KnownEvent, rarity: Rarity) -> Factors:
    """What speaks for and against, by name."""
    compared = event.reports[-REPORTS_COMPARED:]
    snapshot, frame = event.snapshot, report.frame
    place = _place_factors(frame.place, snapshot.place)
    if "place_same" not in place and _mentioned(report, event):
        place = {"place_mentioned": 1.0}
    found = {
        **place,
        **_date_factors(frame.date, snapshot.date),
        **_recency_factors(report, event),
        "rivals": math.log1p(rarity.rivals.get(event.event_id, 0)),
        "mass": _mass(frame, snapshot),
        "text": max(similarity(report, other) for other in compared),
        "names": max(overlap(report.names, other.names, rarity.names, RARE_NAMES) for other in compared),
        "terms": max(overlap(report.terms, other.terms, rarity.terms, RARE_TERMS) for other in compared),
        "other_language": float(all(report.language != other.language for other in compared)),
        **_agreement("types", set(frame.attack_types), set(snapshot.attack_types)),
        **_agreement("perpetrators", _groups(frame.perpetrators), _groups(snapshot.perpetrators)),
        **_toll_factors("killed", frame.killed, snapshot.killed),
        **_toll_factors("injured", frame.injured, snapshot.injured),
    }
    return {name: round(value, 4) for name, value in found.items() if value}


def rarity_among(candidates: Sequence[KnownEvent]) -> Rarity:
    """A police chief whom every event of the town quotes says little; nor does any word where there is nothing to
    compare with."""
    names = Counter(name for event in candidates for name in _all(event, "names"))
    terms = Counter(term for event in candidates for term in _all(event, "terms"))
    known = len(candidates) / (len(candidates) + 3)
    return Rarity(
        {name: 1 / count for name, count in names.items()},
        {term: known / count for term, count in terms.items()},
        {event.event_id: _rivals(event, candidates) for event in candidates},
    )


def _rivals(event: KnownEvent, candidates: Sequence[KnownEvent]) -> int:
    """In a city with three shootings a night, town and day alone do not tell which one a report is about."""
    return sum(
        "place_same" in _place_factors(event.snapshot.place, other.snapshot.place)
        and abs(event.snapshot.first_reported_at - other.snapshot.first_reported_at) <= RIVAL_DAYS
        for other in candidates
        if other is not event
    )


def _all(event: KnownEvent, field: Literal["names", "terms"]) -> set[str]:
    return set().union(*(getattr(report, field) for report in event.reports))


def overlap(a: frozenset[str], b: frozenset[str], rarity: Mapping[str, float], enough: float) -> float:
    """0..1: what is shared, by rarity, saturating where it comes to `enough`."""
    return min(1.0, sum(rarity.get(name, 0.0) for name in a & b) / enough)


def distance_km(a: Place, b: Place) -> float | None:
    """Great-circle distance; null where one has no point."""
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return None
    lat1, lat2 = math.radians(a.lat), math.radians(b.lat)
    h = math.sin((lat2 - lat1) / 2) ** 2
    h += math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 12742 * math.asin(math.sqrt(min(1.0, h)))


def _mentioned(report: ReportRecord, event: KnownEvent) -> bool:
    """One side names the other's place, though it puts its own attack elsewhere."""
    there, here = event.snapshot.place, report.frame.place
    return _names_point(report.mentions, there) or any(_names_point(other.mentions, here) for other in event.reports)


def _names_point(mentions: Sequence[tuple[float, float]], place: Place | None) -> bool:
    if place is None or place.lat is None or place.lon is None or place.precision >= WherePrecision.PROVINCE:
        return False
    wide = SAME_PLACE_DEGREES / max(0.05, math.cos(math.radians(place.lat)))
    return any(abs(lat - place.lat) <= SAME_PLACE_DEGREES and abs(lon - place.lon) <= wide for lat, lon in mentions)


def _place_factors(a: Place | None, b: Place | None) -> Factors:
    if a is None or b is None:
        return {"place_unknown": 1.0}
    if a.country and b.country and a.country != b.country:
        return {"country_differs": 1.0}
    distance = distance_km(a, b)
    coarse = max(a.precision, b.precision) >= WherePrecision.PROVINCE
    if distance is None or coarse:
        return {"place_coarse": 1.0}
    if distance <= SAME_PLACE_KM:
        return {"place_same": 1.0}
    return {"place_near": 1.0} if distance <= 50 else {"place_far": 1.0}


def _date_factors(a: WhenRange | None, b: WhenRange | None) -> Factors:
    if a is None or b is None:
        return {"date_unknown": 1.0}
    gap = max((a.start - b.end).days, (b.start - a.end).days, 0)
    exact = a.precision == b.precision == DatePrecision.DAY
    if gap == 0:
        return {"date_same": 1.0} if exact else {"date_overlaps": 1.0}
    if gap == 1:
        return {"date_next": 1.0}
    return {"date_differs": min(1.0, gap / 7)}


def _recency_factors(report: ReportRecord, event: KnownEvent) -> Factors:
    gaps = [abs((report.said_at - other.said_at).total_seconds()) / 86400 for other in event.reports]
    return {"gap": math.log1p(min(min(gaps), 365.0)), "gap_over_3_days": float(min(gaps) > 3)}


def _agreement(field: str, a: set[Any], b: set[Any]) -> Factors:
    if not a or not b:
        return {}
    return {f"{field}_same" if a & b else f"{field}_differ": 1.0}


def _mass(frame: Frame, event: EventSnapshot) -> float:
    """0..1: two attacks with many victims each seldom fall together in place and time. 1 from 63 victims up."""
    victims = min(_victims(frame.killed, frame.injured), _victims(event.killed, event.injured))
    return min(1.0, math.log2(1 + victims) / 6)


def _victims(killed: Toll | None, injured: Toll | None) -> int:
    return (killed.best if killed else 0) + (injured.best if injured else 0)


def _groups(perpetrators: Sequence[Perpetrator]) -> set[str]:
    """Organisations; "gunmen" of one report may be "two men" of the next."""
    return {one.id or one.name.casefold() for one in perpetrators if one.kind == "organisation"}


def _toll_factors(field: str, said: Toll | None, known: Toll | None) -> Factors:
    """A toll may rise; one that falls far below what is known is of another attack, or of a part of it."""
    if said is None or known is None:
        return {}
    if said.best == known.best:
        return {f"{field}_same": 1.0}
    rise = math.log2((said.best + 1) / (known.best + 1))
    return {f"{field}_rises": min(rise, 3.0)} if rise > 0 else {f"{field}_falls": min(-rise, 3.0)}


def _same_event(a: KnownEvent, b: KnownEvent, rarity: Rarity, model: Weights) -> bool:
    """Two events are one when the newest reports of each would have been linked to the other."""
    return all(
        probability(factors(event.reports[-1], other, rarity), model) >= model.merge_at
        for event, other in ((a, b), (b, a))
    )
