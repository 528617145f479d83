"""Is a report about a known event? A score over `factors`, by logistic regression.

The weights (`model/link.json`) are fitted by `model/fit_link.py` on pairs of a report and a candidate event.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from services.enricher.domain.linking.factors import Factors, factors, rarity_among
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.domain.linking.shortlist import shortlist


@dataclass(frozen=True, slots=True)
class Decision:
    """`event`: the one to link to, null to create one; `absorbed`: others that the report proves to be the same."""

    event: KnownEvent | None
    absorbed: tuple[KnownEvent, ...] = ()
    score: float | None = None
    factors: Factors = field(default_factory=dict)


@dataclass(frozen=True)
class Weights:
    bias: float
    factors: Mapping[str, float]
    link_at: float
    merge_at: float


@cache
def weights() -> Weights:
    return Weights(**json.loads((Path(__file__).parents[2] / "model" / "link.json").read_text()))


def decide(report: ReportRecord, candidates: Sequence[KnownEvent], model: Weights | None = None) -> Decision:
    """Link to the best candidate above `link_at`; absorb others above `merge_at` that agree with the best."""
    model = model or weights()
    weighed = shortlist(report, candidates)
    rarity = rarity_among(candidates, report, weighed)
    scored = []
    for event in weighed:
        found = factors(report, event, rarity)
        scored.append((probability(found, model), event, found))
    scored.sort(key=lambda item: (-item[0], str(item[1].event_id)))
    if not scored or scored[0][0] < model.link_at:
        return Decision(None, score=scored[0][0] if scored else None)
    best_score, best, found = scored[0]
    absorbed = tuple(
        event
        for score, event, _ in scored[1:]
        if score >= model.merge_at and _same_event(best, event, candidates, model)
    )
    return Decision(best, absorbed, round(best_score, 4), found)


def probability(found: Factors, model: Weights) -> float:
    """Probability that report and event are of one attack."""
    total = model.bias + sum(model.factors.get(name, 0.0) * value for name, value in found.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def _same_event(a: KnownEvent, b: KnownEvent, candidates: Sequence[KnownEvent], model: Weights) -> bool:
    """Two events are one when the newest reports of each would have been linked to the other."""
    return all(_linked(event.reports[-1], other, candidates, model) for event, other in ((a, b), (b, a)))


def _linked(report: ReportRecord, event: KnownEvent, candidates: Sequence[KnownEvent], model: Weights) -> bool:
    found = factors(report, event, rarity_among(candidates, report, [event]))
    return probability(found, model) >= model.merge_at
