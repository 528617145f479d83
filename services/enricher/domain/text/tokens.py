"""Words, numbers and signs of a text by code-point offsets, and phrases of a lexicon found in them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Token(NamedTuple):
    """`lower` is the word in lower case, with the plain apostrophe."""

    start: int
    end: int
    text: str
    lower: str


_TOKEN = re.compile(
    r"\d++(?:[.,٬]\d++)*+"  # 1,500 1.500 1,00,000 2.5
    r"|(?:[^\W\d_]\.){2,}+|[A-Z]\.[A-Z]\b"  # U.S. p.m.
    r"|(?:[ldjnmstcLDJNMSTC]|[Qq]u)['’](?=[^\W\d_])"  # l'attaque, d'une, qu'un
    r"|[^\W\d_]++(?:['’](?!s\b)[^\W\d_]++)*+"
    r"|['’]s\b"
    r"|[^\s\w]"
)


def tokenize(text: str, offset: int = 0) -> list[Token]:
    """The tokens of a text that begins at `offset` of the article."""
    return [
        Token(offset + m.start(), offset + m.end(), m.group(), m.group().lower().replace("’", "'"))
        for m in _TOKEN.finditer(text)
    ]


class Phrases:
    """Phrases of a lexicon, each with a tag; the longest one that begins at a token wins."""

    def __init__(self, tagged: Mapping[str, Iterable[str]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for tag, phrases in tagged.items():
            for phrase in phrases:
                words = tuple(token.lower for token in tokenize(phrase))
                self._by_first.setdefault(words[0], []).append((words, tag))
        for found in self._by_first.values():
            found.sort(key=lambda one: -len(one[0]))

    def at(self, tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
        """Tag and index after the phrase that begins at this token."""
        for words, tag in self._by_first.get(tokens[index].lower, ()):
            stop = index + len(words)
            if len(words) == 1 or (
                stop <= len(tokens) and all(tokens[index + i].lower == word for i, word in enumerate(words))
            ):
                return tag, stop
        return None

    def __contains__(self, word: str) -> bool:
        return any(len(words) == 1 for words, _ in self._by_first.get(word, ()))
