"""Whom the forces killed: after an attack those are the ones who made it."""

from collections.abc import Collection, Sequence

from services.enricher.domain.toll.grammar import Governed
from services.enricher.domain.toll.mention import TollMention
from services.enricher.domain.toll.words import Chunk, Words


def by_forces(told: TollMention, chunks: Sequence[Chunk], at: int, lists: Words) -> bool:
    """ "A man was killed by police", "police shot dead Jane Roe", "police shot him dead". `at`: the word of death."""
    if told.kind != "killed" or not told.bare:
        return False
    verb = at if told.start == chunks[at].start else _shot_before(told, chunks)
    return (verb is not None and _police_before(chunks, verb, lists)) or _by_police(chunks, at, lists)


def killed_by_forces(
    chunks: Sequence[Chunk], tags: str, done: Collection[int], lists: Words
) -> list[tuple[int, Governed]]:
    """Those called by a pronoun or one word: "police killed him", "he was shot dead by officers".

    done: the words of death that govern somebody already.
    """
    found = []
    for at, tag in enumerate(tags):
        if at in done:
            continue
        if tag in "kK" and _pronoun_after(chunks, tags, at, lists) and _police_before(chunks, at, lists):
            found.append((at, chunks[at + 1]))
        elif tag in "ksd" and _pronoun_before(chunks, tags, at, lists) and _by_police(chunks, at, lists):
            found.append((at, chunks[at - 2]))
    return [(at, Governed("killed", [one._replace(tag="p", low=1, best=1, high=1, bare=True)])) for at, one in found]


def killed_attacking(told: TollMention, chunks: Sequence[Chunk], at: int, lists: Words) -> bool:
    """ "A man was shot dead after he stabbed a guard", "was stabbed by a man who was shot dead"."""
    if told.kind != "killed":
        return False
    who = next((index for index, one in enumerate(chunks) if one.end > told.start), at)
    by_whom = who > 0 and chunks[who - 1].head == "by" and [one.tag for one in chunks[who + 1 : who + 2]] == ["w"]
    if told.bare and by_whom:
        return True
    if told.start == chunks[at].start and not _police_before(chunks, at, lists):
        return False  # "a bomber killed 60 after ramming his car into a gate"
    after = [one for one in chunks[at + 1 : at + 9] if one.tag != "~"]
    heads = [one.head.lower() for one in after]
    place = heads.index("after") if "after" in heads else len(heads)
    following = heads[place + 1 : place + 3]
    acts = following[:1] if following[:1] and following[0] not in lists.subjects else following[1:]
    return bool(acts) and acts[0] in lists.after_attacking


def victims_of_their_own(told: TollMention, before: Sequence[TollMention], lists: Words) -> bool:
    """ "An explosion killed six rebels": where nobody else was killed just before, they are its victims.

    before: what was told up to here.
    """
    return (
        told.of_perpetrators
        and told.head in lists.fighters
        and not any(
            one.kind == "killed" and one.best and not one.of_perpetrators and one.sentence >= told.sentence - 1
            for one in before
        )
    )


def _pronoun_before(chunks: Sequence[Chunk], tags: str, at: int, lists: Words) -> bool:
    """ "he was", "he died", "Roe was": of a name one word is enough where the next words tell who killed them."""
    who = at - 1 - (tags[at] != "d")
    if who < 0 or tags[who : at + 1] not in (".bk", ".bs", ".d") or (who and tags[who - 1] == "."):
        return False
    return who == 0 or chunks[who].head.lower() in lists.pronouns or chunks[who].head[:1].isupper()


def _pronoun_after(chunks: Sequence[Chunk], tags: str, at: int, lists: Words) -> bool:
    """ "killed him", but not "killed him and two others"."""
    return tags[at + 1 : at + 2] == "." and chunks[at + 1].head in lists.objects and tags[at + 2 : at + 3] != "a"


def _shot_before(told: TollMention, chunks: Sequence[Chunk]) -> int | None:
    """The word of shooting right before the person told of."""
    before = [index for index, one in enumerate(chunks) if one.end <= told.start and one.tag != "~"]
    return before[-1] if before and chunks[before[-1]].tag in "sS" else None


def _police_before(chunks: Sequence[Chunk], at: int, lists: Words) -> bool:
    """ "police shot dead Jane Roe", but not "a policeman shot dead Jane Roe"."""
    before = [one for one in chunks[max(0, at - 3) : at] if one.tag != "~"]
    return bool(before) and before[-1].tag in "x." and before[-1].head.lower() in lists.police


def _by_police(chunks: Sequence[Chunk], at: int, lists: Words) -> bool:
    """ "was killed by police", "died in a shootout with officers": whom the forces kill after an attack has made it."""
    following = [one.head for one in chunks[at + 1 : at + 8] if one.tag != "~"]
    by = following[:1] == ["by"] and bool(lists.police.intersection(following[1:3]))
    return by or bool(lists.gunfights.intersection(following[:3]) and lists.police.intersection(following[2:6]))
