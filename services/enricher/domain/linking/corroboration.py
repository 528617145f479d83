"""How far an event is to be believed: who stands by it, how reliable they are, and whether they agree.

In the Admiralty code (NATO AJP-2.1, before it STANAG 2511) a letter says how reliable a source is and a digit how
credible the information is, each judged apart. The letter of a source comes from its record (`grade`), the digit of an
event from its reports alone. An origin whose last word is that there was no attack does not stand by what it said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.enricher.domain.linking.copies import SharedTexts
from services.enricher.domain.linking.reports import ReportRecord, newest_first
from shared.codes import AttackType, Credibility, EventStatus, Reliability

CONFIRMED_AT = 2  # independent origins, not counting those known to be unreliable
UNRELIABLE = frozenset({Reliability.D, Reliability.E})
BEST_FIRST = [*map(Reliability, "ABCFDE")]  # one that cannot be judged is better than one that is known to be bad
JUDGED_AT_LEAST = 5  # events, before a record says anything
GRADES = (  # the share of a source's judged events that were true, and on how many that must rest
    (Reliability.A, 0.98, 50),
    (Reliability.B, 0.9, 20),
    (Reliability.C, 0.75, JUDGED_AT_LEAST),
    (Reliability.D, 0.5, JUDGED_AT_LEAST),
)


@dataclass(frozen=True, slots=True)
class Corroboration:
    """`standing`: the reports that count, newest first; all of them where nobody stands by the event any more."""

    standing: Sequence[ReportRecord]
    independent: int
    reliability: Reliability
    credibility: Credibility
    status: EventStatus


def grade(held: int, failed: int) -> Reliability:
    """A source's letter: `held` and `failed` are events of its that proved true, and false."""
    judged = held + failed
    for letter, share, least in GRADES:
        if judged >= least and held >= share * judged:
            return letter
    return Reliability.E if judged >= JUDGED_AT_LEAST else Reliability.F


def corroborate(reports: Sequence[ReportRecord]) -> Corroboration:
    """What these reports are worth together."""
    newest = newest_first(reports)
    denied = _denying(newest)
    standing = [report for report in newest if report.origin not in denied]
    origins = independent_origins(standing)
    best = min((report.reliability for report in standing), key=BEST_FIRST.index, default=Reliability.F)
    retracted = len(denied) > len(origins) or (len(denied) == len(origins) and newest[0].frame.retraction)
    trusted = len(origins - _unreliable(standing))
    return Corroboration(
        standing=standing or newest,
        independent=len(origins),
        reliability=best,
        credibility=_credibility(standing, trusted, best, denied=len(denied), retracted=retracted),
        status=_status(newest, trusted, retracted=retracted),
    )


def independent_origins(reports: Iterable[ReportRecord]) -> set[str]:
    """Origins that do not copy one another: one wire, one owner or one shared text counts once."""
    origins: set[str] = set()
    texts = SharedTexts()
    for report in sorted(reports, key=lambda report: (report.said_at, str(report.report_id))):
        if report.origin not in origins and not texts.has_copy_of(report):
            origins.add(report.origin)
            texts.add(report)
    return origins


def _denying(newest: Iterable[ReportRecord]) -> set[str]:
    """Origins whose last word is that there was no attack."""
    last: dict[str, ReportRecord] = {}
    for report in newest:
        last.setdefault(report.origin, report)
    return {origin for origin, report in last.items() if report.frame.retraction}


def _unreliable(reports: Iterable[ReportRecord]) -> set[str]:
    return {report.origin for report in reports if report.reliability in UNRELIABLE}


def _status(newest: Sequence[ReportRecord], trusted: int, *, retracted: bool) -> EventStatus:
    if retracted:
        return EventStatus.RETRACTED
    if any(report.frame.correction for report in newest):
        return EventStatus.CORRECTED
    return EventStatus.CONFIRMED if trusted >= CONFIRMED_AT else EventStatus.UNCONFIRMED


def _credibility(
    standing: Sequence[ReportRecord], trusted: int, best: Reliability, *, denied: int, retracted: bool
) -> Credibility:
    """Confirmed by independent sources that agree; else by what is known of the best one."""
    if retracted:
        return Credibility.IMPROBABLE
    if denied:
        return Credibility.DOUBTFUL
    if trusted >= CONFIRMED_AT:
        return Credibility.PROBABLY_TRUE if disagree(standing) else Credibility.CONFIRMED
    return _OF_ONE[best]


_OF_ONE = {
    Reliability.A: Credibility.PROBABLY_TRUE,
    Reliability.B: Credibility.PROBABLY_TRUE,
    Reliability.C: Credibility.POSSIBLY_TRUE,
    Reliability.D: Credibility.DOUBTFUL,
    Reliability.E: Credibility.IMPROBABLE,
    Reliability.F: Credibility.CANNOT_BE_JUDGED,
}


def disagree(reports: Iterable[ReportRecord]) -> bool:
    """Whether they tell of different countries or kinds of attack. Tolls move, and count as no contradiction."""
    told = list(reports)
    countries = {report.frame.place.country for report in told if report.frame.place and report.frame.place.country}
    kinds = [kinds for report in told if (kinds := {*report.frame.attack_types} - {AttackType.UNKNOWN})]
    return len(countries) > 1 or (bool(kinds) and not set.intersection(*kinds))
