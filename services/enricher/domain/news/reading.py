"""What the encoder reads of an article: its head, then the sentences further down that tell of an attack.

The kind is decided by the lead as a rule; where a report buries its attack (round-ups, transcripts, wire copy run
together), the sentences that tell of one stand in for the rest. Some 160 word pieces: more would cost time for little.
"""

from collections.abc import Callable, Mapping, Sequence
from math import exp, log
from typing import NamedTuple

from services.enricher.domain.news.features import Classes, tells_attack
from services.enricher.domain.text.article import Document

ENCODED = "en"  # the language that the encoder knows
HEAD = 450  # characters of the text that are read in any case
TOTAL = 720  # characters read of all


class Logits(NamedTuple):
    """What the encoder makes of a text: `attack` against none, and each kind against the others."""

    attack: float
    attack_report: float
    follow_up: float
    background: float
    other: float


Encode = Callable[[str, str], Logits]  # of a title (empty where there is none) and a reading


def reading(document: Document, body: Sequence[Classes]) -> str:
    """The text to read; `body` are the classes of cues of the document's first sentences."""
    taken: list[str] = []
    length = 0
    for sentence, found in zip(document.sentences, body, strict=False):
        if length < HEAD or (length < TOTAL and tells_attack(found)):
            taken.append(sentence.text[:HEAD])
            length += len(taken[-1])
    return " ".join(taken)


def encoded(logits: Logits) -> Mapping[str, float]:
    """The encoder's answers as features of the kind classifier: log odds, each of one of its questions."""
    return {
        "encoder:attack": logits.attack,
        "encoder:news": _either(logits.attack_report, logits.follow_up) - _either(logits.background, logits.other),
        "encoder:follow_up": logits.follow_up - logits.attack_report,
        "encoder:background": logits.background - logits.other,
    }


def _either(one: float, other: float) -> float:
    """The logit of two kinds taken together."""
    return max(one, other) + log(1 + exp(-abs(one - other)))
