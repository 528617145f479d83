"""Numbers of people as news writes them: digits in any grouping, words, ranges, "at least", "dozens".

`read` is a small grammar over tokens: [modifier] number [range | "or more"]; the words are in `lexicon/numbers/`.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from services.enricher.domain.text import lexicon
from services.enricher.domain.text.tokens import Phrases, Token, tokenize

LARGEST = 10_000_000  # no attack had more victims; beyond it is money, population or noise


class Quantity(NamedTuple):
    """`best` is null where no number is given ("dozens": low 24, high 99). `stop`: index after its last token."""

    low: int | None
    best: int | None
    high: int | None
    stop: int
    start: int = 0


class Numbers:
    """The number words of one language."""

    def __init__(self, language: str) -> None:
        data = lexicon.load(f"numbers/{language}")
        self.language = language
        self.words: dict[str, int] = {str(k): v for k, v in data["words"].items()}
        self.scales: dict[str, int] = data.get("scales", {})
        self.phrase_values: dict[str, int] = data.get("phrases", {})
        self.vague_values: dict[str, list[int | None]] = data.get("vague", {})
        self.phrases = Phrases({phrase: [phrase] for phrase in self.phrase_values})
        self.vague = Phrases({phrase: [phrase] for phrase in self.vague_values})
        self.modifiers = Phrases(data.get("modifiers", {}))
        self.or_more = Phrases({"or_more": data.get("or_more", [])})
        self.joiners = frozenset(data.get("and", []))
        self.after_units = frozenset(data.get("after_units", []))  # tens that follow: "five and-forty"
        self.ten_and_unit: bool = data.get("ten_and_unit", False)  # "ten two" is 12
        self.range = frozenset(data.get("range", ["-", "–"]))
        self.rising = frozenset(data.get("rising", []))
        self.between: str | None = data.get("between")
        self.units = frozenset(data.get("units", []))
        self.before = frozenset(data.get("before", []))
        self.months = frozenset(data.get("months", []))


@cache
def of(language: str) -> Numbers:
    """The number words of a language; English where there are none for it."""
    return Numbers(language if language in lexicon.languages("numbers") else "en")


def find(text: str, language: str = "en") -> list[tuple[int, int, Quantity]]:
    """Every quantity of a text: start, end (code points) and value."""
    tokens = tokenize(text)
    found: list[tuple[int, int, Quantity]] = []
    index = 0
    while index < len(tokens):
        quantity = read(tokens, index, of(language))
        if quantity is None:
            index += 1
            continue
        found.append((tokens[index].start, tokens[quantity.stop - 1].end, quantity))
        index = quantity.stop
    return found


def read(tokens: Sequence[Token], index: int, numbers: Numbers) -> Quantity | None:
    """The quantity that begins at this token; null where none does."""
    start, modifier = index, None
    while (at := numbers.modifiers.at(tokens, index)) is not None and at[1] < len(tokens):
        modifier, index = at
    if index < len(tokens) and tokens[index].lower == numbers.between:
        index, modifier = index + 1, "between"
    if index >= len(tokens):
        return None
    if (at := numbers.vague.at(tokens, index)) is not None:
        low, high = numbers.vague_values[at[0]]
        return Quantity(low, None, high, at[1], start)
    first = _number(tokens, index, numbers)
    if first is None:
        return None
    value, stop = first
    rising = start > 0 and tokens[start - 1].lower in numbers.rising  # "from 5 to 12"
    second = None if rising else _range_end(tokens, stop, numbers, modifier)
    if second is not None and value < second[0] <= value * 10 + 10:
        return Quantity(value, value, second[0], second[1], start)
    if modifier == "between" or value > LARGEST:
        return None
    if (at := numbers.or_more.at(tokens, stop) if stop < len(tokens) else None) is not None:
        modifier, stop = "at_least", at[1]
    return _bounded(value, modifier, stop, start)


def _bounded(value: int, modifier: str | None, stop: int, start: int) -> Quantity:
    low: int | None = value
    high: int | None = value
    if modifier in ("at_least", "more_than"):
        high = None
    elif modifier in ("nearly", "up_to"):
        low = None
    elif modifier == "about":
        low = high = None
    return Quantity(low, value, high, stop, start)


def _range_end(tokens: Sequence[Token], index: int, numbers: Numbers, modifier: str | None) -> tuple[int, int] | None:
    if index + 1 >= len(tokens):
        return None
    sign = tokens[index].lower
    if sign in numbers.range or (modifier == "between" and sign in numbers.joiners):
        return _number(tokens, index + 1, numbers)
    return None


def _number(tokens: Sequence[Token], index: int, numbers: Numbers) -> tuple[int, int] | None:
    """Value and index after it."""
    token = tokens[index]
    if (at := numbers.phrases.at(tokens, index)) is not None:
        value, index = numbers.phrase_values[at[0]], at[1]
        return _scaled(tokens, index, value, numbers)
    if token.text[0].isdigit():
        return _digits(tokens, index, numbers)
    if token.lower in numbers.words or token.lower in numbers.scales:
        return _words(tokens, index, numbers)
    return None


_GROUPED = re.compile(r"\d{1,3}(?:[.,٬]\d{3})+|\d{1,2}(?:,\d{2})*,\d{3}")
_DECIMAL = re.compile(r"\d+[.,]\d{1,2}")


def _digits(tokens: Sequence[Token], index: int, numbers: Numbers) -> tuple[int, int] | None:
    text = tokens[index].text
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and following.start == tokens[index].end and following.text[0].isalpha():
        return None  # 12th, 9mm, 5pm
    if len(text) > 12:
        return None
    if text.isdigit():
        value: float = int(text)
        while len(text) <= 3 and _spaced_group(tokens, index, numbers):  # 1 500
            index += 1
            value = value * 1000 + int(tokens[index].text)
    elif _GROUPED.fullmatch(text):
        value = int(re.sub(r"\D", "", text))
    elif _DECIMAL.fullmatch(text) and following is not None and following.lower in numbers.scales:
        value = float(text.replace(",", "."))
    else:
        return None
    return _scaled(tokens, index + 1, value, numbers)


def _spaced_group(tokens: Sequence[Token], index: int, numbers: Numbers) -> bool:
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    return (
        numbers.language != "en"
        and following is not None
        and len(following.text) == 3
        and following.text.isdigit()
        and following.start == tokens[index].end + 1
    )


def _scaled(tokens: Sequence[Token], index: int, value: float, numbers: Numbers) -> tuple[int, int]:
    while index < len(tokens) and (scale := numbers.scales.get(tokens[index].lower)) is not None:
        value, index = value * scale, index + 1
    return int(value), index


def _words(tokens: Sequence[Token], index: int, numbers: Numbers) -> tuple[int, int] | None:
    """ "two hundred and fifty-one": units add up, scales multiply what stands before them."""
    total = current = 0
    last, begin, stop = 10**9, index, index
    while index < len(tokens):
        word = tokens[index].lower
        if word in numbers.words:
            value = numbers.words[word]
            if word in numbers.after_units and 0 < current < 10:
                current, last = current + value, 1
            elif value >= last or (last < 20 and value < 20 and not (numbers.ten_and_unit and last == 10)):
                break
            else:
                current, last = current + value, value
        elif word in numbers.scales:
            scale = numbers.scales[word]
            if scale >= 1000:
                total, current, last = total + (current or 1) * scale, 0, scale
            else:
                current, last = (current or 1) * scale, scale
        elif not (stop > begin and word in numbers.joiners | {"-"} and _goes_on(tokens, index + 1, last, numbers)):
            break
        index += 1
        stop = index
    return (total + current, stop) if total + current else None


def _goes_on(tokens: Sequence[Token], index: int, last: int, numbers: Numbers) -> bool:
    """After "two hundred and" or "twenty-": a smaller number follows."""
    value = numbers.words.get(tokens[index].lower) if index < len(tokens) else None
    joined_tens = tokens[index - 1].text == "-" or numbers.language != "en"
    return value is not None and value < last and last >= 20 and (last >= 100 or joined_tens)
