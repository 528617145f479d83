"""The toll of one attack, weighed from every number an article gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.contracts import Toll


@dataclass(frozen=True, slots=True)
class TollMention:
    """A number of people killed, injured, hit or taken (`hostages`), as one clause gives it.

    `best` null: the writer gives none ("dozens", "civilians"); 0: the text says that nobody was. `start`, `end`: code
    points of the text (or title) that was read, `sentence`: index of its sentence.
    """

    kind: str
    low: int | None
    best: int | None
    high: int | None
    start: int
    end: int
    sentence: int
    perpetrators: int | None = None
    cumulative: bool = False  # of a longer period than one attack: "since 2004", "236 attacks this year"
    additional: bool = False  # on top of an earlier number: "three more died"
    others: bool = False  # besides those counted as something else: "killed one and shot three others"
    of_perpetrators: bool = False  # all of them perpetrators: "the gunman was shot dead"
    bare: bool = False  # single persons, no number in the text
    definite: bool = False  # "the man": told of before
    total: bool = False  # "death toll"
    weak: bool = False  # a state, often of a part of the injured: "two are in critical condition"
    names: tuple[int, int] | None = None  # span of the victim's name
    head: str = ""
    in_title: bool = False


class Tolls(NamedTuple):
    """`spans`: by field (`killed`, `injured`) the mentions that gave the value."""

    killed: Toll | None
    injured: Toll | None
    spans: dict[str, list[TollMention]]


def best(mentions: Sequence[TollMention], focus: Sequence[int] = ()) -> Tolls:
    """The killed and injured of one attack.

    mentions: those of the article's title and text; focus: the sentences that tell of this attack (all where empty).
    """
    told = [one for one in mentions if not one.cumulative and (one.in_title or not focus or one.sentence in set(focus))]
    killed, killed_by = _killed([one for one in told if one.kind == "killed"])
    injured, injured_by = _injured(told, killed)
    return Tolls(killed, injured, {"killed": killed_by, "injured": injured_by})


def _killed(mentions: list[TollMention]) -> tuple[Toll | None, list[TollMention]]:
    victims = [one for one in mentions if not one.of_perpetrators and one.best]
    dead_perpetrators = [one for one in mentions if one.of_perpetrators and one.best]
    chosen = _leading(victims)
    total = sum(one.best or 0 for one in chosen)
    perpetrators = sum(one.perpetrators or 0 for one in chosen)
    if dead_perpetrators and not perpetrators:
        most = max(dead_perpetrators, key=lambda one: one.best or 0)
        perpetrators = most.best or 0
        total += perpetrators
        chosen = [*chosen, most]
    if not chosen:
        return _nobody(mentions)
    return Toll(
        low=_bound(chosen, "low"), best=total, high=_bound(chosen, "high"), perpetrators=perpetrators or None
    ), chosen


def _leading(mentions: list[TollMention]) -> list[TollMention]:
    """The total, with those who came on top; single persons are added up where there is no total."""
    counted = [one for one in mentions if not one.bare]
    if counted:
        first = max((one for one in counted if not one.additional), default=counted[0], key=lambda one: one.best or 0)
        later = [one for one in mentions if one.additional and one.sentence >= first.sentence and one is not first]
        return [first, *later[:1]]
    fresh = [one for one in mentions if not one.definite]
    return fresh[:1] + [one for one in fresh[1:] if one.additional][:3] or mentions[:1]


def _bound(chosen: list[TollMention], side: str) -> int | None:
    values = [getattr(one, side) for one in chosen]
    return None if None in values else sum(values)


def _nobody(mentions: list[TollMention]) -> tuple[Toll | None, list[TollMention]]:
    zero = [one for one in mentions if one.best == 0]
    return (Toll(low=0, best=0, high=0), zero[:1]) if zero else (None, [])


def _injured(told: list[TollMention], killed: Toll | None) -> tuple[Toll | None, list[TollMention]]:
    injured = [one for one in told if one.kind == "injured" and not one.of_perpetrators]
    hit = [one for one in told if one.kind == "hit" and one.best and not one.of_perpetrators]
    chosen = _leading([one for one in injured if one.best])
    total = sum(one.best or 0 for one in chosen)
    shot = _leading(hit)
    struck = sum(one.best or 0 for one in shot)
    dead = (killed.best - (killed.perpetrators or 0)) if killed else 0
    if shot and not any(one.others for one in shot):
        struck -= dead
    if struck > total:
        chosen, total = shot, struck
    if not chosen:
        return _nobody([one for one in told if one.kind == "injured"])
    return Toll(low=_bound(chosen, "low"), best=total, high=_bound(chosen, "high")), chosen
