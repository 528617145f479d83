"""What one word of harm and the people it governs say, as a mention."""

from dataclasses import replace
from itertools import pairwise

from services.enricher.domain.toll.grammar import Governed, including
from services.enricher.domain.toll.mention import TollMention
from services.enricher.domain.toll.words import OF_MORE, Chunk


def mention(one: Governed, at: int, chunks: list[Chunk], tags: str, index: int) -> TollMention | None:
    people = _of_the_attackers(_apposed(_own_part(one.people, chunks[at])), chunks)
    if not people:
        return None
    people = [chunk for chunk in people if chunk.tag == "0"] or people  # "the mayor said nobody died"
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
    so_far = people[0].ordinal if one.kind == "killed" and len(people) == 1 and people[0].tag == "g" else None
    if so_far and any(one.best == so_far - 1 and one.end <= people[0].start for one in chunks):
        so_far = None  # "two officers were shot and a third was killed"
    if so_far:
        people = [people[0]._replace(more=False, bare=False)]
        low = best = high = so_far
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
        summed=any(chunk.summed for chunk in people),
        weak=one.weak,
        bodies=one.bodies and not so_far,  # victims are counted, not who killed them
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
    if not people or not all(one.part and one.tag in "qu" and one.head != OF_MORE for one in people):
        return people  # "one of the passengers"
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


def joined(found: list[TollMention], chunks: list[Chunk], tags: str) -> list[TollMention]:
    """ "A bomb killed five and a mine killed two": seven; "five shot, one stabbed": six."""
    together = {
        index
        for at, (first, second) in enumerate(pairwise(found))
        if first.kind == second.kind
        and _adds_up(first)
        and _adds_up(second)
        and _and_between(first, second, chunks, tags)
        for index in (at, at + 1)
    }
    return [replace(one, joined=index in together) for index, one in enumerate(found)] if together else found


def _and_between(first: TollMention, second: TollMention, chunks: list[Chunk], tags: str) -> bool:
    between = {tag for one, tag in zip(chunks, tags, strict=True) if first.end <= one.start < second.start}
    return ("a" in between and "n" not in between) or (first.kind == "hit" and between == {","})


def _adds_up(one: TollMention) -> bool:
    return bool(one.best) and not (one.of_perpetrators or one.total or one.part or one.definite or one.weak)
