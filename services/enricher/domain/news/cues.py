"""Finds the words of a trigger lexicon (`lexicon/triggers/LANGUAGE.yml`) in a text, in one pass (Aho-Corasick).

Entries match whole words; `*` at an end lets the word go on there, which is how stems and, in German or Arabic, parts
of words are written; `^` before an entry binds it to the beginning of the text. Of entries that overlap the one that
begins first wins, then the longer one: "heart attack" is no "attack".
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import ahocorasick

from services.enricher.domain.text import lexicon

_PLAIN = str.maketrans(
    {"İ": "i", "’": "'", "‘": "'", "\n": " ", "\t": " ", "\r": " ", "\u00a0": " ", "‑": "-", "–": "-"}
)


class Cue(NamedTuple):
    """An entry found at text[start:end], and what it stands for (`certain`, `possible`, or classes of the lexicon)."""

    start: int
    end: int
    classes: frozenset[str]


class _Pattern(NamedTuple):
    length: int
    first: bool
    open_before: bool
    open_after: bool
    classes: frozenset[str]


class Matcher:
    """All entries of one or more lexica."""

    def __init__(self, entries: dict[str, frozenset[str]]) -> None:
        by_word: dict[str, list[_Pattern]] = {}
        for entry, classes in entries.items():
            word = fold(entry.strip("^*"))
            by_word.setdefault(word, []).append(
                _Pattern(len(word), entry.startswith("^"), entry.startswith("*"), entry.endswith("*"), classes)
            )
        self._automaton = ahocorasick.Automaton()
        for word, patterns in by_word.items():
            self._automaton.add_word(word, tuple(patterns))
        self._automaton.make_automaton()

    def every(self, text: str) -> Iterator[Cue]:
        """All matches in folded text (see `fold`), overlaps and all, in order of their ends."""
        last = len(text) - 1
        for at, patterns in self._automaton.iter(text):
            for length, first, open_before, open_after, classes in patterns:
                start = at - length + 1
                before = start == 0 or (not first and (open_before or not text[start - 1].isalnum()))
                if before and (open_after or at == last or not text[at + 1].isalnum()):
                    yield Cue(start, at + 1, classes)

    def find(self, text: str) -> list[Cue]:
        """The matches that stand after overlaps are settled, in text order; same span: the classes are joined."""
        found: list[Cue] = []
        for cue in sorted(self.every(fold(text)), key=lambda one: (one.start, -one.end)):
            if not found or cue.start >= found[-1].end:
                found.append(cue)
            elif cue[:2] == found[-1][:2]:
                found[-1] = Cue(cue.start, cue.end, cue.classes | found[-1].classes)
        return found


def fold(text: str) -> str:
    """Lower case with plain apostrophes, hyphens and spaces, every character in its place."""
    plain = text.translate(_PLAIN)
    lower = plain.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)


def entries(language: str) -> dict[str, frozenset[str]]:
    """Each entry of a language's lexicon with all classes that list it."""
    data: dict[str, Any] = lexicon.load(f"triggers/{language}")
    classes: dict[str, set[str]] = {}
    for name, words in _classes(data):
        for word in words:
            classes.setdefault(word, set()).add(name)
    return {word: frozenset(names) for word, names in classes.items()}


def _classes(data: dict[str, Any]) -> Iterator[tuple[str, Iterable[str]]]:
    yield "certain", data["certain"]
    yield "possible", data["possible"]
    yield from data.get("cues", {}).items()


@cache
def matcher(language: str) -> Matcher:
    """The matcher of one language's whole lexicon. Raises FileNotFoundError for a language without one."""
    return Matcher(entries(language))
