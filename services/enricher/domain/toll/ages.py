"""Numbers that are ages: "ages 19 and 26", "16-year-old", "Jane Roe, 22, was"."""

from collections.abc import Sequence

from services.enricher.domain.text.tokens import Token
from services.enricher.domain.toll.noun_phrases import head_of
from services.enricher.domain.toll.words import Chunk, Words


def is_of_ages(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    """ "ages 19, 26 and 30", "ranging in age from 19 to 27"."""
    for token in reversed(tokens[max(0, index - 8) : index]):
        if token.lower in lists.ages:
            return True
        if not token.text.isdigit() and token.lower not in lists.age_links:
            return False
    return False


def aged(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk | None, int] | None:
    """ "16-year-old": one person, unless the noun follows ("16-year-old boy", "16-year-old Ali Saad")."""
    words = [token.lower for token in tokens[index : index + 5] if token.text not in "-–"]
    if len(words) < 3 or words[1] not in lists.age_units or words[2] not in ("old", "olds"):
        return None
    if not (words[0].isdigit() or words[0] in lists.numbers.words):
        return None
    stop = index + next(i for i, token in enumerate(tokens[index:]) if token.lower in ("old", "olds")) + 1
    if stop < len(tokens) and _noun_follows(tokens, stop, lists):
        return None, stop
    return Chunk("g", tokens[index].start, tokens[stop - 1].end, 1, 1, 1, bare=True, head="old"), stop


def _noun_follows(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    if lists.tagged.at(tokens, index) is not None:
        return False  # "15-Year-Old Dead"
    return tokens[index].text[0].isupper() or head_of(tokens, index, lists)[0] in ("x", "p")


def age_of(tokens: Sequence[Token], start: int, end: int) -> int | None:
    """The one age that a mention of one person gives: "a 19-year-old man was shot", "killed Jane Roe, 22"."""
    inside = [i for i, token in enumerate(tokens) if start <= token.start and token.end <= end]
    if not inside:
        return None
    ages = {
        int(tokens[i].text)
        for i in range(inside[0], min(inside[-1] + 3, len(tokens)))
        if tokens[i].text.isdigit() and _is_age(tokens, i)
    }
    return ages.pop() if len(ages) == 1 else None


def _is_age(tokens: Sequence[Token], index: int) -> bool:
    following = [token.lower for token in tokens[index + 1 : index + 3] if token.text not in "-–"]
    after_comma = index > 0 and tokens[index - 1].text == "," and following[:1] != ["people"]
    return 0 < int(tokens[index].text) < 110 and (following[:1] in (["year"], ["years"]) or after_comma)


def after_age(tokens: Sequence[Token], index: int, lists: Words) -> int | None:
    """ "Jane Roe, 22, was", "one woman, 24, died", "two boys, ages 15 and 16, and": the index after the age that begins
    at this comma, so that name and clause stay joined."""
    if (stop := _after_ages(tokens, index, lists)) is not None:
        return stop
    after = tokens[index + 1 : index + 4]
    if len(after) > 1 and after[0].lower == "aged":
        after = after[1:]
    if not after or not after[0].text.isdigit() or not 0 < int(after[0].text) < 110:
        return None
    before = tokens[index - 1] if tokens[index - 1].text != "." else tokens[index - 2]
    if (
        index
        and (before.text[0].isupper() or lists.singular.at(tokens, index - 1) is not None)
        and (len(after) == 1 or not after[1].text[0].isalpha() or after[1].lower in lists.age_ends)
    ):
        stop = index + 1 + next(i for i, one in enumerate(tokens[index + 1 :], 1) if one.text == after[0].text)
        return stop + 1 if [one.text for one in after[1:2]] == [","] and _goes_on(tokens, stop + 1, lists) else stop
    return None


def _after_ages(tokens: Sequence[Token], index: int, lists: Words) -> int | None:
    """The index after ", ages 15 and 16,"."""
    words = [token.lower for token in tokens[index + 1 : index + 12]]
    if words[:1] in (["both"], ["all"]):
        words = words[1:]
        index += 1
    if words[:1] not in (["age"], ["ages"], ["aged"]):
        return None
    length = next(
        (i for i, word in enumerate(words[1:], 1) if not (word.isdigit() or word in lists.age_links)), len(words)
    )
    while length > 1 and not words[length - 1].isdigit():
        length -= 1
    stop = index + 1 + length
    return None if length == 1 else stop + (words[length : length + 1] == [","])


def _goes_on(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    """The clause, whose subject the age stood behind: "one woman, 24, died"."""
    return index < len(tokens) and tokens[index].lower in lists.age_verbs
