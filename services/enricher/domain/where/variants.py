"""Endings and prefixes undone: Russian cases, Arabic particles, Turkish and possessive suffixes."""

import re
from collections.abc import Iterator

from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.gazetteer import normal
from services.enricher.domain.where.words import notable

_RUSSIAN = (
    ("ого", ("ый", "ий", "ой")), ("ому", ("ый", "ий", "ой")),
    ("ами", ("ы", "и")), ("ах", ("ы", "и")), ("ии", ("ия",)), ("ию", ("ия",)), ("ией", ("ия",)), ("ем", ("й", "ь")),
    ("ом", ("", "ый", "ий")), ("ой", ("а",)), ("ей", ("я",)), ("е", ("а", "", "о", "я")), ("у", ("а", "")),
    ("ы", ("а",)), ("и", ("ь", "я", "а")), ("а", ("",)), ("я", ("ь", "й")), ("ю", ("ь", "я", "й")),
)  # fmt: skip
_ARABIC = ("وال", "بال", "ال", "لل", "و", "ب", "ل")
_SUFFIXED = re.compile(r"(.{3,})['’][a-zçğışöü]{1,4}")


def uninflected(word: str) -> str | None:
    """The key of a well-known place of which the word is a form, null where there is none."""
    for variant in _variants(word):
        key = normal(variant)
        if len(key) > 2 and gazetteer.known(key) and any(map(notable, gazetteer.lookup(key))):
            return key
    return None


def _variants(word: str) -> Iterator[str]:
    if suffixed := _SUFFIXED.fullmatch(word):
        yield suffixed[1]
    elif re.fullmatch("[А-ЯЁ][а-яё]{3,}", word):
        for ending, bases in _RUSSIAN:
            if word.endswith(ending):
                yield from (word.removesuffix(ending) + base for base in bases)
    elif "؀" <= word[0] <= "ۿ":
        for prefix in _ARABIC:
            if word.startswith(prefix) and len(word) - len(prefix) > 2:
                yield word.removeprefix(prefix)
