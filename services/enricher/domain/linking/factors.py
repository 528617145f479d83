"""What speaks for and against a report being of a known event: factors by name, each of which a person can check.

A report is held against what each report of the event says, not only against the event's best values: one report that
is read wrongly then spoils nothing, and the order of arrival matters little. Factors are 0 where nothing is known, so
that the unknown speaks neither for nor against.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import chain
from typing import Any, Literal
from uuid import UUID

from services.enricher.domain.linking.ledger import similarity
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.where.words import given_names
from shared.codes import ArticleKind, AttackType, DatePrecision, WherePrecision
from shared.contracts import EventSnapshot, Frame, Perpetrator, Place, Toll, WhenRange

REPORTS_COMPARED = 12
RARE_PERSONS = 2.0
RARE_NAMES, RARE_TERMS = 3.0, 10.0  # so many rare ones in common say all that they can
TERMS_FADE = 1.4  # a word that n events share says so much less: 1 / n to this power
RIVAL_DAYS = timedelta(days=3)
FAR_DAYS = 30  # two dates so far apart are of two attacks, not of one that was dated wrongly
SAME_PLACE_KM = 12.0
KM_PER_DEGREE = 111.2  # of latitude
SAME_PLACE_DEGREES = SAME_PLACE_KM / KM_PER_DEGREE
COPY = 0.5  # MinHash similarity from which one text is a copy of the other, edited or not
AT_ONCE = timedelta(hours=1)  # of two tolls told within this span neither is the later
NEWS_DAYS, FOLLOW_UP_DAYS = 2, 7  # what is told without a date happened within these days before

# A follow-up comes late, dates its own news as well, and counts those whom it is about: what speaks against a first
# report speaks less against it.
LATER = frozenset({"date_differs", "date_recent", "gap", "gap_over_3_days", "killed_falls", "injured_falls"})

HERE = frozenset({"place_same", "place_some", "place_mentioned", "place_near", "place_coarse"})
THERE = frozenset({"place_same", "place_some"})
SAME_DAY = frozenset({"date_same", "date_some", "date_recent"})
THEN = SAME_DAY | {"date_next", "date_overlaps", "date_recent_later"}
COMMON = frozenset({AttackType.ARMED_ASSAULT, AttackType.UNKNOWN})  # so common that towns see several a week

Factors = dict[str, float]


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much a shared name or word says, 0 to 1, among the candidates of one report."""

    names: Mapping[str, float]
    terms: Mapping[str, float]
    rivals: Mapping[UUID, int]  # how many other candidates lie in the same place and days
    neighbours: Mapping[UUID, int]  # ... in the same place
    days_shared: Mapping[UUID, int]  # ... in the same days


def factors(report: ReportRecord, event: KnownEvent, rarity: Rarity) -> Factors:
    """What speaks for and against, by name."""
    compared = event.reports[-REPORTS_COMPARED:]
    snapshot, frame = event.snapshot, report.frame
    text = max(similarity(report, other) for other in compared)
    place, when = _where(report, event, compared), _when(report, event, compared)
    found = {
        **place,
        **when,
        **_recency_factors(report, event),
        "rivals": math.log1p(rarity.rivals.get(event.event_id, 0)),
        "neighbours": math.log1p(rarity.neighbours.get(event.event_id, 0)),
        **_alone(place, when, event, rarity),
        "mass": _mass(frame, snapshot),
        "text": text,
        "copy": float(text >= COPY),
        "names": max(overlap(report.names, other.names, rarity.names, RARE_NAMES) for other in compared),
        "terms": max(overlap(report.terms, other.terms, rarity.terms, RARE_TERMS) for other in compared),
        "persons": max(
            overlap(_persons(report.names & other.names), other.names, rarity.names, RARE_PERSONS) for other in compared
        ),
        "news_apart": float(_news_apart(report, compared)),
        "wording": max(cosine(report.terms, other.terms) for other in compared),
        "other_language": float(all(report.language != other.language for other in compared)),
        **_agreement("types", _known(frame.attack_types), _known(snapshot.attack_types)),
        "rare_type": float(place.keys() <= HERE and bool({*frame.attack_types} & {*snapshot.attack_types} - COMMON)),
        **_agreement("perpetrators", _groups(frame.perpetrators), _groups(snapshot.perpetrators)),
        **_toll_factors("killed", report, compared),
        **_toll_factors("injured", report, compared),
    }
    later = _follows(report, compared)
    return {
        f"{name}_later" if later and name in LATER else name: round(value, 4) for name, value in found.items() if value
    }


