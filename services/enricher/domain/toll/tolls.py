"""The toll of one attack, weighed from every number an article gives."""

from collections.abc import Sequence
from typing import NamedTuple

from services.enricher.domain.toll import persons
from services.enricher.domain.toll.mention import TollMention
from shared.contracts import Toll


class Tolls(NamedTuple):
    """`spans`: by field (`killed`, `injured`) the mentions that gave the value."""

    killed: Toll | None
    injured: Toll | None
    spans: dict[str, list[TollMention]]


def best(mentions: Sequence[TollMention], focus: Sequence[int] = ()) -> Tolls:
    """The killed and injured of one attack.

    mentions: those of the article's title and text; focus: the sentences that tell of this attack (all where empty).
    """
    wanted = set(focus)
    told = [one for one in mentions if not one.cumulative and (one.in_title or not wanted or one.sentence in wanted)]
    told = [one for one in told if not one.elsewhere] or told
    near = _near_the_first(told)
    killed, killed_by = _killed([one for one in near if one.kind == "killed"])
    injured, injured_by = _injured(near, killed)
    if killed and injured is None:
        injured, injured_by = _injured(_told_again(told, killed), killed)
    return Tolls(killed, injured, {"killed": killed_by, "injured": injured_by})


def _near_the_first(told: list[TollMention]) -> list[TollMention]:
    """Numbers that stand far below those of the attack are of other attacks."""
    counted = [one.position for one in told if one.best and not one.bare]
    if not counted:
        return told
    return [one for one in told if one.position <= max(min(counted), 0) + REACH]


def _told_again(told: list[TollMention], killed: Toll) -> list[TollMention]:
    """What stands beside the same number of dead further down: "the attack left five dead and 12 hurt"."""
    dead = {killed.best, killed.best - (killed.perpetrators or 0)}
    again = {one.position for one in told if one.kind == "killed" and one.best in dead and not one.bare}
    return [one for one in told if one.position in again and not one.bare]


def _killed(mentions: list[TollMention]) -> tuple[Toll | None, list[TollMention]]:
    """By those who say that somebody died, or else by what only implies it ("a fatal shooting")."""
    found = _said_killed([one for one in mentions if not one.weak])
    return found if found[0] else _said_killed([one for one in mentions if one.weak and one.position <= SPAN])


def _said_killed(mentions: list[TollMention]) -> tuple[Toll | None, list[TollMention]]:
    chosen = _leading([one for one in mentions if not one.of_perpetrators and one.best])
    total = sum(one.best or 0 for one in chosen)
    perpetrators = sum(one.perpetrators or 0 for one in chosen)
    dead = _leading([one for one in mentions if one.of_perpetrators and one.best])
    counted_in = chosen and chosen[0].bodies and not chosen[0].bare and not (dead and dead[0].additional)
    if dead and not perpetrators and not counted_in:
        perpetrators = dead[0].best or 0
        total += perpetrators
        chosen = [*chosen, dead[0]]
    if not chosen or _denied(chosen, mentions, "killed"):
        return _unnumbered(mentions)
    return Toll(
        low=_bound(chosen, "low"), best=total, high=_bound(chosen, "high"), perpetrators=perpetrators or None
    ), chosen


def _leading(mentions: list[TollMention]) -> list[TollMention]:
    """The mentions that give the total: the largest number near the first; single persons are added up without one."""
    if not mentions:
        return []
    ordered = sorted(mentions, key=lambda one: one.position)
    counted = [one for one in ordered if not one.bare]
    first = ordered[0].position
    near = [one for one in counted if one.position <= max(first, 0) + WINDOW]
    if near:
        first = near[0].position
        close = [one for one in near if one.position <= (first + SPAN if first >= 0 else first)]
        largest = max(one.best or 0 for one in close)
        near = close + [one for one in near if (one.total or one.summed) and (one.best or 0) > largest]
        most = max(
            (one for one in near if not one.additional), default=near[0], key=lambda one: (one.total, one.best or 0)
        )
        more = [] if _parts(ordered, most) else [one for one in ordered if _comes_on_top(one, most)]
        return [most, *more[:1]]
    return _singles([one for one in ordered if one.bare]) or counted[:1]


WINDOW = 4  # sentences from the first mention in which the attack's numbers stand
SPAN = 1
REACH = 6


def _parts(mentions: list[TollMention], most: TollMention) -> bool:
    """ "Eleven died. Three were killed by a bomb, and then he shot dead eight": the next sentence tells them apart."""
    following = [one.best or 0 for one in mentions if one.position == most.position + 1]
    return most.total or (len(following) > 1 and sum(following) == most.best)


