"""Which of the mentions that may be an attacker, a target, a victim or a weapon are one.

A logistic regression for each role weighs, for each spelling, the lexicon's classes of words around it and of the
sentences that it stands in. The weights are fitted (`services/enricher/model/fit_roles.py`) on English; in the other
languages grammar alone decides.
"""

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from math import exp
from pathlib import Path

from services.enricher.domain.frames.episodes import Episode
from services.enricher.domain.frames.findings import Findings
from services.enricher.domain.news.kind import Verdict
from services.enricher.domain.text.article import Document
from services.enricher.domain.what import marks, slots
from services.enricher.domain.what.role_words import key_of
from services.enricher.domain.what.slots import RoleMention

ROLES = ("individuals", "targets", "victims", "weapons")
FITTED = "en"  # language
SLOT_OF = {"individuals": "PerpInd", "targets": "Target", "victims": "Victim", "weapons": "Weapon"}
HEAD = 3  # sentences that say what the news is
MOST_COUNTED = 4  # mentions


@dataclass(frozen=True)
class Weights:
    """probability = logistic(bias + the weights of its features); `at`: from which on a mention has the role."""

    bias: float
    features: Mapping[str, float]
    at: float

    def probability(self, features: Iterable[str]) -> float:
        return 1 / (1 + exp(-self.bias - sum(self.features.get(name, 0.0) for name in features)))


@cache
def weights() -> Mapping[str, Weights]:
    """Of each role."""
    held = json.loads((Path(__file__).parents[2] / "model" / "roles.json").read_text(encoding="utf-8"))
    return {role: Weights(**held[role]) for role in ROLES}


def choose(document: Document, verdict: Verdict, found: Findings, episodes: Sequence[Episode]) -> Findings:
    """Only the mentions that have their role, each spelling once."""

    def chosen(role: str, mentions: Sequence[RoleMention]) -> list[RoleMention]:
        if document.language != FITTED:
            return slots.told(mentions)
        likely = _likely(weights()[role], entities(verdict, mentions, episodes))
        return marks.laid_over(SLOT_OF[role], likely, verdict.pieces, document.text, document.sentences)

    return replace(
        found,
        individuals=chosen("individuals", found.individuals),
        targets=chosen("targets", found.targets),
        victims=chosen("victims", found.victims),
        weapons=chosen("weapons", found.weapons),
    )


def _likely(weighs: Weights, spelled: Sequence["Spelled"]) -> list[RoleMention]:
    likely = (alike for alike, features in spelled if weighs.probability(features) >= weighs.at)
    return [next((one for one in alike if one.told), alike[0]) for alike in likely]


Spelled = tuple[list[RoleMention], Set[str]]  # the mentions of one spelling, and its features


def entities(verdict: Verdict, mentions: Sequence[RoleMention], episodes: Sequence[Episode]) -> list[Spelled]:
    """Each spelling; those outside the episodes are left out."""
    reported = {index for one in episodes if one.reported for index in one.sentences}
    inside = {index for one in episodes for index in one.sentences}
    spelled: dict[str, list[RoleMention]] = {}
    for one in mentions:
        if one.sentence in inside:
            spelled.setdefault(key_of(one.text), []).append(one)
    return [(alike, frozenset(_features(key, alike, verdict, reported, spelled))) for key, alike in spelled.items()]


def _features(
    key: str, alike: Sequence[RoleMention], verdict: Verdict, reported: Set[int], others: Iterable[str]
) -> Iterable[str]:
    sentences = {one.sentence for one in alike}
    for one in alike:
        yield from one.cues
    for index in sentences:
        yield from (f"told of with {name}" for name in verdict.cues[index])
    says = {
        "in the telling": not sentences.isdisjoint(verdict.telling),
        "of the attack reported": not sentences.isdisjoint(reported),
        "first sentence": 0 in sentences,
        "head": min(sentences) < HEAD,
        "part of a longer mention": any(key != other and key in other for other in others),
    }
    yield from (name for name, holds in says.items() if holds)
    yield from (f"said {count} times" for count in range(2, min(len(alike), MOST_COUNTED) + 1))
