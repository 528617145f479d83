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
from services.enricher.domain.toll.chunks import PRONOUNS, chunk
from services.enricher.domain.toll.context import Context
from services.enricher.domain.toll.grammar import TRIGGERS, Governed, governed, including
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
            mentions += _sentence(tokens, lists, index, in_title)
    return mentions


def _sentence(tokens: list[Token], lists: Words, index: int, in_title: bool) -> list[TollMention]:
    chunks = chunk(tokens, lists)
    tags = "".join(one.tag for one in chunks)
    context = Context(tokens, lists)
    found: list[TollMention] = []
    for at, one in _governed(chunks, tags, lists):
        mention = _mention(one, at, chunks, tags, index)
        if mention is None:
            continue
        if mention.kind == "killed" and mention.bare and _by_police(chunks, tags, at, lists):
            mention = replace(mention, of_perpetrators=True, perpetrators=mention.best)
        if mention.of_perpetrators and mention.head in lists.fighters and not context.forces:
            mention = replace(mention, of_perpetrators=False, perpetrators=None)  # an explosion killed six rebels
        found.append(
            replace(
                mention,
                in_title=in_title,
                cumulative=context.is_cumulative(mention.start, mention.end),
                elsewhere=context.is_elsewhere(mention.start),
                further=context.is_further(mention.start),
                age=age_of(tokens, mention.start, mention.end) if mention.bare else None,
            )
        )
    return found


def _governed(chunks: list[Chunk], tags: str, lists: Words) -> list[tuple[int, Governed]]:
    if lists.language != "en":
        return nearest(chunks, tags)
    found = [(at, one) for at, tag in enumerate(tags) if tag in TRIGGERS for one in governed(chunks, tags, at)]
    done = {at for at, _ in found}
    found += [
        (at, Governed("hit", [one])) for at, one in enumerate(chunks) if one.tag == "g" and one.head in lists.shot
    ]
    return found + [
        (at, Governed("killed", [chunks[at - 2]._replace(tag="p", low=1, best=1, high=1, bare=True)]))
        for at, tag in enumerate(tags)
        if tag in "ksd" and at not in done and _pronoun_before(chunks, tags, at) and _by_police(chunks, tags, at, lists)
    ]


def _pronoun_before(chunks: list[Chunk], tags: str, at: int) -> bool:
    """ "he was", "he died", "Roe was": of a name one word is enough where the next words tell who killed them."""
    who = at - 1 - (tags[at] != "d")
    if who < 0 or tags[who : at + 1] not in (".bk", ".bs", ".d") or (who and tags[who - 1] == "."):
        return False
    return who == 0 or chunks[who].head.lower() in PRONOUNS or chunks[who].head[:1].isupper()


def _by_police(chunks: list[Chunk], tags: str, at: int, lists: Words) -> bool:
    """ "was killed by police", "died in a shootout with officers": whom the forces kill after an attack has made it."""
    following = [one.head for one in chunks[at + 1 : at + 8] if one.tag != "~"]
    by = following[:1] == ["by"] and bool(lists.police.intersection(following[1:3]))
    return by or bool(lists.gunfights.intersection(following[:3]) and lists.police.intersection(following[2:6]))


def _mention(one: Governed, at: int, chunks: list[Chunk], tags: str, index: int) -> TollMention | None:
    people = _of_the_attackers(_apposed(_own_part(one.people, chunks[at])), chunks)
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


def _own_part(people: list[Chunk], verb: Chunk) -> list[Chunk]:
    """ "He fired on villagers and four of them were killed": the verb has the part for its subject."""
    parts = [one for one in people[1:] if one.part and one.end <= verb.start]
    return parts if parts and people[0].best is None else people


def _of_the_attackers(people: list[Chunk], chunks: list[Chunk]) -> list[Chunk]:
    """ "Gunmen stormed the base and four of them were killed": parts are of those spoken of last."""
    if not people or not all(one.part for one in people):
        return people
    before = [one.tag for one in chunks if one.end <= people[0].start and one.tag in "gxupmq"]
    return [one._replace(tag="p") for one in people] if before[-1:] == ["p"] else people


def _apposed(people: list[Chunk]) -> list[Chunk]:
    """ "Five people, three men and two women": the parts are not added to their sum, nor a name to its title."""
    people = people[:1] + [one for one in people[1:] if not one.part]  # "22 people, many of them children"
    if len(people) > 1:
        rest = [one.best for one in people[1:]]
        if (
            people[0].best is not None
            and None not in rest
            and people[0].best == sum(value or 0 for value in rest)
            and people[0].best > 1
            and len(rest) > 1
        ):
            return people[:1]
    return people


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
