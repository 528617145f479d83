"""On whose word an actor is named: it claimed the deed, denied it, was blamed, or is suspected."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple, Protocol

from services.enricher.domain.text.lexicon import load
from shared.codes import ClaimMode


class Claim(NamedTuple):
    """How an actor is tied to the deed, and the words that say so (null where nothing does)."""

    mode: ClaimMode
    start: int | None = None
    end: int | None = None


class Mention(Protocol):
    """What is asked of an actor mention."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def in_title(self) -> bool: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def id(self) -> str | None: ...


def claims(text: str, sentences: Sequence[tuple[int, int]], mentions: Sequence[Mention]) -> list[Claim]:
    """The claim mode of each mention, in order. `sentences` are (start, end) spans of `text`; a mention of the title
    is unknown here. "The group claimed responsibility" counts for the last group named before it."""
    return [
        Claim(ClaimMode.UNKNOWN) if mention.in_title else _claim(text, sentences, mentions, index)
        for index, mention in enumerate(mentions)
    ]


def _claim(text: str, sentences: Sequence[tuple[int, int]], mentions: Sequence[Mention], index: int) -> Claim:
    mention = mentions[index]
    place = next((i for i, (start, end) in enumerate(sentences) if start <= mention.start < end), None)
    if place is None:
        return Claim(ClaimMode.UNKNOWN)
    start, end = sentences[place]
    others = [
        m for m in mentions if not m.in_title and m.kind != "generic" and m is not mention and not only_kin(text, m)
    ]
    if others and only_kin(text, mention):
        return Claim(ClaimMode.UNKNOWN)
    stop = min((m.start for m in others if mention.end <= m.start < end), default=end)
    begin = max((m.end for m in others if start < m.end <= mention.start), default=start)
    after, before = text[mention.end : stop], text[begin : mention.start]
    if not cue("nobody").search(text[start:end]):
        for mode, pattern in _cues("after_actor"):
            if match := pattern.search(after[:160]):
                return Claim(mode, mention.end + match.start(), mention.end + match.end())
    for mode, pattern in _cues("before_actor"):
        if match := pattern.search(before):
            return Claim(mode, begin + match.start(), begin + match.end())
    return _by_pronoun(text, sentences, place, mention, others)


def only_kin(text: str, mention: Mention) -> bool:
    """Whether the actor is named only to say what another belongs to: "X, a group linked to Y"."""
    before, after = text[max(0, mention.start - 50) : mention.start], text[mention.end : mention.end + 20]
    return bool(cue("kin_before").search(before) or cue("kin_after").search(after))


def _by_pronoun(
    text: str, sentences: Sequence[tuple[int, int]], place: int, mention: Mention, others: Sequence[Mention]
) -> Claim:
    last = not any(mention.end <= m.start < sentences[place][1] for m in others)
    if last and mention.kind == "organisation" and place + 1 < len(sentences):
        start, end = sentences[place + 1]
        match = cue("pronoun").search(text, start, end)
        if (
            match
            and not any(start <= m.start < match.start() for m in others)
            and not cue("nobody").search(text, start, end)
        ):
            return Claim(ClaimMode.CLAIMED, match.start(), match.end())
    return Claim(ClaimMode.UNKNOWN)


@cache
def cue(name: str) -> re.Pattern[str]:
    """A pattern of `lexicon/claims.yml`."""
    return _compiled(load("claims")[name])


def _cues(where: str) -> Iterator[tuple[ClaimMode, re.Pattern[str]]]:
    for mode in load("claims")[where]:
        yield ClaimMode(mode), _cue_of(where, mode)


@cache
def _cue_of(where: str, mode: str) -> re.Pattern[str]:
    return _compiled(load("claims")[where][mode])


def _compiled(pattern: str) -> re.Pattern[str]:
    words = load("claims")
    return re.compile(
        pattern.replace("VERB", words["verb"]).replace("PEOPLE", words["people"]), re.VERBOSE | re.IGNORECASE
    )
