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
    harm: frozenset[str]
    adjectival: frozenset[str]
    stops: frozenset[str]
    only_named: frozenset[str]


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
        harm=frozenset(words["harm"]),
        adjectival=frozenset(words["adjectival"]),
        stops=frozenset(words["stops"]),
        only_named=frozenset(words["only_named"]),
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
            vague = start == index and tokens[at[1] - 1].lower in words.only_named
            if not vague and (_aimed_at(tokens, start, words) or _suffers(tokens, at[1], words)):
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
            if tokens[index].lower in words.adjectival and not _stands_alone(tokens, stop, words):
                index = stop
                continue
            described = any(token.lower in words.described for token in tokens[start:index])
            if _acts(tokens, start, stop, words) and (at or described):
                found.append(_mention(text, tokens[start].start, tokens[stop - 1].end, number, None))
            index = stop
    return _distinct(found)


def victims(text: str, sentences: Sequence[Sentence], spans: Sequence[tuple[int, int, int]]) -> list[RoleMention]:
    """Names of the people killed, hurt or taken.

    spans: start, end and sentence of the toll mentions (`casualties.find`); a name in one of them is a victim's. So is
    one that stands right after a word of harm ("the murder of X"), before one ("X was shot") or in a list with such a name.
    """
    words, found = lists(), []
    for number, sentence in enumerate(sentences):
        tokens = tokenize(sentence.text, sentence.start)
        if not any(token.lower in words.harm for token in tokens):
            continue
        own = [(start, end) for start, end, index in spans if index == number]
        last = -10
        for first, stop in _names(tokens, words):
            inside = any(start <= tokens[first].start and tokens[stop - 1].end <= end for start, end in own)
            listed = first - last <= 4 and any(token.lower in (",", "and") for token in tokens[last:first])
            if inside or listed or _harmed(tokens, first, stop, words):
                found.append(_mention(text, tokens[first].start, tokens[stop - 1].end, number, None))
                last = stop
    return _distinct(found)


def _harmed(tokens: Sequence[Token], first: int, stop: int, words: Lists) -> bool:
    before = [token.lower for token in tokens[max(0, first - 7) : first]]
    after = [token.lower for token in tokens[stop : stop + 6]]
    if "by" in before[-4:]:
        return False
    suffers = any(word in ("was", "were", "been", "is", "who", "died", "escaped") for word in after)
    return any(word in words.harm for word in before) or (suffers and any(word in words.harm for word in after))


def _names(tokens: Sequence[Token], words: Lists) -> list[tuple[int, int]]:
    """Person names: a given name or a title, and the words after it up to one that is no name."""
    names, index = [], 0
    while index < len(tokens):
        first = index
        before = tokens[index - 1].lower if index else ""
        titled = tokens[index].text[0].isupper() and index > 0 and words.titles.at(tokens, index - 1) is not None
        if (tokens[index].lower in words.given and before not in _SAINTS) or titled:
            cased = tokens[index].text[0].isupper()
            while index < len(tokens) and index - first < 5 and _in_name(tokens[index], cased, words):
                index += 1
            if index - first >= 2:
                names.append((first, index))
        index = max(index, first + 1)
    return names


_SAINTS = frozenset({"san", "santa", "saint", "st", "el", "rio", "puerto", "fort", "port"})
_NO_NAME_ENDS = ("ing", "ed", "ly", "tion", "ment", "ities")


def _in_name(token: Token, cased: bool, words: Lists) -> bool:
    if not token.text[0].isalpha() or token.lower in words.not_names:
        return False
    return token.text[0].isupper() if cased else not token.lower.endswith(_NO_NAME_ENDS)


def _acts(tokens: Sequence[Token], start: int, stop: int, words: Lists) -> bool:
    after = tokens[stop : stop + 7]
    before = [token.lower for token in tokens[max(0, start - 3) : start]]
    return any(token.lower in words.acts for token in after) or "by" in before


def _stands_alone(tokens: Sequence[Token], stop: int, words: Lists) -> bool:
    """ "a terrorist threw", against "a terrorist attack"."""
    if stop >= len(tokens):
        return True
    following = tokens[stop]
    return not following.text[0].isalpha() or following.lower in words.stops or following.lower.endswith("ed")


def _modified(tokens: Sequence[Token], index: int, words: Lists) -> int:
    """Back over the words before the last that belong to the name of a thing: "the Sheraton hotel"."""
    first = index
    while index and first - index < 3 and _modifies(tokens[index - 1], words):
        index -= 1
    return index


def _modifies(token: Token, words: Lists) -> bool:
    if not token.text[0].isalpha() or token.lower in words.stops:
        return False
    return not token.lower.endswith(("ed", "ly", "ing")) and token.lower not in words.suffered


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
    """Each spelling once, its first place; none that is part of a longer one ("bombs", "car bomb")."""
    first: dict[str, RoleMention] = {}
    for one in found:
        first.setdefault(_key(one.text), one)
    return [one for key, one in first.items() if not any(key != other and key in other for other in first)]


def _key(text: str) -> str:
    """Words in the singular, framed by spaces, so that part of a phrase means whole words."""
    return " " + " ".join(word.removesuffix("s") for word in text.lower().replace("-", " ").split()) + " "
