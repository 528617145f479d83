"""How much of their words, names and persons two reports share."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import repeat

from services.enricher.domain.linking.copies import similarity
from services.enricher.domain.linking.factors.names import Factors
from services.enricher.domain.linking.factors.rarity import Rarity
from services.enricher.domain.linking.reports import ReportRecord
from services.enricher.domain.where.words import given_names

RARE_PERSONS = 2.0
RARE_NAMES, RARE_TERMS = 3.0, 6.0  # so many rare ones in common say all that they can
COPY = 0.5  # MinHash similarity from which one text is a copy of the other, edited or not


def wording(report: ReportRecord, compared: Sequence[ReportRecord], rarity: Rarity) -> Factors:
    """The report of the event that shares most counts, for each factor by itself."""
    text = max(similarity(report, other) for other in compared)
    shared_names = [report.names & other.names for other in compared]
    shared_terms = [report.terms & other.terms for other in compared]
    return {
        "text": text,
        "copy": float(text >= COPY),
        "names": max(rare(names, rarity.names, RARE_NAMES) for names in shared_names),
        "terms": math.log1p(RARE_TERMS * max(rare(terms, rarity.terms, RARE_TERMS) for terms in shared_terms)),
        "persons": max(rare(_persons(names), rarity.names, RARE_PERSONS) for names in shared_names),
        "other_language": float(all(report.language != other.language for other in compared)),
    }


def rare(shared: Iterable[str], rarity: Mapping[str, float], enough: float) -> float:
    """0..1: what is shared, by rarity, saturating where it comes to `enough`."""
    return min(1.0, sum(map(rarity.get, shared, repeat(0.0))) / enough)


def _persons(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names if name.split()[0] in _given())


@cache
def _given() -> frozenset[str]:
    return frozenset(name.casefold() for name in given_names())
