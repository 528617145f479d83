"""Is a report about a known event? A score over `factors`, by logistic regression.

The weights (`model/link.json`) are fitted by `model/fit_link.py` on pairs of a report and a candidate event.

No doubtful report is held back for a better one. Of first reports that nearly fitted an event on file (probability .1
up to `link_at`) 13 were of new attacks and 12 of known ones on stream_dev, 21 and 4 on guns/train; a second report came
within a day for 6 of the 13 and 4 of the 21. So holding would delay more alerts that are right than it saves that come
twice, most of them for as long as it holds. What comes later puts it right instead: see `decide` and `parting`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from services.enricher.domain.linking.factors import Factors, factors, rarity_among
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.search import Found
from services.enricher.domain.linking.shortlist import shortlist

# Probability from which nothing that two events say contradicts that they are one; where they share no word at all, it
# is about as low.
MAY_BE = 0.01


@dataclass(frozen=True, slots=True)
class Decision:
    """`event`: the one to link to, null to create one; `absorbed`: younger ones that the report proves to be the same;
    `score`, `factors`: of the one that fits best; `among`: the candidates."""

    event: KnownEvent | None
    absorbed: tuple[KnownEvent, ...] = ()
    score: float | None = None
    factors: Factors = field(default_factory=dict)
    among: Found = field(default=Found(()), compare=False, repr=False)


@dataclass(frozen=True)
class Weights:
    bias: float
    factors: Mapping[str, float]
    link_at: float
    merge_at: float


@cache
def weights() -> Weights:
    return Weights(**json.loads((Path(__file__).parents[2] / "model" / "link.json").read_text()))


def decide(report: ReportRecord, candidates: Found, model: Weights | None = None) -> Decision:
    """Link to the best candidate above `link_at`; where the report is surely of others too, the events are one attack,
    told so differently at first that nobody could know, unless they contradict one another."""
    model = model or weights()
    weighed = shortlist(report, candidates.fitting)
    rarity = rarity_among(candidates.fitting, report, weighed, candidates.others)
    scored = []
    for event in weighed:
        found = factors(report, event, rarity)
        scored.append((probability(found, model), event, found))
    scored.sort(key=lambda item: (-item[0], str(item[1].event_id)))
    if not scored or scored[0][0] < model.link_at:
        return Decision(None, score=scored[0][0] if scored else None, among=candidates)
    best_score, best, found = scored[0]
    absorbed = tuple(
        event
        for score, event, _ in scored[1:]
        if min(score, best_score) >= model.merge_at and _may_be_one(best, event, candidates, model)
    )
    oldest, *younger = sorted((best, *absorbed), key=lambda event: (event.snapshot.first_reported_at, event.event_id))
    return Decision(oldest, tuple(younger), round(best_score, 4), found, candidates)


def probability(found: Factors, model: Weights) -> float:
    """Probability that report and event are of one attack."""
    total = model.bias + sum(model.factors.get(name, 0.0) * value for name, value in found.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def _may_be_one(a: KnownEvent, b: KnownEvent, candidates: Found, model: Weights) -> bool:
    """Whether the newest reports of each say nothing against the other. A round-up of two attacks fits both as well."""
    return all(_fit(one, other, candidates, model) >= MAY_BE for one, other in ((a, b), (b, a)))


def _fit(one: KnownEvent, other: KnownEvent, candidates: Found, model: Weights) -> float:
    """Probability that the newest report of the one is of the other, were it not on file."""
    report, among = one.reports[-1], [event for event in candidates.fitting if event is not one]
    return probability(factors(report, other, rarity_among(among, report, [other], candidates.others)), model)
