"""A sentence as the role finders read it, and the lexicon's classes of words that stand around a span of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.enricher.domain.text.article import Sentence
from services.enricher.domain.text.tokens import Token, tokenize
from services.enricher.domain.what.role_words import Lists, RoleMention, lists

FAR, NEAR = 8, 3  # words on either side
_ARTICLES = frozenset({"the", "a", "an"})


@dataclass(frozen=True)
class Read:
    """A sentence's words; `number` is its index."""

    number: int
    tokens: Sequence[Token]

    @cached_property
    def lower(self) -> frozenset[str]:
        return frozenset(token.lower for token in self.tokens)

    @cached_property
    def classes(self) -> Sequence[Sequence[str]]:
        """The classes of each word; a phrase's stands at its first."""
        words = lists()
        return [tuple(_classes(self.tokens, index, words)) for index in range(len(self.tokens))]

    @cached_property
    def told(self) -> frozenset[str]:
        return frozenset(f"with {name}" for found in self.classes for name in found)


def read(sentences: Sequence[Sentence]) -> list[Read]:
    return [Read(number, tokenize(one.text, one.start)) for number, one in enumerate(sentences)]


def mention(
    text: str, sentence: Read, start: int, stop: int, *, kind: str | None = None, told: bool, cues: Iterable[str] = ()
) -> RoleMention:
    """The words tokens[start:stop] as a candidate of a role, with what stands around them."""
    tokens = sentence.tokens
    begin, end = tokens[start].start, tokens[stop - 1].end
    own = [
        name for name, holds in ((f"type {kind}", kind), ("told", told), ("plural", _plural(tokens[stop - 1]))) if holds
    ]
    found = around(sentence, start, stop).union(own, cues)
    return RoleMention(text[begin:end], begin, end, sentence.number, kind, told, found)


def _plural(word: Token) -> bool:
    return word.lower.endswith(("s", "men"))


def around(sentence: Read, start: int, stop: int) -> frozenset[str]:
    """Which classes stand before tokens[start:stop], after them, right beside them and in the sentence at all."""
    before = [sentence.classes[index] for index in range(start - 1, max(-1, start - 1 - FAR), -1)]
    after = sentence.classes[stop : stop + FAR]
    return sentence.told.union(
        _sides("before", before), _sides("after", after), _links(sentence.tokens, start, stop, lists())
    )


def _sides(side: str, found: Sequence[Sequence[str]]) -> Iterator[str]:
    for distance, names in enumerate(found):
        for name in names:
            yield f"{side} {name}"
            if distance < NEAR:
                yield f"right {side} {name}"


def _links(tokens: Sequence[Token], start: int, stop: int, words: Lists) -> Iterator[str]:
    """The small words that join the span to the rest: "by (the) X", "X were"."""
    first = start - 1 - (start > 1 and tokens[start - 1].lower in _ARTICLES)
    if start > 0 and tokens[first].lower in words.joining:
        yield f"{tokens[first].lower} X"
    if stop < len(tokens) and tokens[stop].lower in words.joining:
        yield f"X {tokens[stop].lower}"


def _classes(tokens: Sequence[Token], index: int, words: Lists) -> Iterator[str]:
    yield from words.classes.get(tokens[index].lower, ())
    if words.strong_aims.at(tokens, index):
        yield "aim"
    if words.perpetrators.at(tokens, index):
        yield "perpetrator"
    if words.weapons.at(tokens, index):
        yield "weapon"
