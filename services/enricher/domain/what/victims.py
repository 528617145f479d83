"""Names of the people an attack killed, hurt or took, also in text without capitals."""

from collections.abc import Sequence

from services.enricher.domain.text.article import Sentence
from services.enricher.domain.text.tokens import Token, tokenize
from services.enricher.domain.what.role_words import Lists, RoleMention, distinct, lists, mention


def victims(text: str, sentences: Sequence[Sentence], spans: Sequence[tuple[int, int, int]]) -> list[RoleMention]:
    """Names of the people killed, hurt or taken.

    spans: start, end and sentence of the toll mentions (`casualties.find`); a name in one of them is a victim's. So is
    one right after a word of harm ("the murder of X"), before one ("X was shot") or in a list with such a name.
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
                found.append(mention(text, tokens[first].start, tokens[stop - 1].end, number, None))
                last = stop
    return distinct(found)


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
