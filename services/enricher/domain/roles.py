"""Who attacked, with what, what was attacked and who suffered: mentions as they stand in the text.

Each finder reads sentences with the word lists of `lexicon/weapons.yml`, `targets.yml` and `roles_en.yml`. Mentions are
noun phrases without their article, so that they can be compared and shown ("car bomb", "police station").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.enricher.domain import lexicon
from services.enricher.domain.text import Sentence
from services.enricher.domain.tokens import Phrases, Token, tokenize
from shared.codes import TargetType, WeaponType


@dataclass(frozen=True, slots=True)
class RoleMention:
    """`text` as it stands; `type` is a GTD weapon or target type where the role has one. `sentence` is its index."""

    text: str
    start: int
    end: int
    sentence: int
    type: str | None = None


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


@cache
def lists() -> Lists:
    words: dict[str, Any] = lexicon.load("roles_en")
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
        given=frozenset(words["given"]),
        not_names=frozenset(words["not_names"]),
    )


def weapons(text: str, sentences: Sequence[Sentence]) -> list[RoleMention]:
    """Weapons named, each spelling once; a word that is part of a longer mention ("bomb", "car bomb") is left out."""
    found = [one for one in _phrases(text, sentences, lists().weapons) if one.type in WeaponType._value2member_map_]
    return _distinct(found)


def targets(text: str, sentences: Sequence[Sentence]) -> list[RoleMention]:
    """Things attacked: named after a word of attack ("destroyed the bridge") or before one ("the bridge was destroyed")."""
    words, found = lists(), []
    for number, sentence in enumerate(sentences):
        tokens = tokenize(sentence.text, sentence.start)
        if not any(token.lower in words.violence for token in tokens):
            continue
        index = 0
        while index < len(tokens):
            at = words.targets.at(tokens, index)
            if at is None:
                index += 1
                continue
            start = _modified(tokens, index, words)
            if _aimed_at(tokens, start, words) or _suffers(tokens, at[1], words):
                found.append(_mention(text, tokens[start].start, tokens[at[1] - 1].end, number, at[0]))
            index = at[1]
    return _distinct([one for one in found if one.type in TargetType._value2member_map_])


def individuals(text: str, sentences: Sequence[Sentence]) -> list[RoleMention]:
    """Perpetrators without a name: "gunmen", "two men on a motorcycle", "unidentified individuals"."""
    words, found = lists(), []
    for number, sentence in enumerate(sentences):
        tokens = tokenize(sentence.text, sentence.start)
        index = 0
        while index < len(tokens):
            at = words.perpetrators.at(tokens, index)
            plain = at is None and tokens[index].lower in words.people
            if at is None and not plain:
                index += 1
                continue
            stop = at[1] if at else index + 1
            start = index
            while start and tokens[start - 1].lower in words.modifiers and index - start < 4:
                start -= 1
            described = any(token.lower in words.described for token in tokens[start:index])
            if _acts(tokens, start, stop, words) and (at or described):
                found.append(_mention(text, tokens[start].start, tokens[stop - 1].end, number, None))
            index = stop
    return _distinct(found)


def victims(text: str, sentences: Sequence[Sentence], spans: Sequence[tuple[int, int, int]]) -> list[RoleMention]:
    """Names of the people killed, hurt or taken.

    spans: start, end and sentence of the toll mentions (`casualties.find`), in and beside which the names stand.
    """
    words = lists()
    found = []
    for start, end, number in spans:
        sentence = sentences[number]
        tokens = [one for one in tokenize(sentence.text, sentence.start) if start - 60 <= one.start <= end + 60]
        for first, stop in _names(tokens, words):
            found.append(_mention(text, tokens[first].start, tokens[stop - 1].end, number, None))
    return _distinct(found)


def _names(tokens: Sequence[Token], words: Lists) -> list[tuple[int, int]]:
    """Person names: a given name or a title, and the words after it up to one that is no name."""
    names, index = [], 0
    while index < len(tokens):
        first = index
        if tokens[index].lower in words.given or (
            tokens[index].text[0].isupper() and index and words.titles.at(tokens, index - 1) is not None
        ):
            cased = tokens[index].text[0].isupper()
            while (
                index < len(tokens)
                and index - first < 4
                and tokens[index].text[0].isalpha()
                and (tokens[index].text[0].isupper() if cased else tokens[index].lower not in words.not_names)
            ):
                index += 1
            if index - first >= 2:
                names.append((first, index))
        index = max(index, first + 1)
    return names


def _acts(tokens: Sequence[Token], start: int, stop: int, words: Lists) -> bool:
    after = tokens[stop : stop + 7]
    before = [token.lower for token in tokens[max(0, start - 3) : start]]
    return any(token.lower in words.acts for token in after) or "by" in before


def _modified(tokens: Sequence[Token], index: int, words: Lists) -> int:
    """Back over capitalised or joined words: "the U.S. embassy"."""
    while index and tokens[index - 1].text[0].isupper() and tokens[index - 1].lower not in words.not_names:
        index -= 1
    return index


def _aimed_at(tokens: Sequence[Token], start: int, words: Lists) -> bool:
    return any(words.strong_aims.at(tokens, index) is not None for index in range(max(0, start - 6), start))


def _suffers(tokens: Sequence[Token], stop: int, words: Lists) -> bool:
    following = [token.lower for token in tokens[stop : stop + 5]]
    return any(word in words.suffered for word in following) and any(
        word in ("was", "were", "been") for word in following
    )


def _phrases(text: str, sentences: Sequence[Sentence], phrases: Phrases) -> list[RoleMention]:
    found = []
    for number, sentence in enumerate(sentences):
        tokens = tokenize(sentence.text, sentence.start)
        index = 0
        while index < len(tokens):
            at = phrases.at(tokens, index)
            if at is None:
                index += 1
                continue
            found.append(_mention(text, tokens[index].start, tokens[at[1] - 1].end, number, at[0]))
            index = at[1]
    return found


def _mention(text: str, start: int, end: int, number: int, kind: str | None) -> RoleMention:
    return RoleMention(text[start:end], start, end, number, kind)


def _distinct(found: Sequence[RoleMention]) -> list[RoleMention]:
    """Each spelling once, its first place; none that stands inside a longer one."""
    first: dict[str, RoleMention] = {}
    for one in found:
        first.setdefault(_key(one.text), one)
    return [
        one for key, one in first.items()
        if not any(f" {key} " in f" {other} " or f" {key} ".replace("s ", " ") in f" {other} " for other in first if other != key and len(other) > len(key))
    ]  # fmt: skip


def _key(text: str) -> str:
    return " ".join(text.lower().replace("-", " ").split())
