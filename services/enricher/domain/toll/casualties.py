"""How many were killed, injured and taken hostage: every number a text gives, and the toll of one attack.

`find` turns each sentence into chunks (`chunks`) and asks which people each word of death or injury governs
(`grammar`). `best` weighs an article's mentions. The kind "hit" counts people shot or stabbed, of whom some
may have died ("four shot, one fatally").
"""

from collections.abc import Sequence
from dataclasses import replace

from services.enricher.domain.text import lexicon
from services.enricher.domain.text.article import Sentence
from services.enricher.domain.text.tokens import Token, tokenize
from services.enricher.domain.toll import words
from services.enricher.domain.toll.ages import age_of
from services.enricher.domain.toll.chunks import chunk
from services.enricher.domain.toll.clauses import joined, mention
from services.enricher.domain.toll.context import Context
from services.enricher.domain.toll.forces import by_forces, killed_attacking, killed_by_forces, victims_of_their_own
from services.enricher.domain.toll.grammar import TRIGGERS, Governed, governed
from services.enricher.domain.toll.mention import TollMention
from services.enricher.domain.toll.nearest import nearest
from services.enricher.domain.toll.tolls import Tolls, best
from services.enricher.domain.toll.words import Chunk, Words

__all__ = ["TollMention", "Tolls", "best", "find"]

MAX_TOKENS = 150  # of a sentence; longer ones are lists and page furniture


def find(
    text: str, sentences: Sequence[Sentence], language: str | None = "en", *, in_title: bool = False
) -> list[TollMention]:
    """Every number of killed, injured, hit and taken of a text, in order."""
    code = language if language and language in lexicon.languages("casualties") else "en"
    lists = words.words(code)
    mentions: list[TollMention] = []
    for index, sentence in enumerate(sentences):
        tokens = tokenize(sentence.text[: MAX_TOKENS * 8], sentence.start)[:MAX_TOKENS]
        if any(token.lower in lists.triggers for token in tokens):
            mentions += _sentence(tokens, lists, index, in_title, mentions)
    return mentions


def _sentence(
    tokens: list[Token], lists: Words, index: int, in_title: bool, before: Sequence[TollMention]
) -> list[TollMention]:
    chunks = chunk(tokens, lists)
    tags = "".join(one.tag for one in chunks)
    context = Context(tokens, lists)
    found: list[TollMention] = []
    for at, one in _governed(chunks, tags, lists):
        told = mention(one, at, chunks, tags, index)
        if told is None:
            continue
        if by_forces(told, chunks, at, lists) or killed_attacking(told, chunks, at, lists):
            told = replace(told, of_perpetrators=True, perpetrators=told.best)
        if victims_of_their_own(told, [*before[-4:], *found], lists) and not context.forces:
            told = replace(told, of_perpetrators=False, perpetrators=None)
        found.append(
            replace(
                told,
                in_title=in_title,
                cumulative=context.is_cumulative(told.start, told.end),
                elsewhere=context.is_elsewhere(told.start),
                further=context.is_further(told.start),
                age=age_of(tokens, told.start, told.end) if told.bare else None,
            )
        )
    return joined(found, chunks, tags)


def _governed(chunks: list[Chunk], tags: str, lists: Words) -> list[tuple[int, Governed]]:
    if lists.language != "en":
        return nearest(chunks, tags)
    found = [(at, one) for at, tag in enumerate(tags) if tag in TRIGGERS for one in governed(chunks, tags, at)]
    done = {at for at, _ in found}
    found += [
        (at, Governed("hit", [one])) for at, one in enumerate(chunks) if one.tag == "g" and one.head in lists.shot
    ]
    return found + killed_by_forces(chunks, tags, done, lists)
