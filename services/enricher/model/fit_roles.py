"""Fits the weights by which mentions are taken for attackers, targets, victims and weapons, and writes `roles.json`.

    python -m services.enricher.model.fit_roles ../shared/data

Articles of muc4/train are read by the extractor as the pipeline reads them; each spelling that the finders propose is
right where it is a mention of an entity of its role. For each role a logistic regression, and the threshold with the
best F1 over articles that it was not fitted on (five folds). The card of `roles.json` says that F1.
"""

import argparse
import json
import re
import string
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from services.enricher import model
from services.enricher.domain.frames import episodes, fillers, findings
from services.enricher.domain.frames.fillers import ROLES, Weights
from services.enricher.domain.news import kind
from services.enricher.domain.news.kind import Model
from services.enricher.domain.text import article
from services.enricher.model.examples import Row, read_rows
from services.enricher.model.fit import Case, fit
from shared.codes import ArticleKind

OUT = Path(__file__).with_name("roles.json")
LABELS = {"individuals": "PerpInd", "targets": "Target", "victims": "Victim", "weapons": "Weapon"}  # as muc4 has them
PENALTY = 10.0
FOLDS = 5
RARE = 15  # features of fewer spellings say nothing
THRESHOLDS = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_SIGNS = str.maketrans("", "", string.punctuation)


class Spelling(NamedTuple):
    """One spelling that an article proposes for a role; `entity` is the number of the right one, null where none is."""

    article: int
    features: Sequence[str]
    entity: int | None


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m services.enricher.model.fit_roles",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder with the public sets; muc4/train is read")
    parser.add_argument("--out", type=Path, default=OUT, help="file to write (default: the one that is shipped)")
    options = parser.parse_args()
    rows = read_rows(options.data / "muc4/train.jsonl.gz")
    with Pool() as pool:
        articles = pool.imap(partial(_spellings, model=model.load()), rows, chunksize=8)
        proposed = list(tqdm(articles, "read", len(rows), disable=None))
    options.out.write_text(json.dumps(fit_roles(rows, proposed), indent=1) + "\n", encoding="utf-8")
    return 0


def fit_roles(rows: Sequence[Row], proposed: Sequence[Mapping[str, Sequence[tuple[str, Sequence[str]]]]]) -> Row:
    """The content of `roles.json`: the card and each role. `proposed` holds each row's spellings by role."""
    fitted: Row = {}
    held_out: dict[str, dict[str, float]] = {}
    for role in ROLES:
        golden = [_entities(row, role) for row in rows]
        found = [
            Spelling(number, features, _right(spelling, golden[number]))
            for number, one in enumerate(proposed)
            for spelling, features in one[role]
        ]
        total = sum(map(len, golden))
        at, score = _threshold(found, total, role)
        held_out[role] = {"spellings": len(found), "entities": total, "f1": round(score, 3)}
        print(f"{role}: F1 {score:.3f} of {total} entities, unseen, at {at}", file=sys.stderr)  # noqa: T201
        weights = _fit(found, role)
        fitted[role] = {"bias": weights.bias, "features": dict(sorted(weights.features.items())), "at": at}
    return {"card": _card(rows, proposed, held_out), **fitted}


def _card(
    rows: Sequence[Row],
    proposed: Sequence[Mapping[str, Sequence[tuple[str, Sequence[str]]]]],
    held_out: Mapping[str, Mapping[str, float]],
) -> Row:
    return {
        "what": "weights of attackers, targets, victims and weapons (services/enricher/domain/frames/fillers.py); what "
        "the encoder marks is laid over them (services/enricher/domain/what/marks.py)",
        "fitted_on": {"muc4": len(rows)},
        "of_these_with_a_mention": sum(any(one.values()) for one in proposed),
        "left_out": "every development part (kinds/dev has nothing of muc4)",
        "command": "python -m services.enricher.model.fit_roles DATA",
        "date": datetime.now(UTC).date().isoformat(),
        "held_out": held_out,  # F1 over the fifths that were not fitted on; the best of the thresholds tried
        "thresholds_tried": THRESHOLDS,
    }


def _spellings(row: Row, model: Model) -> dict[str, list[tuple[str, list[str]]]]:
    """What the finders propose for each role, with its features."""
    document = article.read(row["title"], row["text"], "en")
    verdict = kind.judge(document, model)
    if verdict.kind is ArticleKind.OTHER:
        return {role: [] for role in ROLES}
    found = findings.find(document, None, None)
    told = episodes.split(document, verdict, found, None)
    return {
        role: [
            (alike[0].text, sorted(features))
            for alike, features in fillers.entities(verdict, getattr(found, role), told)
        ]
        for role in ROLES
    }


def _entities(row: Row, role: str) -> list[set[str]]:
    return [{_plain(mention) for mention in entity} for entity in row["roles"].get(LABELS[role], []) if entity]


def _plain(mention: str) -> str:
    """Lower case without punctuation and articles, as the scorer compares mentions."""
    return " ".join(_ARTICLE.sub(" ", mention.lower().translate(_SIGNS)).split())


def _right(spelling: str, entities: Sequence[set[str]]) -> int | None:
    plain = _plain(spelling)
    return next((number for number, mentions in enumerate(entities) if plain in mentions), None)


def _fit(found: Sequence[Spelling], name: str) -> Weights:
    counts: dict[str, int] = {}
    for one in found:
        for feature in one.features:
            counts[feature] = counts.get(feature, 0) + 1
    cases = [
        Case({name: 1.0 for name in one.features if counts[name] >= RARE}, one.entity is not None, 1.0) for one in found
    ]
    fitted: Row = dict(fit(cases, name, PENALTY))
    return Weights(fitted["bias"], fitted["weights"], 0.5)


def _threshold(found: Sequence[Spelling], total: int, name: str) -> tuple[float, float]:
    """The threshold with the best F1 over spellings that are not of the fold that was fitted on, and that F1."""
    scored: list[tuple[float, Spelling]] = []
    for fold in range(FOLDS):
        weights = _fit([one for one in found if one.article % FOLDS != fold], f"{name} {fold}")
        scored += [(weights.probability(one.features), one) for one in found if one.article % FOLDS == fold]
    return max(((at, _f1(scored, at, total)) for at in THRESHOLDS), key=lambda pair: pair[1])


def _f1(scored: Sequence[tuple[float, Spelling]], at: float, total: int) -> float:
    """Each entity can be found once; the other mentions of it count as wrong."""
    taken = [one for score, one in scored if score >= at]
    right = {(one.article, one.entity) for one in taken if one.entity is not None}
    return 2 * len(right) / max(1, len(taken) + total)


if __name__ == "__main__":
    sys.exit(main())
