"""Fits the weights of the kind classifier and writes `kind.json`.

    python -m services.enricher.model.fit ../shared/data
    python -m services.enricher.model.fit ../shared/data --without muc4 --out /tmp/kind-without-muc4.json

Twice: by cues alone, and by cues and the encoder's answers (`train` writes both the encoder and, in `logits.json`, its
answers to each text when it had not been trained on it). The encoder's card and answers are looked for beside `--out`.
`--without` leaves a source out, to see whether what was fitted carries over to it (`once --kind-model FILE` reads with
another file and the encoder beside it). L2-regularised logistic regression by accelerated gradient descent.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import trange

from services.enricher.domain.news import cues, gate
from services.enricher.domain.news.features import BODY, classes, features
from services.enricher.domain.news.reading import Logits, encoded
from services.enricher.domain.text.article import read
from services.enricher.model import KIND, examples
from services.enricher.model.examples import Example
from shared.codes import ArticleKind

ROUNDS = 600
# Each stage sees what bears on its question and no more: the rest would only be learned by heart.
FOLLOW_UP_CUES = {
    *(
        "past",
        "arrest",
        "trial",
        "charge",
        "inquiry",
        "mourning",
        "anniversary",
        "reaction",
        "claim",
        "toll",
        "definite",
    ),
    *("freed", "harm", "witness", "comment", "law", "statistics", "hoax", "foiled", "denial", "lists", "shooting"),
    *("bombing", "attack_first", "later_first"),
}
FOLLOW_UP_ZONES = {"title", "open", "head", "count"}
ENCODER = "encoder"  # the zone of its answers
ORDER = {"attack_first", "later_first"}  # say when the news is, not what it is
STYLE = {
    *("modal", "self", "past", "possible", "history", "civilian", "fresh", "politics", "diplomacy", "witness", "trial"),
    *("years", "questions"),
}
CUES_ALONE = 1 / 3  # share of what cues say without the encoder
PENALTY = 10.0  # inverse of scikit-learn's C = 0.1


class Case(NamedTuple):
    values: Mapping[str, float]
    positive: bool
    weight: float


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m services.enricher.model.fit",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder with the public sets (muc4, guns, general_news, ...)")
    parser.add_argument("--without", action="append", default=[], metavar="SOURCE", help="leave this source out")
    parser.add_argument("--out", type=Path, default=KIND, help="file to write (default: the one that is shipped)")
    arguments = parser.parse_args()
    found = [one for one in examples.read(arguments.data) if one.source not in arguments.without]
    found = [one for one in found if gate.passes(one.title, one.text)]
    sees = [_features(one) for one in found]
    card = {
        "what": "weights of the kind classifier (services/enricher/domain/news/kind.py), without and with an encoder",
        "fitted_on": dict(sorted(Counter(one.source for one in found).items())),
        "left_out": "kinds/dev, articles of its incidents, near copies; what the gate drops; every development part",
        "command": "python -m services.enricher.model.fit DATA",
        "without": arguments.without,
    }
    written: dict[str, Any] = {"card": card, "rules": _stages(found, sees)}
    answers = arguments.out.with_name("logits.json")
    if answers.exists():
        logits = {name: encoded(Logits(*row)) for name, row in json.loads(answers.read_text()).items()}
        known = [(one, {**seen, **logits[one.id]}) for one, seen in zip(found, sees, strict=True) if one.id in logits]
        fused = _stages([one for one, _ in known], [seen for _, seen in known])
        written["fused"] = {name: _blend(fused[name], written["rules"][name]) for name in fused}
    arguments.out.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
    print(f"{len(found)} articles, {arguments.out}", file=sys.stderr)  # noqa: T201
    return 0


def _stages(found: Sequence[Example], sees: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    stages = {
        "attack": [Case(seen, one.attack, one.weight) for one, seen in zip(found, sees, strict=True)],
        "follow_up": [
            Case(seen, one.kind is ArticleKind.FOLLOW_UP, _follow_up_weight(one))
            for one, seen in zip(found, sees, strict=True)
            if one.attack and one.kind in examples.NEWS
        ],
        "background": [
            Case(seen, one.kind is ArticleKind.BACKGROUND, _background_weight(one))
            for one, seen in zip(found, sees, strict=True)
            if one.kind in (ArticleKind.BACKGROUND, ArticleKind.OTHER)
        ],
    }
    bearing = {"attack": _bears_on_attack, "follow_up": _bears_on_follow_up, "background": _bears_on_background}
    for name, keeps in bearing.items():
        stages[name] = [
            case._replace(values={feature: value for feature, value in case.values.items() if keeps(feature)})
            for case in stages[name]
        ]
    return {name: fit(cases, name) for name, cases in stages.items()}


def _blend(fused: dict[str, Any], rules: dict[str, Any]) -> dict[str, object]:
    """The log odds of both, weighed: the encoder is surer of itself on texts unlike those it was trained on than it
    should be, and cues carry over better."""
    names = sorted(fused["weights"].keys() | rules["weights"].keys())

    def weighed(ours: float, cues_alone: float) -> float:
        return round((1 - CUES_ALONE) * ours + CUES_ALONE * cues_alone, 4)

    weights = {name: weighed(fused["weights"].get(name, 0.0), rules["weights"].get(name, 0.0)) for name in names}
    return {"bias": weighed(fused["bias"], rules["bias"]), "weights": weights}


def _features(one: Example) -> Mapping[str, float]:
    document, matcher = read(one.title, one.text, "en"), cues.matcher("en")
    return features(document, classes(document.headline, matcher), classes(document.sentences[:BODY], matcher))


def _bears_on_attack(feature: str) -> bool:
    return feature.partition(":")[2].removeprefix("told+") not in ORDER


def _bears_on_follow_up(feature: str) -> bool:
    zone, _, cue = feature.partition(":")
    return zone == ENCODER or (zone in FOLLOW_UP_ZONES and cue in FOLLOW_UP_CUES)


def _bears_on_background(feature: str) -> bool:
    """Not how a text is written, which would only tell news from essays."""
    return feature.partition(":")[2] not in STYLE and feature not in STYLE


def _follow_up_weight(one: Example) -> float:
    """Guesses from dates count less; snippets of lists, all of them reports, are there for their form only."""
    weight = one.weight * (1.7 if one.kind is ArticleKind.FOLLOW_UP else 1.0)
    return weight * (0.4 if one.weak else 0.15 if one.source in ("satp", "wikilist") else 1.0)


def _background_weight(one: Example) -> float:
    """Background is rare in the sets and common on a security desk."""
    return one.weight * (4.0 if one.kind is ArticleKind.BACKGROUND else 1.0)


def fit(
    cases: Sequence[Case], name: str, penalty: float = PENALTY, expected: Mapping[str, float] | None = None
) -> dict[str, object]:
    """Bias and weights that minimise weighted log loss + penalty/2 x their squared distance from what was `expected`
    of them (0 where nothing was), by Nesterov's method."""
    names = sorted({feature for case in cases for feature in case.values})
    prior = np.array([(expected or {}).get(feature, 0.0) for feature in names])
    column = {feature: number for number, feature in enumerate(names)}
    seen = np.zeros((len(cases), len(names)))
    for row, case in enumerate(cases):
        for feature, value in case.values.items():
            seen[row, column[feature]] = value
    weight = np.array([case.weight for case in cases])
    positive = np.array([float(case.positive) for case in cases])
    step = 4 / max(float((weight * (1 + (seen**2).sum(1))).sum()) / 3, penalty)
    weights, bias = prior.copy(), 0.0
    ahead, ahead_bias = weights.copy(), bias
    pace = 1.0
    for _ in trange(ROUNDS, desc=name, disable=None):
        error = weight * (1 / (1 + np.exp(-np.clip(seen @ ahead + ahead_bias, -30, 30))) - positive)
        next_pace = (1 + sqrt(1 + 4 * pace * pace)) / 2
        momentum, pace = (pace - 1) / next_pace, next_pace
        stepped = ahead - step * (penalty * (ahead - prior) + seen.T @ error)
        stepped_bias = ahead_bias - step * float(error.sum())
        ahead = stepped + momentum * (stepped - weights)
        ahead_bias = stepped_bias + momentum * (stepped_bias - bias)
        weights, bias = stepped, stepped_bias
    kept = {feature: round(float(weights[i]), 4) for feature, i in column.items() if abs(weights[i]) >= 0.005}
    return {"bias": round(bias, 4), "weights": kept}


if __name__ == "__main__":
    sys.exit(main())
