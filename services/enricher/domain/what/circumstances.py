"""How an attack went: whether the attacker meant to die, whether it succeeded, whether property was damaged.

Each answer is true, false or null (not said), with the words that say so.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from services.enricher.domain.text import lexicon
from services.enricher.domain.text.article import Sentence
from services.enricher.domain.text.tokens import Phrases, tokenize


class Told(NamedTuple):
    """`start`, `end`: code points of the words that say it, null where nothing does."""

    value: bool | None
    start: int | None = None
    end: int | None = None


@cache
def _words() -> Phrases:
    return Phrases(lexicon.load("circumstances"))


def suicide(sentences: Sequence[Sentence]) -> Told:
    """True where the text tells of an attacker who meant to die with the attack."""
    return _first(sentences, {"suicide": True})


def success(sentences: Sequence[Sentence]) -> Told:
    """False where the attack was foiled or failed; null otherwise: that it came about is for the caller to say."""
    return _first(sentences, {"failed": False})


def property_damage(sentences: Sequence[Sentence]) -> Told:
    return _first(sentences, {"property": True, "no_property": False})


def _first(sentences: Sequence[Sentence], wanted: dict[str, bool]) -> Told:
    words = _words()
    for sentence in sentences:
        tokens = tokenize(sentence.text, sentence.start)
        index = 0
        while index < len(tokens):
            at = words.at(tokens, index)
            if at is not None and at[0] in wanted:
                return Told(wanted[at[0]], tokens[index].start, tokens[at[1] - 1].end)
            index = at[1] if at else index + 1
    return Told(None)
