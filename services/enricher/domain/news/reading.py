"""What the encoder reads of an article: its head, then the sentences further down that tell of an attack.

The kind is decided by the lead as a rule; where a report buries its attack (round-ups, transcripts, wire copy run
together), the sentences that tell of one stand in for the rest. Some 256 word pieces: more would
cost time for little.
"""

from collections.abc import Callable, Mapping, Sequence
from math import exp, log
from typing import NamedTuple

from services.enricher.domain.news.features import Classes, tells_attack
from services.enricher.domain.text.article import Document

ENCODED = "en"  # the language that the encoder knows
HEAD = 700  # characters of the text that are read in any case
TOTAL = 1250  # characters read of all
LONGEST = 450  # characters of one sentence
# What a word piece may name, in the order of the encoder's tags: who did it (persons, organisations), what and whom it
# was aimed at and with what, as MUC-4 parts them.
SLOTS = ("PerpInd", "PerpOrg", "Target", "Victim", "Weapon")


class Logits(NamedTuple):
    """What the encoder makes of a text: `attack` against none, and each kind against the others."""

    attack: float
    attack_report: float
    follow_up: float
    background: float
    other: float


class Piece(NamedTuple):
    """A word piece of what was read, by code points: the probability that it stands in each slot (in their order), and
    whether it is rather the first of its slot than a further one."""

    start: int
    end: int
    slots: Sequence[float]
    first: bool


class Answer(NamedTuple):
    """What the encoder makes of an article; `marks` makes out what the word pieces of its text name, at a third of the
    cost of all, so that only articles that need it pay for it."""

    logits: Logits
    marks: Callable[[], Sequence[Piece]] = list


Encode = Callable[[str, str], Answer]  # of a title (empty where there is none) and the text of a reading


class Reading(NamedTuple):
    """`starts`: where each sentence starts in `text`, and where it starts in the document."""

    text: str
    starts: Sequence[tuple[int, int]]

    def in_document(self, pieces: Sequence[Piece]) -> list[Piece]:
        """The same word pieces by code points of the document."""
        moved: list[Piece] = []
        number = 0
        for piece in pieces:
            while number + 1 < len(self.starts) and piece.start >= self.starts[number + 1][0]:
                number += 1
            by = self.starts[number][1] - self.starts[number][0]
            moved.append(piece._replace(start=piece.start + by, end=piece.end + by))
        return moved


def reading(document: Document, body: Sequence[Classes]) -> Reading:
    """What to read; `body` are the classes of cues of the document's first sentences."""
    taken: list[str] = []
    starts: list[tuple[int, int]] = []
    length = 0
    for sentence, found in zip(document.sentences, body, strict=False):
        if length < HEAD or (length < TOTAL and tells_attack(found)):
            taken.append(sentence.text[:LONGEST])
            starts.append((length + len(starts), sentence.start))
            length += len(taken[-1])
    return Reading(" ".join(taken), starts)


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
