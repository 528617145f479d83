"""Which of GTD's attack types a text tells of, with the words that say so (`lexicon/attack_types.yml`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from services.enricher.domain.text import lexicon
from services.enricher.domain.text.article import Sentence
from services.enricher.domain.text.tokens import Phrases, tokenize
from shared.codes import AttackType

STRONG, WEAK = 3, 1


@dataclass(frozen=True, slots=True)
class TypeMention:
    """A word of an attack type. `strength`: 3 names the type, 1 goes with it. `sentence` is its index."""

    type: AttackType
    start: int
    end: int
    sentence: int
    strength: int


# Of types with equal scores the first here is told (GTD: the type that stands first in its own list of precedence).
_ORDER = (
    AttackType.ASSASSINATION,
    AttackType.HIJACKING,
    AttackType.HOSTAGE_TAKING_KIDNAPPING,
    AttackType.HOSTAGE_TAKING_BARRICADE,
    AttackType.BOMBING_EXPLOSION,
    AttackType.ARMED_ASSAULT,
    AttackType.UNARMED_ASSAULT,
    AttackType.FACILITY_INFRASTRUCTURE_ATTACK,
)


@cache
def _phrases(language: str) -> Phrases:
    data = lexicon.load("attack_types")
    tagged = {}
    for kind, lists in data.get(language, data["en"]).items():
        tagged[f"{kind} {STRONG}"] = lists["strong"]
        if lists["weak"]:
            tagged[f"{kind} {WEAK}"] = lists["weak"]
    return Phrases(tagged)


def attack_types(text: str, sentences: Sequence[Sentence], language: str | None = "en") -> list[TypeMention]:
    """Every word of an attack type in a text, in order."""
    phrases = _phrases(language or "en")
    found: list[TypeMention] = []
    for number, sentence in enumerate(sentences):
        tokens = tokenize(sentence.text, sentence.start)
        index = 0
        while index < len(tokens):
            at = phrases.at(tokens, index)
            if at is None:
                index += 1
                continue
            tag, stop = at
            kind, strength = tag.split()
            found.append(
                TypeMention(AttackType(kind), tokens[index].start, tokens[stop - 1].end, number, int(strength))
            )
            index = stop
    return found


def best_types(mentions: Sequence[TypeMention], focus: Sequence[int] = ()) -> list[AttackType]:
    """The types told of in the focus sentences (all where empty), likeliest first."""
    wanted = set(focus)
    told = [one for one in mentions if not wanted or one.sentence in wanted]
    scores: dict[AttackType, int] = {}
    for one in told:
        scores[one.type] = scores.get(one.type, 0) + one.strength
    if not scores:
        return []
    most = max(scores.values())
    return sorted(
        (kind for kind, score in scores.items() if score * 3 >= most and score >= min(most, STRONG)),
        key=lambda kind: (-scores[kind], _ORDER.index(kind)),
    )
