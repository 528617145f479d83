"""Groups and single persons, named or not, as chunks: "five soldiers", "another man", "his wife", "Jane Roe"."""

from collections.abc import Sequence

from services.enricher.domain.text import numbers
from services.enricher.domain.text.numbers import Quantity
from services.enricher.domain.text.tokens import Token
from services.enricher.domain.toll.ages import is_of_ages
from services.enricher.domain.toll.noun_phrases import head_of
from services.enricher.domain.toll.words import OF_MORE, Chunk, Words


def counted_people(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "at least five Iraqi soldiers", "three others", "five"."""
    quantity = numbers.read(tokens, index, lists.numbers)
    if quantity is None:
        return None
    if _pronoun(tokens, index, quantity, lists) or not _counts_people(tokens, index, quantity, lists):
        stop = quantity.stop
        return Chunk(".", tokens[index].start, tokens[stop - 1].end), stop
    if _of_more(tokens, quantity, lists):
        span = tokens[index].start, tokens[quantity.stop].end
        return Chunk("q", *span, quantity.low, quantity.best, quantity.high, part=True, head=OF_MORE), quantity.stop + 1
    if _of_whom(tokens, quantity.stop) or _of_the_hurt(tokens, quantity.stop, lists):
        after = quantity.stop + 2 + (tokens[quantity.stop + 1].lower == "the")
        span = tokens[index].start, tokens[after - 1].end
        return Chunk("q", *span, quantity.low, quantity.best, quantity.high, part=True), after
    more, stop = False, quantity.stop
    while stop < len(tokens) and tokens[stop].lower in lists.more:
        more, stop = True, stop + 1
    tag, head, after = head_of(tokens, stop, lists)
    if tag == ".":
        return Chunk(".", tokens[index].start, tokens[after - 1].end), after
    if tag in "qu" and tokens[after - 1].lower in ("of", "the"):
        return Chunk(".", tokens[index].start, tokens[after - 1].end), after  # "one of the dead"
    others = head in ("others", "other") or (more and tokens[stop - 1].lower == "other")
    if tag == "q" and stop > quantity.stop:
        after = stop
    return (
        Chunk(tag if tag != "x" else "g", tokens[index].start, tokens[after - 1].end, quantity.low, quantity.best,
              quantity.high, more and not others, others, head=head, part=_part(tokens, stop)),
        after,
    )  # fmt: skip


def _of_more(tokens: Sequence[Token], quantity: Quantity, lists: Words) -> bool:
    """ "one of five people", "two of the six guests"."""
    index = quantity.stop
    if index + 1 >= len(tokens) or tokens[index].lower != "of" or quantity.best is None:
        return False
    index += 1 + (tokens[index + 1].lower in ("the", "those", "these"))
    inner = numbers.read(tokens, index, lists.numbers) if index < len(tokens) else None
    return inner is not None and (inner.best or 0) > quantity.best


def _of_whom(tokens: Sequence[Token], index: int) -> bool:
    """ "four injured, one of whom later died" """
    return [token.lower for token in tokens[index : index + 2]] == ["of", "whom"]


def _of_the_hurt(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    """ "two of the injured later died" """
    following = [token.lower for token in tokens[index : index + 3]]
    return following[:2] == ["of", "the"] and len(following) == 3 and following[2] in lists.hurt


def _part(tokens: Sequence[Token], index: int) -> bool:
    """ "one of them", "two of the wounded"."""
    following = [token.lower for token in tokens[index : index + 2]]
    return len(following) == 2 and following[0] == "of" and following[1] in ("them", "whom", "those", "these", "the")


def _pronoun(tokens: Sequence[Token], index: int, quantity: Quantity, lists: Words) -> bool:
    """ "no one", "one another", "one day": no number of people."""
    return (
        tokens[index].lower == "one"
        and quantity.stop == index + 1
        and (
            (
                index > 0
                and tokens[index - 1].lower in ("no", "any", "every", "this", "that", "which", "some", "each", "day")
            )
            or (index + 1 < len(tokens) and tokens[index + 1].lower in ("another", "day", "-"))
        )
    )


def _counts_people(tokens: Sequence[Token], index: int, quantity: Quantity, lists: Words) -> bool:
    before = tokens[index - 1] if index else None
    if index > 1 and tokens[index - 1].lower == "of" and tokens[index - 2].lower in lists.parents:
        return False
    after = tokens[quantity.stop] if quantity.stop < len(tokens) else None
    if after is not None and after.lower in lists.households and quantity.best == 1:
        return False
    digits = tokens[index].text[0].isdigit()
    if (
        before is not None
        and digits
        and (
            before.lower in lists.numbers.before
            or (before.text in ("-", "/", ".", "'", "’") and before.end == tokens[index].start)
            or (before.text == ":" and index > 1 and tokens[index - 2].text.isdigit())  # 10:30
            or before.lower in lists.numbers.months
            or (before.text == "." and index > 1 and tokens[index - 2].lower in lists.numbers.months)  # Sept. 12
        )
    ):
        return False
    if digits and is_of_ages(tokens, index, lists):
        return False
    if after is not None:
        number_follows = quantity.stop + 1 < len(tokens) and tokens[quantity.stop + 1].text[0].isdigit()
        if after.text == ":" and not number_follows:
            return True
        if after.text in ("-", "–", "/", ":", "°", "]") and after.start == tokens[quantity.stop - 1].end:
            return False  # 20-year-old, 10:30, 5/6
        if after.lower in lists.numbers.units or (digits and after.lower in lists.numbers.months):
            return False
    if digits and len(tokens[index].text) == 4 and quantity.stop == index + 1 and 1900 <= (quantity.best or 0) < 2100:
        return after is not None and head_of(tokens, quantity.stop, lists)[0] in ("x", "p")
    return True


def another(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "another man", "another two soldiers", "a second victim", "another" before a verb."""
    at = lists.another.at(tokens, index)
    if at is None:
        return _other(tokens, index, lists)
    stop = at[1]
    if stop < len(tokens) and tokens[stop].text == "-":
        return None  # "a fourth-year student"
    if stop < len(tokens) and (counted := counted_people(tokens, stop, lists)) is not None:
        found, after = counted
        return found._replace(more=True, start=tokens[index].start), after
    tag, head, after = head_of(tokens, stop, lists)
    plain = tokens[index].lower in ("another", "one", "a")
    if tag == "." or (tag in ("q", "u") and not (plain and tag == "q")):
        return None
    if head in lists.plural:
        return None
    tag = {"x": "g", "q": "g"}.get(tag, tag)
    return Chunk(
        tag, tokens[index].start, tokens[after - 1].end, 1, 1, 1, more=True, others=True, bare=True, head=head,
        ordinal=lists.ordinals.get(tokens[stop - 1].lower),
    ), after  # fmt: skip


def _other(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "injuring other two"."""
    if tokens[index].lower != "other" or index + 1 >= len(tokens):
        return None
    counted = counted_people(tokens, index + 1, lists)
    if counted is None or counted[0].tag == ".":
        return None
    return counted[0]._replace(more=True, start=tokens[index].start), counted[1]


def _of_several(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "a family of five", "the five men", "the other two", "the other" before a verb."""
    first, start = tokens[index], index + 1
    if start >= len(tokens):
        return None
    at = lists.collective.at(tokens, start)
    for begin in (at[1] if at else start, start):
        counted = counted_people(tokens, begin, lists) if begin < len(tokens) else None
        if counted is not None and counted[0].tag != "." and (begin > start or first.lower != "a"):
            definite = begin == start or first.lower != "a"
            summed = begin > start and lists.totals.at(tokens, start) is not None
            return counted[0]._replace(start=first.start, definite=definite, summed=summed), counted[1]
    verb = lists.tagged.at(tokens, start + 1) if start + 1 < len(tokens) else None
    if tokens[start].lower == "other" and verb is not None and verb[0] == "b":
        return Chunk("g", first.start, tokens[start].end, 1, 1, 1, others=True, bare=True, head="other"), start + 1
    return None


def one_person(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "a policeman", "his wife", "the mayor of X", "a 20-year-old man"."""
    lower = tokens[index].lower
    if lower not in lists.articles and lower not in lists.possessives:
        return None
    if (found := _of_several(tokens, index, lists)) is not None:
        return found
    start = index + 1
    while start < len(tokens) and (
        tokens[start].text[0].isdigit()
        or tokens[start].lower in ("-", "year", "old", "years")
        or tokens[start].lower in lists.numbers.words
    ):
        start += 1  # "a 20-year-old"
    tag, head, after = head_of(tokens, start, lists)
    if tag in ("q", "u", "."):
        if tag == "q" and start > index + 1 and tokens[start - 1].lower == "old":
            return Chunk("g", tokens[index].start, tokens[start - 1].end, 1, 1, 1, bare=True, head="old"), start
        return None
    if (count := lists.pairs.get(head)) is not None and lower in lists.possessives:
        return Chunk("g", tokens[index].start, tokens[after - 1].end, count, count, count, head=head), after
    if head in lists.plural and head not in lists.singular:
        return Chunk(tag, tokens[index].start, tokens[after - 1].end, definite=True, head=head), after
    capital = any(one.text[0].isupper() for one in tokens[after - 1 : after + 1])
    if after < len(tokens) and capital and tokens[after].lower in lists.bodies:
        return None  # "the Virunga National Park", "the Israeli army"
    after = _possessed(tokens, after, lists)
    definite = lower in ("the", "this", "that")
    return (
        Chunk(
            "g" if tag == "x" else "p",
            tokens[index].start,
            tokens[after - 1].end,
            1,
            1,
            1,
            definite=definite,
            bare=True,
            head=head,
        ),
        after,
    )


def _possessed(tokens: Sequence[Token], index: int, lists: Words) -> int:
    """ "the mayor's wife": the head is the last noun."""
    if index < len(tokens) and tokens[index].text in ("'s", "’s"):
        tag, _, after = head_of(tokens, index + 1, lists)
        if tag in ("x", "p"):
            return after
    return index


def people(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """People without a number or an article: "civilians", "policeman killed in ..."."""
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if index and following and token.text[0].isupper() and following.lower in lists.bodies:
        return None  # "soldiers of the National Army", "of the Israeli army"
    for phrases, count in ((lists.plural, None), (lists.singular, 1)):
        if phrases.at(tokens, index) is None:
            continue
        tag, head, after = head_of(tokens, index, lists)
        if tag == ".":
            return Chunk(".", token.start, tokens[after - 1].end), after
        if head in lists.plural:
            count = None
        if count is None:
            return Chunk(tag, token.start, tokens[after - 1].end, head=head), after
        return Chunk(
            "g" if tag == "x" else "p", token.start, tokens[after - 1].end, 1, 1, 1, bare=True, plain=True, head=head
        ), after
    return None


def name(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "John Q. Smith": two or more capitalised words, none of them in a list."""
    stop = index
    while stop < len(tokens) and stop - index < 6:
        token = tokens[stop]
        capital = (token.text[0].isupper() and not token.text.isupper()) or (
            len(token.text) == 1 and token.text.isupper()
        )
        particle = stop > index and token.lower in lists.particles
        if not (capital or particle) or token.lower in lists.things or token.lower in lists.bodies:
            break
        if capital and (lists.tagged.at(tokens, stop) is not None or token.lower in lists.prepositions):
            break
        stop += 1
    while stop > index and not tokens[stop - 1].text[0].isupper():
        stop -= 1
    if stop - index < 2:
        return None
    return Chunk("m", tokens[index].start, tokens[stop - 1].end, 1, 1, 1, bare=True, head=tokens[stop - 1].lower), stop
