"""Where a noun phrase about people ends, and what its last word says: people, perpetrators, things."""

from collections.abc import Sequence

from services.enricher.domain.text.tokens import Token
from services.enricher.domain.toll.words import Words

REACH = 8  # tokens of a noun phrase that are read: "five members of the Afghan border police"


def head_of(tokens: Sequence[Token], index: int, lists: Words) -> tuple[str, str, int]:
    """Tag of the noun phrase that goes on here (x people, p perpetrators, u unknown, q none, . things), its head, and
    the index after it."""
    best: tuple[str, str, int] | None = None
    first = index
    while index < min(len(tokens), first + REACH):
        token = tokens[index]
        if token.lower in lists.things:
            if not _goes_on_to_people(tokens, index + 1, lists):
                members = best is not None and best[1] in lists.members  # "six members of an army unit"
                return best if best is not None and members else (".", token.lower, index + 1)
            index += 1  # "village chief", "road workers"
            continue
        if (at := lists.plural.at(tokens, index) or lists.singular.at(tokens, index)) is not None:
            tag, stop = at
            if _of_attackers(tokens, first, index, tag, best, lists):
                tag = "p"
            if best is not None and best[1] in lists.members and best[0] == "x":
                best, index = (tag, best[1], stop), stop  # "a member of the Sons of Iraq": one
                break
            best, index = (tag, token.lower, stop), stop
            continue
        if token.lower == "of" and (index == first or (best is not None and best[1] in lists.members)):
            index += 1
            continue
        if best is not None and token.text in ("'s", "’s", "'"):
            owned = head_of(tokens, index + 1, lists) if index + 1 < len(tokens) and token.text != "'" else ("q", "", 0)
            return owned if owned[0] in ("x", "p", ".") else best
        if token.text == "(" and index + 2 < len(tokens) and tokens[index + 2].text == ")":
            index += 3  # "Armed Force (CAF) jawans"
            continue
        described = (
            best is None or best[1] in lists.members or tokens[index - 1].text[0].isupper()
        )  # "three Indian security men"
        if _ends_phrase(tokens, index, lists) or not described:
            break
        index += 1
    if best is not None:
        return best
    return ("u" if index > first else "q"), (tokens[first].lower if first < len(tokens) else ""), max(index, first)


def _of_attackers(
    tokens: Sequence[Token], first: int, index: int, tag: str, best: tuple[str, str, int] | None, lists: Words
) -> bool:
    """ "rebel suspects", "seven Taliban members"."""
    word = tokens[index].lower
    if best is not None:
        return tag == "p" or (best[0] == "p" and (word in lists.members or word == "suspects"))
    group = word in lists.members and any(token.lower in lists.armed_groups for token in tokens[first:index])
    return tag == "p" or group


def _goes_on_to_people(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    """ "village chief", "village defence volunteers", "People's Party (PP) members"."""
    if [token.text for token in tokens[index : index + 3 : 2]] == ["(", ")"]:
        index += 3
    elif index + 1 < len(tokens) and not _ends_phrase(tokens, index, lists) and not _is_people(tokens, index, lists):
        index += 1
    return _is_people(tokens, index, lists)


def _is_people(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    return index < len(tokens) and (
        lists.plural.at(tokens, index) is not None or lists.singular.at(tokens, index) is not None
    )


def _ends_phrase(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    token = tokens[index]
    if token.text in ("-", "'s", '"', "“", "”", "'"):
        return False
    if token.lower in lists.articles or token.lower in lists.possessives:
        return tokens[index - 1].lower != "of"
    if not token.text[0].isalpha():
        return True
    at = lists.tagged.at(tokens, index)
    if at is not None:
        return True
    return token.lower in lists.prepositions or token.lower in lists.numbers.words