def _follows(report: ReportRecord, compared: Iterable[ReportRecord]) -> bool:
    """Whether the later of two neighbours in time, the report and one of the event's, is a follow-up."""
    nearest = min(compared, key=lambda other: (abs(other.said_at - report.said_at), str(other.report_id)))
    return max(report, nearest, key=lambda one: one.said_at).kind == ArticleKind.FOLLOW_UP


def _alone(place: Factors, when: Factors, event: KnownEvent, rarity: Rarity) -> Factors:
    """Place and days agree and nothing else happened there and then: that is nearly all that there is to ask. Where
    they agree roughly, it may do that nothing else is known of the country in those days."""
    if place.keys() <= THERE and when.keys() <= THEN and not rarity.rivals.get(event.event_id):
        return {"alone": 1.0} if when.keys() <= SAME_DAY else {"alone_nearly": 1.0}
    quiet = place.keys() <= HERE and when.keys() <= THEN and not rarity.days_shared.get(event.event_id)
    return {"alone_in_country": 1.0} if quiet else {}


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
    return [other for other in candidates if other is not event and _same_place(here, other.snapshot.place)]


def _same_place(a: Place | None, b: Place | None) -> bool:
    if a is None or b is None or a.lat is None or b.lat is None:
        return False
    reach = max(SAME_PLACE_KM, a.radius_km or 0.0, b.radius_km or 0.0)
    return abs(a.lat - b.lat) * KM_PER_DEGREE <= reach and "place_same" in _place_factors(a, b)


def _days_near(event: KnownEvent, other: KnownEvent) -> bool:
    return abs(event.snapshot.first_reported_at - other.snapshot.first_reported_at) <= RIVAL_DAYS


def overlap(a: frozenset[str], b: frozenset[str], rarity: Mapping[str, float], enough: float) -> float:
    """0..1: what is shared, by rarity, saturating where it comes to `enough`."""
    return min(1.0, sum(rarity.get(name, 0.0) for name in a & b) / enough)


def _persons(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names if name.split()[0] in _given())


@cache
def _given() -> frozenset[str]:
    return frozenset(name.casefold() for name in given_names())


def _news_apart(report: ReportRecord, compared: Iterable[ReportRecord]) -> bool:
    """Both sides are news of their own day, and the days are not the same."""
    if not _is_news(report):
        return False
    return any(
        _is_news(other) and "date_differs" in _date_factors(report.frame.date, other.frame.date) for other in compared
    )


def _is_news(report: ReportRecord) -> bool:
    when = report.frame.date
    return (
        report.kind == ArticleKind.ATTACK_REPORT
        and when is not None
        and when.precision == DatePrecision.DAY
        and 0 <= (report.said_at.date() - when.start).days <= NEWS_DAYS
    )


def cosine(a: frozenset[str], b: frozenset[str]) -> float:
    """0..1: how much of the wording two texts share, however rare it is."""
    return len(a & b) / math.sqrt(len(a) * len(b)) if a and b else 0.0


def distance_km(a: Place, b: Place) -> float | None:
    """Great-circle distance; null where one has no point."""
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return None
    lat1, lat2 = math.radians(a.lat), math.radians(b.lat)
    h = math.sin((lat2 - lat1) / 2) ** 2
    h += math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 12742 * math.asin(math.sqrt(min(1.0, h)))


