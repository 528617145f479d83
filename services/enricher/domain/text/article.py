"""An article as the finders read it: its title, its text and the text's sentences, all by code-point offsets.

The splitter is one pass over possible boundaries. It copes with what crawlers and wires deliver: hard line breaks in
the middle of a sentence, headings without a full stop, datelines, initials and abbreviated titles, quotations, text
without capital letters (MUC), and scripts with their own full stops (Arabic, Urdu, Devanagari, Chinese).
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_TEXT = 100_000  # characters of an article that are read; what comes after is furniture


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is the article's text[start:end], without white space at its ends."""

    start: int
    end: int
    text: str
    paragraph: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """An article's title and text. Finders are run on both; a span in the title says so (`Span.in_title`)."""

    title: str
    text: str
    language: str | None = None
    sentences: Sequence[Sentence] = field(default_factory=tuple)
    headline: Sequence[Sentence] = field(default_factory=tuple)


def read(title: str | None, text: str, language: str | None = None) -> Document:
    """Split an article; of a text longer than `MAX_TEXT` characters the rest is not read."""
    title, text = title or "", text[:MAX_TEXT]
    return Document(title, text, language, tuple(split(text)), tuple(split(title)))


def split(text: str) -> list[Sentence]:
    """The sentences of a text, in order; white space between them belongs to none."""
    boundary = _LOWER_CASE_BOUNDARY if is_lower_case(text) else _BOUNDARY
    sentences: list[Sentence] = []
    start = paragraph = 0
    for match in boundary.finditer(text):
        if not _breaks(text, start, match):
            continue
        _append(sentences, text, start, match.end("stop") if match["stop"] else match.start(), paragraph)
        start = match.end()
        paragraph += "\n" in match.group()
    _append(sentences, text, start, len(text), paragraph)
    return sentences


def sentence_at(sentences: Sequence[Sentence], offset: int) -> int | None:
    """Index of the sentence that holds a code point, null where it lies between sentences."""
    index = bisect_right(sentences, offset, key=lambda sentence: sentence.start) - 1
    return index if index >= 0 and offset < sentences[index].end else None


def is_lower_case(text: str) -> bool:
    """Text in a script with capitals that uses none (wire archives, some crawlers)."""
    sample = text[:2000]
    upper = sum(map(str.isupper, sample))
    return upper * 200 < sum(map(str.islower, sample))


def _append(sentences: list[Sentence], text: str, start: int, end: int, paragraph: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        sentences.append(Sentence(start, end, text[start:end], paragraph))


def _breaks(text: str, start: int, match: re.Match[str]) -> bool:
    before = text[max(start, match.start() - 24) : match.start()].rstrip()
    if match["stop"]:
        return match["stop"][0] != "." or not _ABBREVIATED.search(before)
    # A line ends without a full stop: a heading, unless the line was cut inside a sentence.
    cut = match.group().count("\n") == 1 and text[match.end() : match.end() + 1].islower()
    return not cut and not _RUNS_ON.search(before)


_STOPS = r"[.!?…]++[\"'”’»)\]]*+(?=\s)|[。!?؟۔।]++[\"'”’»)\]]*+"
_NEXT = r"(?![a-zß-öø-ÿа-я])"  # small letters never open a sentence where capitals are used
_BOUNDARY = re.compile(rf"(?P<stop>{_STOPS})\s*+{_NEXT}|\n\s*+")
_LOWER_CASE_BOUNDARY = re.compile(rf"(?P<stop>{_STOPS})\s*+|\n\s*+")
_RUNS_ON = re.compile(
    r"(?:,|\b(?:the|a|an|of|in|on|at|to|by|for|from|with|and|or|that|which|who|as|was|were|is|are|has|had|have|le|la|les"
    r"|de|du|des|el|los|las|del|en|y|et|der|die|das|und|von|o|os|da|do|e))$",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"“'‘-])(?:mr|mrs|ms|dr|st|sr|jr|sen|rep|gov|gen|col|lt|maj|capt|cmdr|sgt|cpl|pvt|insp|det|supt|rev|fr|hon"
    r"|prof|messrs|no|nos|vs|approx|dept|est|ave|blvd|rd|mt|ft|jan|feb|mar|apr|aug|sept?|oct|nov|dec|adm|brig|ssp|dsp"
    r"|[a-z]|(?![ap]\.m$)(?:[a-z]\.)+[a-z])$",
    re.IGNORECASE,
)