def _comes_on_top(one: TollMention, most: TollMention) -> bool:
    """Those the next sentence adds: "three more died", "a second bomb killed five"."""
    if one.joined and most.joined and one.position == most.position:
        return one is not most
    if most.further and not one.bare and one.best != most.best and 0 <= one.position == most.position - 1:
        return True  # "a bomb killed five. A second one killed nine"
    added = one.additional or (one.further and not one.bare and one.best != most.best)
    return added and 0 <= most.position == one.position - 1


def _singles(mentions: list[TollMention]) -> list[TollMention]:
    """Single persons told of one by one: the first, and each who is said to be another."""
    if not mentions:
        return []
    first = max((one for one in mentions[:3]), key=lambda one: (one.best or 0, -one.position))
    others = [one for one in mentions if one.additional and one.position <= first.position + 1 and one is not first]
    return [first, *others[:3]]


def _bound(chosen: list[TollMention], side: str) -> int | None:
    values = [getattr(one, side) for one in chosen]
    return None if None in values else sum(values)


def _unnumbered(mentions: list[TollMention]) -> tuple[Toll | None, list[TollMention]]:
    """Without a number: "dozens" (the least it can mean is best, for want of better), else nobody, if that is said."""
    vague = [one for one in mentions if one.best is None and (one.low or 0) >= 3 and not one.of_perpetrators]
    if vague:
        first = min(vague, key=lambda one: one.position)
        return Toll(low=first.low, best=first.low or 0, high=first.high), [first]
    zero = [one for one in mentions if one.best == 0]
    return (Toll(low=0, best=0, high=0), zero[:1]) if zero else (None, [])


def _injured(told: list[TollMention], killed: Toll | None) -> tuple[Toll | None, list[TollMention]]:
    sufferers = [one for one in told if not one.of_perpetrators and one.best]
    if survivors := persons.alive(sufferers, killed):
        count = len(survivors)
        return Toll(low=count, best=count, high=count), survivors
    wounded = _leading([one for one in sufferers if one.kind == "injured" and not one.weak])
    hit = _leading([one for one in sufferers if one.kind == "hit"])
    alive = sum(one.best or 0 for one in hit)
    if hit and not _besides(hit, told):
        alive -= (killed.best - (killed.perpetrators or 0)) if killed else 0
    total = sum(one.best or 0 for one in wounded) - _died_later(wounded, told)
    if alive > 0 and (not wounded or _outweighs(hit[0], wounded[0], alive - total)):
        wounded, total = hit, alive
    if not wounded and alive <= 0:
        wounded = _leading([one for one in sufferers if one.kind == "injured"])
        total = sum(one.best or 0 for one in wounded)
    if not wounded or total <= 0 or _denied(wounded, told, "injured"):
        return _unnumbered([one for one in told if one.kind == "injured"])
    return Toll(low=_bound(wounded, "low"), best=total, high=_bound(wounded, "high")), wounded


def _died_later(wounded: list[TollMention], told: list[TollMention]) -> int:
    """Of the wounded: "four were hurt. One of them died in hospital". Where dead are counted beside the wounded, who
    "was one of those killed" is one of these."""
    if not wounded or any(_beside(one, wounded[0]) for one in told if one.kind == "killed" and not one.part):
        return 0
    later = [
        one
        for one in told
        if one.kind == "killed" and one.part and (one.position, one.end) > (wounded[0].position, wounded[0].end)
    ]
    return later[0].best or 0 if later else 0


def _beside(one: TollMention, other: TollMention) -> bool:
    return one.in_title == other.in_title and one.sentence == other.sentence


def _denied(chosen: list[TollMention], told: list[TollMention], kind: str) -> bool:
    """ "at first three guards were said to be hurt, but later that no one was"."""
    return any(
        one.kind == kind and one.best == 0 and one.start > chosen[0].end and one.position == chosen[0].position
        for one in told
    )


def _outweighs(hit: TollMention, wounded: TollMention, more: int) -> bool:
    """People shot against people wounded: the number nearer the head of the article, of near ones the larger."""
    if hit.bare != wounded.bare:
        return wounded.bare
    return hit.position <= wounded.position and (more > 0 or wounded.position - max(0, hit.position) > 2)


def _besides(hit: list[TollMention], told: list[TollMention]) -> bool:
    """ "one dead, four shot", "three others were shot": the dead are not among those shot."""
    if hit[0].total:
        return False  # "one dead in quadruple shooting"
    if any(one.others for one in hit):
        return True
    first = hit[0]
    dead = [one for one in told if one.kind == "killed" and _beside(one, first)]
    return any(one.others or (one.start < first.start and not one.bare and not one.part) for one in dead)
