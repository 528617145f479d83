"""Later evidence parts an event: it holds reports of two attacks, which a report that told of both had joined.

Each report was linked for good reason when it came, so only what comes later can show it. An event falls apart where
the newest report and those that tell the same would not be linked to the others any more, nor these to them. Two
origins at least must stand on the side that is taken away, and a person's word on which reports are one holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from services.enricher.domain.linking import ledger, link
from services.enricher.domain.linking.factors import factors, rarity_among
from services.enricher.domain.linking.link import Decision, Weights
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.search import Found

LEAST_ORIGINS = 2
APART_BELOW = 0.05  # probability below which a report is of another attack
DISPUTED = frozenset({"place_some", "date_some", "news_apart"})  # a report agrees with some of an event's, not with all


@dataclass(frozen=True, slots=True)
class Parted:
    """Reports that stay with the event, and those of the other attack."""

    stay: tuple[ReportRecord, ...]
    leave: tuple[ReportRecord, ...]


def parted(event: KnownEvent, newest: ReportRecord, decision: Decision, model: Weights | None = None) -> Parted | None:
    """Null where the event holds together. `decision`: by which `newest` was linked to it."""
    if decision.absorbed or decision.factors.keys().isdisjoint(DISPUTED):
        return None
    model = model or link.weights()
    among = replace(
        decision.among, fitting=[other for other in decision.among.fitting if other.event_id != event.event_id]
    )
    told = [report for report in event.reports if report is not newest]
    one = [newest, *(report for report in told if _fits(report, [newest], event, among, model) >= model.merge_at)]
    rest = [report for report in told if report not in one]
    between = [report for report in rest if _fits(report, one, event, among, model) >= APART_BELOW]
    other = [report for report in rest if report not in between]
    if not other or len({report.origin for report in one}) < LEAST_ORIGINS:
        return None
    if any(_fits(report, other, event, among, model) >= APART_BELOW for report in one):
        return None
    nearer = [
        report
        for report in between
        if _fits(report, one, event, among, model) > _fits(report, other, event, among, model)
    ]
    mine = {report.report_id for report in chain(one, nearer)}
    groups = [
        tuple(report for report in event.reports if (report.report_id in mine) is is_mine) for is_mine in (False, True)
    ]
    stay, leave = groups if event.reports[0].report_id not in mine else reversed(groups)
    return Parted(stay, leave)


def _fits(
    report: ReportRecord, group: Sequence[ReportRecord], event: KnownEvent, among: Found, model: Weights
) -> float:
    """Probability that the report is of the attack that these others tell of."""
    reports = tuple(one for one in group if one is not report)
    if not reports:
        return 1.0
    as_event = KnownEvent(event.event_id, ledger.assess(event.event_id, 1, reports, {}), event.alertable, reports)
    rarity = rarity_among([as_event, *among.fitting], report, [as_event], among.others)
    return link.probability(factors(report, as_event, rarity), model)
