"""Who attacked, with what, and what was attacked: mentions as they stand in the text.

Mentions are noun phrases without their article, so that they can be compared and shown ("car bomb", "police station").
The word lists are `lexicon/weapons.yml`, `targets.yml` and `roles_en.yml`.
"""

from collections.abc import Sequence
from itertools import pairwise

from services.enricher.domain.text.tokens import Token
from services.enricher.domain.what.role_words import Lists, RoleMention, lists
from services.enricher.domain.what.sentences import Read, mention
from shared.codes import TargetType, WeaponType


def weapons(text: str, sentences: Sequence[Read]) -> list[RoleMention]:
    """Weapons named."""
    words, found = lists(), []
    for sentence in sentences:
        tokens, index = sentence.tokens, 0
        while index < len(tokens):
            at = words.weapons.at(tokens, index)
            if at and at[0] in WeaponType._value2member_map_:
                long = ["of several words"] if at[1] - index > 1 else []
                found.append(mention(text, sentence, index, at[1], kind=at[0], told=True, cues=long))
            index = at[1] if at else index + 1
    return found


def targets(text: str, sentences: Sequence[Read]) -> list[RoleMention]:
    """Things that may be attacked; `told` are those after a word of attack ("destroyed the bridge") or before it ("the
    bridge was burned")."""
    words = lists()
    found = [one for sentence in sentences for one in _things(text, sentence, words)]
    return [one for one in found if one.type in TargetType._value2member_map_]


def _things(text: str, sentence: Read, words: Lists) -> list[RoleMention]:
    """The things of one sentence; those joined to one attacked ("a hotel, two banks and a bus") were attacked too."""
    tokens = sentence.tokens
    named: list[tuple[int, int, str]] = []
    index = 0
    while index < len(tokens):
        at = words.targets.at(tokens, index)
        if at:
            named.append((_modified(tokens, index, words), at[1], at[0]))
        index = at[1] if at else index + 1
    aimed = [_aimed_at(tokens, start, words) for start, _, _ in named]
    suffers = [_suffers(tokens, start, stop, words) for start, stop, _ in named]
    joined = [_joined(tokens, one[1], other[0]) for one, other in pairwise(named)]
    for i, together in enumerate(joined):
        aimed[i + 1] |= aimed[i] and together
    for i, together in reversed(list(enumerate(joined))):
        suffers[i] |= suffers[i + 1] and together
    violent = not words.violence.isdisjoint(sentence.lower)
    found = []
    for (start, stop, kind), before, after in zip(named, aimed, suffers, strict=True):
        bare = start == stop - 1
        unsaid = bare and tokens[stop - 1].lower in words.only_named
        says = {"aimed at": before, "suffers": after, "bare": bare, "does not say which": unsaid}
        cues = [name for name, holds in says.items() if holds]
        told = violent and not unsaid and (before or after)
        found.append(mention(text, sentence, start, stop, kind=kind, told=told, cues=cues))
    return found


def _joined(tokens: Sequence[Token], stop: int, start: int) -> bool:
    """Only a comma, "and" and an article or number between two things."""
    between = [token.lower for token in tokens[stop:start]]
    return bool(between) and between[0] in (",", "and") and len(between) <= 3 and not {"in", "of", "to"} & {*between}


def individuals(text: str, sentences: Sequence[Read]) -> list[RoleMention]:
    """People without a name who may have attacked: "gunmen", "two men on a motorcycle", "unidentified individuals"."""
    words, found = lists(), []
    for sentence in sentences:
        tokens, index = sentence.tokens, 0
        while index < len(tokens):
            at = words.perpetrators.at(tokens, index)
            if at is None and tokens[index].lower not in words.people:
                index += 1
                continue
            stop = at[1] if at else index + 1
            start = index
            while start and tokens[start - 1].lower in words.modifiers and index - start < 4:
                start -= 1
            described = any(token.lower in words.described for token in tokens[start:index])
            acts = _acts(tokens, start, stop, words)
            alone = tokens[index].lower not in words.adjectival or _stands_alone(tokens, stop, words)
            if at or acts or described:
                says = {"described": described, "act": acts, "adjective": not alone, "people": not at}
                cues = [name for name, holds in says.items() if holds]
                told = alone and acts and bool(at or described)
                found.append(mention(text, sentence, start, stop, told=told, cues=cues))
            index = stop
    return found


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
    if token.lower in words.named_by:
        return True
    return not token.lower.endswith(("ed", "ly", "ing")) and token.lower not in words.suffered


def _aimed_at(tokens: Sequence[Token], start: int, words: Lists) -> bool:
    return any(words.strong_aims.at(tokens, index) is not None for index in range(max(0, start - 6), start))


def _suffers(tokens: Sequence[Token], start: int, stop: int, words: Lists) -> bool:
    """ "the bridge was burned", "the bridge sustained damage", "set the bridge on fire"."""
    following = [token.lower for token in tokens[stop : stop + 5]]
    if any(word in words.suffered for word in following) and any(word in ("was", "were", "been") for word in following):
        return True
    if "damage" in following and any(word in ("sustained", "suffered") for word in following):
        return True
    before = [token.lower for token in tokens[max(0, start - 4) : start]]
    return "set" in before and ("ablaze" in following or ("on", "fire") in pairwise(following))
