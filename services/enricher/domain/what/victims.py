"""Names of the people an attack killed, hurt or took, also in text without capitals."""

from collections.abc import Sequence
from itertools import pairwise

from services.enricher.domain.text.tokens import Token
from services.enricher.domain.what.role_words import Lists, RoleMention, lists
from services.enricher.domain.what.sentences import Read, mention


def victims(text: str, sentences: Sequence[Read], spans: Sequence[tuple[int, int, int]]) -> list[RoleMention]:
    """Every name, those `told` that are of people killed, hurt or taken.

    spans: start, end and sentence of the toll mentions (`casualties.find`); a name in one of them is a victim's. So is
    one right after a word of harm ("the murder of X"), before one ("X was shot") or in a list with such a name.
    """
    words, found, before = lists(), [], False
    for sentence in sentences:
        tokens = sentence.tokens
        harmed = not words.harm.isdisjoint(sentence.lower) or _attacked([token.lower for token in tokens])
        near, before = harmed or before, harmed  # "he died today. He was identified as ..."
        own = [(start, end) for start, end, index in spans if index == sentence.number]
        last = -10
        for first, stop in _names(tokens, words):
            inside = any(start <= tokens[first].start and tokens[stop - 1].end <= end for start, end in own)
            says = {
                "in toll": inside,
                "listed": _listed(tokens, last, first, words),
                "harmed": harmed and (inside or _harmed(tokens, first, stop, words)),
                "identified": _identified(tokens, first),
                "titled": first > 0 and words.titles.at(tokens, first - 1) is not None,
            }
            told = near and (says["listed"] or says["harmed"] or says["identified"])
            cues = [name for name, holds in says.items() if holds]
            found.append(mention(text, sentence, first, stop, told=told, cues=cues))
            if told:
                last = stop
    return found


def _listed(tokens: Sequence[Token], last: int, first: int, words: Lists) -> bool:
    """In a list with the victim before: "A, 53; B, a photographer, and C"."""
    between = [token.lower for token in tokens[max(0, last) : first]]
    if first - last <= 4:
        return any(word in (",", "and", ";") for word in between)
    near = between[-1:] in ([","], ["and"], [";"]) or (first > 0 and words.titles.at(tokens, first - 1) is not None)
    return first - last <= 9 and near and between[0] in (",", "(", ";") and not _CLAUSE.intersection(between)


_CLAUSE = frozenset({"was", "were", "is", "are", "has", "had", "said", "says", "told", "by", "that", "while", "when"})


def _identified(tokens: Sequence[Token], first: int) -> bool:
    """ "The dead man was identified as X" """
    before = [token.lower for token in tokens[max(0, first - 6) : first]]
    return any(pair in (("identified", "as"), ("identified", "only")) for pair in pairwise(before)) and (
        "suspect" not in before and "gunman" not in before
    )


def _harmed(tokens: Sequence[Token], first: int, stop: int, words: Lists) -> bool:
    before = [token.lower for token in tokens[max(0, first - 7) : first]]
    after = [token.lower for token in tokens[stop : stop + 6]]
    if "by" in before[-4:]:
        return False
    if _attacked(before) or _apposed(tokens, stop, words):
        return True
    suffers = any(word in ("was", "were", "been", "is", "who", "died", "escaped") for word in after)
    return any(word in words.harm for word in before) or (suffers and any(word in words.harm for word in after))


_AIMED = frozenset(
    (noun, link) for noun in ("attack", "attempt", "assault", "bomb") for link in ("on", "against", "at")
)


def _attacked(words: Sequence[str]) -> bool:
    """ "the attack against X" """
    return any(pair in _AIMED for pair in pairwise(words))


def _apposed(tokens: Sequence[Token], stop: int, words: Lists) -> bool:
    """ "X, a judge of the appeals court in Y, was shot": the clause goes on after the second comma."""
    if stop >= len(tokens) or tokens[stop].text != ",":
        return False
    for index in range(stop + 1, min(len(tokens) - 1, stop + 22)):
        if tokens[index].text == "," and tokens[index + 1].lower in ("was", "were", "died"):
            return any(token.lower in words.harm for token in tokens[index + 1 : index + 6])
    return False


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
