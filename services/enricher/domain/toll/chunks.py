"""A sentence as a row of chunks: groups of people with their number, words of death and injury, what links them.

Each chunk has a tag of one character (`words`), so that a sentence becomes a short string and the grammar of
`grammar` can be written as patterns over tags.
"""

import re
from collections.abc import Callable, Sequence

from services.enricher.domain.text import numbers
from services.enricher.domain.text.tokens import Token
from services.enricher.domain.toll.ages import after_age, aged
from services.enricher.domain.toll.people import another, counted_people, name, one_person, people
from services.enricher.domain.toll.words import Chunk, Words

_SIGNS = {",": ",", ";": ";", ":": ";", "—": ";", "–": ";", "(": ";", ")": ";", "-": ".", "&": "a", "|": ";", "/": "."}

Reader = Callable[[Sequence[Token], int, Words], tuple[Chunk, int] | None]


def chunk(tokens: Sequence[Token], lists: Words) -> list[Chunk]:
    """The chunks of one sentence."""
    chunks: list[Chunk] = []
    charged = any(token.lower in lists.charge_words for token in tokens)
    readers = (_charges, *_READERS) if charged else _READERS
    index = 0
    while index < len(tokens):
        found, index = _next(tokens, index, lists, readers)
        if found is not None:
            chunks.append(found)
    return _with_lone_names(_corrected(chunks), lists)


_LONE = re.compile(r"(?<![.z])\.(?=,?a~*[gqm])|(?<=[gqm]a)\.(?=,?~*[bksid])|(?<=m,)\.(?=,?a[m.])")


def _with_lone_names(chunks: list[Chunk], lists: Words) -> list[Chunk]:
    """ "She and three others were shot", "Jane Roe and Smith were": a pronoun or surname in a list of people."""
    for match in _LONE.finditer("".join(one.tag for one in chunks)):
        one = chunks[match.start()]
        if one.head.lower() in lists.pronouns or (one.head[:1].isupper() and one.head.lower() not in lists.bodies):
            chunks[match.start()] = one._replace(tag="m", low=1, best=1, high=1, bare=True, head=one.head.lower())
    return chunks


_CORRECTION = re.compile(r"(?<=[gqu]),?![gqu][.z~vb]{0,6}(?:,|$)")


def _corrected(chunks: list[Chunk]) -> list[Chunk]:
    """ "two, not three, soldiers died": what is said not to be is left out."""
    denied = _CORRECTION.search("".join(one.tag for one in chunks))
    return chunks if denied is None else chunks[: denied.start()] + chunks[denied.end() :]


def _next(tokens: Sequence[Token], index: int, lists: Words, readers: Sequence[Reader]) -> tuple[Chunk | None, int]:
    """The chunk that begins at this token, and the index after it; null for what is passed over (ages)."""
    token = tokens[index]
    if token.lower in _SIGNS:
        stop = after_age(tokens, index, lists) if token.text == "," else None
        return (None, stop) if stop else (Chunk(_SIGNS[token.lower], token.start, token.end), index + 1)
    if (found := aged(tokens, index, lists)) is not None:
        return found
    for read in readers:
        if (chunk_and_stop := read(tokens, index, lists)) is not None:
            return chunk_and_stop
    tag = "z" if token.lower in lists.prepositions else "~" if _is_adverb(token, lists) else "."
    return Chunk(
        tag, token.start, token.end, head=token.text if tag == "." and (index or token.lower in lists.pronouns) else ""
    ), index + 1


def _is_adverb(token: Token, lists: Words) -> bool:
    """ "mistakenly", "violently"."""
    ending = lists.adverb_ending
    return (
        ending is not None
        and token.text.endswith(ending)
        and token.text not in lists.not_adverbs
        and token.text.islower()
    )


def _multiple(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "triple murder", "quadruple shooting"."""
    value = lists.multiples.get(tokens[index].lower)
    noun = tokens[index + 1].lower if index + 1 < len(tokens) else ""
    tag = "M" if noun in lists.multiple_killed else "Q" if noun in lists.multiple_hit else None
    if value is None or tag is None:
        return None
    return Chunk(tag, tokens[index].start, tokens[index + 1].end, value, value, value), index + 2


def _charges(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "three counts of attempted murder": three who lived, if nothing else says how many; "of murder": three dead."""
    quantity = numbers.read(tokens, index, lists.numbers)
    if quantity is None or not quantity.best or quantity.stop >= len(tokens):
        return None
    attempted = lists.attempts.at(tokens, quantity.stop)
    at = attempted or lists.murders.at(tokens, quantity.stop)
    if at is None:
        return None
    return Chunk(
        "A" if attempted else "N",
        tokens[index].start,
        tokens[at[1] - 1].end,
        quantity.low,
        quantity.best,
        quantity.high,
    ), at[1]


def _tagged(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """A word of the lexicon; "no soldiers" is one chunk."""
    if (at := lists.tagged.at(tokens, index)) is None:
        return None
    (tag, stop), token = at, tokens[index]
    whom = people(tokens, stop, lists) if tag == "-" and stop < len(tokens) else None
    if whom is not None:
        return whom[0]._replace(tag="0", start=token.start, low=0, best=0, high=0), whom[1]
    zero = 0 if tag == "0" else None
    return Chunk(tag, token.start, tokens[stop - 1].end, zero, zero, zero, head=token.lower), stop


_READERS: tuple[Reader, ...] = (_multiple, another, counted_people, one_person, _tagged, people, name)