def _where(report: ReportRecord, event: KnownEvent, compared: Iterable[ReportRecord]) -> Factors:
    """The event's place decides; where that is another one, a report that agrees, or that only names the place."""
    here = report.frame.place
    place = _place_factors(here, event.snapshot.place)
    if "place_same" in place:
        return place
    if any("place_same" in _place_factors(here, other.frame.place) for other in compared):
        return {"place_some": 1.0}
    return {"place_mentioned": 1.0} if _mentioned(report, event) else place


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
    distance = distance_km(a, b)
    coarse = max(a.precision, b.precision) >= WherePrecision.PROVINCE
    at_border = distance is not None and distance <= SAME_PLACE_KM and not coarse  # papers differ in whose town it is
    if a.country and b.country and a.country != b.country and not at_border:
        return {"country_differs": 1.0}
    if distance is None or coarse:
        return {"place_coarse": 1.0}
    if distance <= max(SAME_PLACE_KM, a.radius_km or 0.0, b.radius_km or 0.0):
        return {"place_same": 1.0}
    return {"place_near": 1.0} if distance <= 50 else {"place_far": 1.0}


def _when(report: ReportRecord, event: KnownEvent, compared: Iterable[ReportRecord]) -> Factors:
    """As for the place: the event's date, else that of a report of it; without one, the days of which news tells."""
    happened = event.snapshot.date
    found = _date_factors(report.frame.date, happened)
    if "date_same" in found:
        return found
    if "date_unknown" in found:
        return {"date_recent": 1.0} if _same_news(report, event) else found
    if any("date_same" in _date_factors(report.frame.date, other.frame.date) for other in compared):
        return {"date_some": 1.0}
    return found


def _same_news(report: ReportRecord, event: KnownEvent) -> bool:
    """One side has no date, but both are news of the same days."""
    a, b = _days(report, report.frame.date), _days(event.reports[0], event.snapshot.date)
    return a[0] <= b[1] and b[0] <= a[1]


def _days(report: ReportRecord, when: WhenRange | None) -> tuple[date, date]:
    if when is not None:
        return when.start, when.end
    said = report.said_at.date()
    return said - timedelta(days=NEWS_DAYS if report.kind == ArticleKind.ATTACK_REPORT else FOLLOW_UP_DAYS), said


def _date_factors(a: WhenRange | None, b: WhenRange | None) -> Factors:
    if a is None or b is None:
        return {"date_unknown": 1.0}
    gap = max((a.start - b.end).days, (b.start - a.end).days, 0)
    exact = a.precision == b.precision == DatePrecision.DAY
    if gap == 0:
        return {"date_same": 1.0} if exact else {"date_overlaps": 1.0}
    if gap == 1:
        return {"date_next": 1.0}
    return {"date_differs": min(1.0, gap / 7), "date_far": float(gap > FAR_DAYS)}


def _recency_factors(report: ReportRecord, event: KnownEvent) -> Factors:
    gap = min(abs((report.said_at - other.said_at).total_seconds()) / 86400 for other in event.reports)
    return {"gap": math.log1p(min(gap, 365.0)), "gap_over_3_days": float(gap > 3)}


def _known(types: Iterable[AttackType]) -> set[AttackType]:
    return {*types} - {AttackType.UNKNOWN}


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


def _toll_factors(
    field: Literal["killed", "injured"], report: ReportRecord, compared: Iterable[ReportRecord]
) -> Factors:
    """A toll may rise from the earlier report to the later, whichever came in first; one that falls far is of another
    attack, or of a part of it. The report that comes nearest counts."""
    said: Toll | None = getattr(report.frame, field)
    known = [(other, toll) for other in compared if (toll := getattr(other.frame, field)) is not None]
    if said is None or not known:
        return {}
    rise = min((_rise(report, said, other, toll) for other, toll in known), key=abs)
    if rise == 0:
        return {f"{field}_same": 1.0, f"{field}_same_many": min(1.0, math.log2(max(1, said.best)) / 3)}
    return {f"{field}_rises": min(rise, 3.0)} if rise > 0 else {f"{field}_falls": min(-rise, 1.5)}


def _rise(report: ReportRecord, said: Toll, other: ReportRecord, known: Toll) -> float:
    """Doublings from the earlier of two tolls to the later."""
    rise = math.log2((said.best + 1) / (known.best + 1))
    apart = report.said_at - other.said_at
    if abs(apart) <= AT_ONCE:
        return abs(rise)
    return rise if apart > timedelta(0) else -rise
