"""Single persons told of one by one: which mentions are of one and the same, and which of another.

"A 19-year-old man was shot in the leg. A woman, 24, was grazed" tells of two; "John Roe, 20, was shot. Roe died later"
of one.
"""

from collections.abc import Sequence

from services.enricher.domain.toll.mention import TollMention
from shared.contracts import Toll

REACH = 2  # sentences from one person to the next


def alive(sufferers: Sequence[TollMention], killed: Toll | None) -> list[TollMention]:
    """Those shot or wounded who are told of one by one and did not die; nobody where the text has a number of them,
    or tells of one alone.

    sufferers: every mention of people killed, hit or injured by the attack.
    """
    hurt = [one for one in sufferers if one.kind in ("hit", "injured") and not one.weak]
    if not all(one.bare and one.best == 1 for one in hurt):
        return []
    told = distinct(hurt)
    dead = [one for one in sufferers if one.kind == "killed" and one.bare]
    left = [one for one in told if not any(same(one, other) for other in dead)]
    unknown = (killed.best - (killed.perpetrators or 0)) - (len(told) - len(left)) if killed else 0
    if unknown > 0 and not (dead and all(_apart(one, other) for one in dead for other in left)):
        return []
    return left if len(told) > 1 else []


def distinct(mentions: Sequence[TollMention]) -> list[TollMention]:
    """The first mention of each person, as far as they are told of in one go."""
    found: list[TollMention] = []
    for one in sorted(mentions, key=lambda one: (one.position, one.start)):
        if found and one.position > found[-1].position + REACH:
            break
        if all(one.additional or _apart(one, other) for other in found):
            found.append(one)
    return found


def same(one: TollMention, other: TollMention) -> bool:
    """Whether a name or an age says that both are one person."""
    if one.names and other.names:
        return one.head == other.head
    return one.age is not None and one.age == other.age


def _apart(one: TollMention, other: TollMention) -> bool:
    """Whether names, ages or the words for them say that these are two."""
    if one.names and other.names:
        return one.head != other.head
    if one.age is not None and other.age is not None:
        return one.age != other.age
    return False
