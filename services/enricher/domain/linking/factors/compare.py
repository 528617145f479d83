"""What speaks for and against a report being of a known event: factors by name, each of which a person can check.

A report is held against what each report of the event says, not only against the event's best values: one report that
is read wrongly then spoils nothing, and the order of arrival matters little. Factors are 0 where nothing is known, so
that the unknown speaks neither for nor against.
"""

import math
from collections.abc import Iterable, Sequence, Set
from typing import Any

from services.enricher.domain.linking.factors.dates import date_agreement, news_apart, recency
from services.enricher.domain.linking.factors.names import HERE, LATER, SAME_DAY, THEN, THERE, Factors
from services.enricher.domain.linking.factors.place import place_agreement
from services.enricher.domain.linking.factors.rarity import Rarity
from services.enricher.domain.linking.factors.tolls import mass, toll_agreement
from services.enricher.domain.linking.factors.victims import surnames
from services.enricher.domain.linking.factors.wording import wording
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from shared.codes import ArticleKind, AttackType
from shared.contracts import Perpetrator

REPORTS_COMPARED = 12

COMMON = frozenset({AttackType.ARMED_ASSAULT, AttackType.UNKNOWN})  # so common that towns see several a week


def factors(report: ReportRecord, event: KnownEvent, rarity: Rarity) -> Factors:
    """What speaks for and against, by name."""
    compared = event.reports[-REPORTS_COMPARED:]
    snapshot, frame = event.snapshot, report.frame
    place, when = place_agreement(report, event, compared), date_agreement(report, event, compared)
    found = {
        **place,
        **when,
        **recency(report, event),
        "rivals": math.log1p(rarity.rivals.get(event.event_id, 0)),
        **_alone(place, when, event, rarity),
        "mass": mass(frame, snapshot),
        **wording(report, compared, rarity),
        "news_apart": float(news_apart(report, compared)),
        **_agreement("types", _known(frame.attack_types), _known(snapshot.attack_types)),
        "rare_type": float(place.keys() <= HERE and bool({*frame.attack_types} & {*snapshot.attack_types} - COMMON)),
        **_agreement("victims", surnames(report), {name for other in compared for name in surnames(other)}),
        **_agreement("perpetrators", _groups(frame.perpetrators), _groups(snapshot.perpetrators)),
        **toll_agreement("killed", report, compared),
        **toll_agreement("injured", report, compared),
    }
    later = _follows(report, compared)
    return {
        f"{name}_later" if later and name in LATER else name: round(value, 4) for name, value in found.items() if value
    }


def _alone(place: Factors, when: Factors, event: KnownEvent, rarity: Rarity) -> Factors:
    """Place and days agree and nothing else happened there and then: that is nearly all that there is to ask. Where
    they agree roughly, it may do that nothing else is known of the country in those days."""
    if place.keys() <= THERE and when.keys() <= THEN and not rarity.rivals.get(event.event_id):
        return {"alone": 1.0} if when.keys() <= SAME_DAY else {"alone_nearly": 1.0}
    quiet = place.keys() <= HERE and when.keys() <= THEN and not rarity.days_shared.get(event.event_id)
    return {"alone_in_country": 1.0} if quiet else {}


def _follows(report: ReportRecord, compared: Iterable[ReportRecord]) -> bool:
    """Whether the later of two neighbours in time, the report and one of the event's, is a follow-up."""
    nearest = min(compared, key=lambda other: (abs(other.said_at - report.said_at), str(other.report_id)))
    return max(report, nearest, key=lambda one: one.said_at).kind == ArticleKind.FOLLOW_UP


def _agreement(field: str, a: Set[Any], b: Set[Any]) -> Factors:
    if not a or not b:
        return {}
    return {f"{field}_same" if a & b else f"{field}_differ": 1.0}


def _known(types: Iterable[AttackType]) -> set[AttackType]:
    return {*types} - {AttackType.UNKNOWN}


def _groups(perpetrators: Sequence[Perpetrator]) -> set[str]:
    """Organisations; "gunmen" of one report may be "two men" of the next."""
    return {one.id or one.name.casefold() for one in perpetrators if one.kind == "organisation"}
