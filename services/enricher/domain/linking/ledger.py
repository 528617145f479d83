"""The ledger: every value that a report gave, and the best of each by rule.

The rule is GTD's (codebook 2021, casualties): the most recent source, unless it is doubtful or repeats a perpetrator's
own claim; where sources of the same time differ, what most independent ones say, else the lowest. A value is doubtful
when it goes down without the report saying that it corrects, against at least as many origins that said more. Votes of
all reports, votes weighed by title and kind, and doubt of a lone late rise were tried on guns/train and guns/dev: each
is within a point of this rule, better on the one and worse on the other. The day of an attack, and its place, do not
move as tolls do: there most reports count.
Everything here can be recomputed from the reports and the reviewer's pins alone.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

from services.enricher.domain.linking.corroboration import corroborate
from services.enricher.domain.linking.reports import ReportRecord, brief, newest_first
from services.enricher.domain.linking.spots import distance_km, spot
from shared.codes import AttackType, ClaimMode
from shared.contracts import EventSnapshot, Frame, Perpetrator, Place, Toll, WhenRange

REPORTS_SHOWN = 10
MENTIONS_KEPT = 8
AREA_KM = 25.0
SAME_TIME = timedelta(minutes=30)  # what was said within this span counts as said at the same time

TollField = Literal["killed", "injured", "hostages"]
_CLAIM_RANK = [ClaimMode.CLAIMED, ClaimMode.BLAMED, ClaimMode.SUSPECTED, ClaimMode.UNKNOWN, ClaimMode.DENIED]
T = TypeVar("T")


def assess(
    event_id: UUID,
    revision: int,
    reports: Sequence[ReportRecord],
    pinned: dict[str, Any],
    related: Sequence[UUID] = (),
) -> EventSnapshot:
    """The event that these reports make. `pinned` (field -> value as in the snapshot's JSON) outranks every report."""
    worth = corroborate(reports)
    newest = worth.standing
    best = EventSnapshot(
        event_id=event_id,
        revision=revision,
        status=worth.status,
        attack_types=_types(newest),
        date=_date(newest),
        place=_place(newest),
        perpetrators=_perpetrators(newest),
        targets=_union((report.frame.targets for report in newest), lambda target: (target.type, target.mention)),
        victims=_union((report.frame.victims for report in newest), lambda victim: victim.mention),
        weapons=_union((report.frame.weapons for report in newest), lambda weapon: (weapon.type, weapon.mention)),
        killed=best_toll(newest, "killed"),
        injured=best_toll(newest, "injured"),
        hostages=best_toll(newest, "hostages"),
        suicide=_most_said([report.frame.suicide for report in newest]),
        score=_confidence(reports),
        independent_sources=worth.independent,
        reliability=worth.reliability,
        credibility=worth.credibility,
        languages=sorted({report.language for report in reports if report.language}),
        reports=[brief(report) for report in newest_first(reports)[:REPORTS_SHOWN]],
        related=list(related),
        first_reported_at=min(report.message_time for report in reports),
        last_reported_at=max(report.message_time for report in reports),
    )
    return overruled(best, pinned) if pinned else best


def overruled(best: EventSnapshot, pinned: dict[str, Any]) -> EventSnapshot:
    """A person's values, with the machine's beside them. Raises ValidationError where one does not fit its field."""
    machine = best.model_dump(mode="json")
    return EventSnapshot.model_validate(machine | pinned | {"reviewed": {field: machine[field] for field in pinned}})


def best_toll(newest: Sequence[ReportRecord], field: TollField) -> Toll | None:
    """The toll to show, low and high over what is still said; null where nobody gave one."""
    said = [
        (report, toll)
        for report in newest
        if field not in report.claimed and (toll := getattr(report.frame, field)) is not None
    ]
    if not said:
        return None
    credible = [pair for pair in said if not _doubtful(pair, said)] or said
    latest = credible[0][0].said_at
    current = [(report, toll) for report, toll in credible if latest - report.said_at <= SAME_TIME]
    if any(report.frame.correction for report, _ in current):
        current = [pair for pair in current if pair[0].frame.correction]
    best = _majority(current)
    low = min(toll.low if toll.low is not None else toll.best for _, toll in current)
    high = max(toll.high if toll.high is not None else toll.best for _, toll in current)
    return Toll(low=min(low, best.best), best=best.best, high=max(high, best.best), perpetrators=best.perpetrators)


def _doubtful(pair: tuple[ReportRecord, Toll], said: Sequence[tuple[ReportRecord, Toll]]) -> bool:
    """Lower than what at least as many origins said before, without a word of correction."""
    report, toll = pair
    if report.frame.correction:
        return False
    higher = {other.origin for other, value in said if value.best > toll.best and other.said_at <= report.said_at}
    equal = {other.origin for other, value in said if value.best == toll.best}
    return 0 < len(equal) <= len(higher)


def _majority(current: Sequence[tuple[ReportRecord, Toll]]) -> Toll:
    origins: dict[int, set[str]] = {}
    for report, toll in current:
        origins.setdefault(toll.best, set()).add(report.origin)
    most = max(len(names) for names in origins.values())
    winners = {value for value, names in origins.items() if len(names) == most}
    newest = next(toll for _, toll in current if toll.best in winners)
    # Without a majority the newest word stands if it is strictly newer; of one moment's words the lowest does.
    latest = current[0][0].said_at
    tied = [toll for report, toll in current if toll.best in winners and report.said_at == latest]
    return min(tied, key=lambda toll: toll.best) if tied and most == 1 else newest


def _confidence(reports: Iterable[ReportRecord]) -> float:
    """Probability that there was an attack, were the origins' judgements independent."""
    best: dict[str, float] = {}
    for report in reports:
        best[report.origin] = max(best.get(report.origin, 0.0), report.score)
    doubt = 1.0
    for score in best.values():
        doubt *= 1 - score
    return round(1 - doubt, 4)


def _types(newest: Sequence[ReportRecord]) -> list[AttackType]:
    counts = Counter[AttackType](kind for report in newest for kind in report.frame.attack_types)
    first = Counter[AttackType](report.frame.attack_types[0] for report in newest if report.frame.attack_types)
    return sorted(
        counts.keys() - {AttackType.UNKNOWN},
        key=lambda kind: (-first[kind], -counts[kind], list(AttackType).index(kind)),
    )


def _date(newest: Sequence[ReportRecord]) -> WhenRange | None:
    """The finest that is said most often, of equals the oldest: later ones may be of an arrest or a hearing."""
    dates = [report.frame.date for report in reversed(newest) if report.frame.date is not None]
    if not dates:
        return None
    finest = min(date.end - date.start for date in dates)
    return _most_said([date for date in dates if date.end - date.start == finest])


def _place(newest: Sequence[ReportRecord]) -> Place | None:
    """The most exact place within the area, and the country, that most reports name."""
    places = [report.frame.place for report in newest if report.frame.place is not None]
    if not places:
        return None
    country = _most_said([place.country for place in places])
    inside = _backed([place for place in places if place.country == country] or places)
    finest = min(place.precision for place in inside)
    exact = [place for place in inside if place.precision == finest]
    name = _most_said([place.geonameid or place.name for place in exact])
    return next(place for place in exact if (place.geonameid or place.name) == name)


def _backed(places: Sequence[Place]) -> Sequence[Place]:
    """Those with most others near: one that is read wrongly, however exact, is outvoted."""
    points = Counter((place.lat, place.lon) for place in places if spot(place))
    if len(points) < 2:
        return places
    by_point = {(place.lat, place.lon): place for place in places}
    backing = {
        one: sum(
            said for other, said in points.items() if (distance_km(by_point[one], by_point[other]) or 0) <= AREA_KM
        )
        for one in points
    }
    most = max(backing.values())
    return [place for place in places if backing.get((place.lat, place.lon)) == most]


def _perpetrators(newest: Sequence[ReportRecord]) -> list[Perpetrator]:
    """One entry for each name, with the strongest claim; a denial by the group itself is kept where nobody claims."""
    found: dict[str, Perpetrator] = {}
    for report in newest:
        for perpetrator in report.frame.perpetrators:
            key = perpetrator.id or perpetrator.name.casefold()
            held = found.get(key)
            if held is None or _CLAIM_RANK.index(perpetrator.claim) < _CLAIM_RANK.index(held.claim):
                found[key] = perpetrator
    return sorted(found.values(), key=lambda perpetrator: _CLAIM_RANK.index(perpetrator.claim))[:MENTIONS_KEPT]


def _union(lists: Iterable[Sequence[T]], key: Callable[[T], Hashable]) -> list[T]:
    found: dict[Hashable, T] = {}
    for values in lists:
        for value in values:
            found.setdefault(key(value), value)
    return list(found.values())[:MENTIONS_KEPT]


def _most_said(values: Sequence[T | None]) -> T | None:
    """What is said most often, of equals the first in the order given; null where nothing is."""
    said = [value for value in values if value is not None]
    return max(said, key=lambda value: (said.count(value), -said.index(value))) if said else None


def frame_values(frame: Frame) -> dict[str, Any]:
    """The fields of a frame that stand on the ledger, as JSON; unknown ones are left out."""
    fields = {"attack_types", "date", "place", "perpetrators", "killed", "injured", "hostages", "suicide", "claim"}
    values = frame.model_dump(mode="json", include=fields)
    return {field: value for field, value in values.items() if value not in (None, [])}
