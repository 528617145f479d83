"""The word lists by which the roles of an attack are told apart, and the mentions that the finders hand out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.enricher.domain.text import lexicon
from services.enricher.domain.text.tokens import Phrases
from services.enricher.domain.where.gazetteer import normal
from services.enricher.domain.where.words import given_names


@dataclass(frozen=True, slots=True)
class RoleMention:
    """`text` as it stands; `type` is a GTD weapon or target type where the role has one. `sentence` is its index.

    `told`: grammar alone says that it has the role. `cues`: what else speaks for or against it (`fillers.py` weighs).
    """

    text: str
    start: int
    end: int
    sentence: int
    type: str | None = None
    told: bool = True
    cues: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Lists:
    """The word lists, ready for look-up."""

    weapons: Phrases
    targets: Phrases
    perpetrators: Phrases
    people: frozenset[str]
    described: frozenset[str]
    modifiers: frozenset[str]
    acts: frozenset[str]
    strong_aims: Phrases
    suffered: frozenset[str]
    violence: frozenset[str]
    titles: Phrases
    given: frozenset[str]
    not_names: frozenset[str]
    harm: frozenset[str]
    adjectival: frozenset[str]
    stops: frozenset[str]
    only_named: frozenset[str]
    named_by: frozenset[str]
    joining: frozenset[str]
    classes: Mapping[str, Sequence[str]]


@cache
def lists() -> Lists:
    words: dict[str, Any] = lexicon.load("roles_en")
    dates: dict[str, Any] = lexicon.load("dates/en")
    classes = {name: words[name] for name in ("harm", "acts", "violence", "suffered", "people", "being")}
    classes |= {"speech": dates["speech"], "later": dates["other"]}
    return Lists(
        weapons=Phrases(lexicon.load("weapons")),
        targets=Phrases(lexicon.load("targets")),
        perpetrators=Phrases({"perpetrator": words["perpetrators"]}),
        people=frozenset(words["people"]),
        described=frozenset(words["described"]),
        modifiers=frozenset(words["modifiers"]),
        acts=frozenset(words["acts"]),
        strong_aims=Phrases({"aim": words["strong_aims"]}),
        suffered=frozenset(words["suffered"]),
        violence=frozenset(words["violence"]),
        titles=Phrases({"title": words["titles"]}),
        given=frozenset(map(normal, given_names())),
        not_names=frozenset(words["not_names"]),
        harm=frozenset(words["harm"]),
        adjectival=frozenset(words["adjectival"]),
        stops=frozenset(words["stops"]),
        only_named=frozenset(words["only_named"]),
        named_by=frozenset(words["named_by"]),
        joining=frozenset(words["joining"]),
        classes=_by_word(classes),
    )


def _by_word(classes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, words in classes.items():
        for word in words:
            found.setdefault(word, []).append(name)
    return found


def told(mentions: Sequence[RoleMention]) -> list[RoleMention]:
    """Those that grammar alone says have the role, each spelling once."""
    return distinct([one for one in mentions if one.told])


def distinct(found: Sequence[RoleMention]) -> list[RoleMention]:
    """Each spelling once, its first place; none that is part of a longer one ("bombs", "car bomb")."""
    first: dict[str, RoleMention] = {}
    for one in found:
        first.setdefault(key_of(one.text), one)
    return [one for key, one in first.items() if not any(key != other and key in other for other in first)]


def key_of(text: str) -> str:
    """Words in the singular, framed by spaces, so that part of a phrase means whole words."""
    return " " + " ".join(word.removesuffix("s") for word in text.lower().replace("-", " ").split()) + " "
