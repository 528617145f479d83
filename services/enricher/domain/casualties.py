"""How many were killed, injured and taken hostage: every number a text gives, and the toll of one attack.

`find` turns each sentence into chunks (`casualty_chunks`) and asks for the people each word of death or injury governs
(`casualty_grammar`). `best` weighs an article's mentions. The kind "hit" counts people shot or stabbed, of whom some may
have died ("four shot, one fatally").
"""

from collections.abc import Sequence
from dataclasses import replace

from services.enricher.domain import casualty_chunks, lexicon
from services.enricher.domain.casualty_chunks import Chunk, Words
from services.enricher.domain.casualty_grammar import TRIGGERS, Governed, governed, including, nearest
from services.enricher.domain.text import Sentence
from services.enricher.domain.tokens import Token, tokenize
from services.enricher.domain.tolls import Tolls, TollMention, best

__all__ = ["TollMention", "Tolls", "best", "find"]

MAX_TOKENS = 150  # of a sentence; longer ones are lists and page furniture


def find(
    text: str, sentences: Sequence[Sentence], language: str | None = "en", *, in_title: bool = False
) -> list[TollMention]:
    """Every number of killed, injured, hit and taken of a text, in order."""
    code = language if language and language in lexicon.languages("casualties") else "en"
    lists = casualty_chunks.words(code)
    mentions: list[TollMention] = []
    for index, sentence in enumerate(sentences):
        tokens = tokenize(sentence.text[: MAX_TOKENS * 8], sentence.start)[:MAX_TOKENS]
        if any(token.lower in lists.triggers for token in tokens):
            mentions += _sentence(tokens, lists, index, in_title)
    return mentions


def _sentence(tokens: list[Token], lists: Words, index: int, in_title: bool) -> list[TollMention]:
    chunks = casualty_chunks.chunk(tokens, lists)
    tags = "".join(one.tag for one in chunks)
    periods = _periods(tokens, lists)
    forces = any(token.lower in lists.forces for token in tokens)
    found: list[TollMention] = []
    for at, one in _governed(chunks, tags, lists):
        mention = _mention(one, at, chunks, tags, index)
        if mention is not None and mention.of_perpetrators and mention.head in lists.fighters and not forces:
            mention = replace(mention, of_perpetrators=False, perpetrators=None)
        if mention is not None:
            cumulative = any(_covers(start, mention, tokens[0].start) for start in periods)
            found.append(replace(mention, cumulative=cumulative, in_title=in_title))
    return found


def _periods(tokens: list[Token], lists: Words) -> list[int]:
    """Where the sentence names a period longer than one attack: "this year", "since 2004"."""
    found = []
    for index, token in enumerate(tokens):
        if lists.cumulative.at(tokens, index) is not None and not _of_one_attack(tokens, index):
            found.append(token.start)
        elif (
            token.lower in lists.years_after and index + 1 < len(tokens) and tokens[index + 1].text[:2] in ("19", "20")
        ):
            plural = any(one.lower in ("attacks", "bombings", "shootings", "incidents", "times") for one in tokens)
            if len(tokens[index + 1].text) == 4 and (token.lower == "since" or plural):
                found.append(token.start)
    return found


def _of_one_attack(tokens: list[Token], index: int) -> bool:
    """ "in the third attack this year", "the worst in a decade": said of one attack."""
    before = {token.lower for token in tokens[max(0, index - 8) : index]}
    return bool(
        before & {"attack", "bombing", "shooting", "incident", "worst", "deadliest", "first", "second", "third", "such"}
    )


def _covers(period: int, mention: TollMention, sentence_start: int) -> bool:
    """A period near after the number, or at the head of the sentence."""
    return 0 <= period - mention.end < 60 or (period - sentence_start < 12 and period < mention.start)


def _governed(chunks: list[Chunk], tags: str, lists: Words) -> list[tuple[int, Governed]]:
    if lists.language != "en":
        return nearest(chunks, tags)
    return [(at, one) for at, tag in enumerate(tags) if tag in TRIGGERS for one in governed(chunks, tags, at)]


def _mention(one: Governed, at: int, chunks: list[Chunk], tags: str, index: int) -> TollMention | None:
    people = _apposed(one.people)
    if not people:
        return None
    last = chunks.index(one.people[-1]) if one.people[-1] in chunks else at
    inside = including(chunks, tags, last + 1) if one.kind == "killed" else []
    perpetrators = sum(chunk.best or 1 for chunk in people if chunk.tag == "p") + sum(
        chunk.best or 1 for chunk in inside
    )
    best = _sum([chunk.best for chunk in people])
    if (
        best is None
        and any(chunk.best for chunk in people)
        and all(chunk.tag in "xp" for chunk in people if chunk.best is None)
    ):
        people = [chunk for chunk in people if chunk.best is not None]  # "35 workers and guards"
        best = _sum([chunk.best for chunk in people])
    low, high = _sum([chunk.low for chunk in people]), _sum([chunk.high for chunk in people])
    if best is None and low is None:
        low = 2 if all(chunk.tag in "xp" for chunk in people) else None
    names = [chunk for chunk in people if chunk.tag == "m"]
    return TollMention(
        kind=one.kind,
        low=low,
        best=best,
        high=high,
        start=min(chunks[at].start, people[0].start),
        end=max(chunks[at].end, people[-1].end),
        sentence=index,
        perpetrators=perpetrators or None,
        additional=any(chunk.more for chunk in people) or _also(chunks, people[0], at),
        others=any(chunk.others for chunk in people),
        of_perpetrators=all(chunk.tag == "p" for chunk in people),
        bare=all(chunk.bare for chunk in people),
        definite=all(chunk.definite for chunk in people),
        total=one.total,
        weak=one.weak,
        bodies=one.bodies,
        part=all(chunk.part for chunk in people),
        names=(names[0].start, names[0].end) if names else None,
        head=people[-1].head,
    )


def _also(chunks: list[Chunk], first: Chunk, at: int) -> bool:
    """ "a civilian was also killed" """
    return any(one.head == "also" and first.start < one.start < chunks[at].start for one in chunks)


def _apposed(people: list[Chunk]) -> list[Chunk]:
    """ "Five people, three men and two women": the parts are not added to their sum, nor a name to its title."""
    if len(people) > 1:
        rest = [one.best for one in people[1:]]
        if (
            people[0].best is not None
            and None not in rest
            and people[0].best == sum(value or 0 for value in rest)
            and people[0].best > 1
        ):
            return people[:1]
    return people


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
