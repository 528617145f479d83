"""Where a text says that an earlier report was wrong, or that there was no attack (`lexicon/corrections.yml`)."""

import re
from functools import cache
from typing import NamedTuple

from services.enricher.domain.text import lexicon

LEAD = 700  # characters of the text


class Correction(NamedTuple):
    """Code points of the words that say so, in the title or in the text."""

    start: int
    end: int
    in_title: bool


def find(title: str, text: str) -> Correction | None:
    """The first place that corrects what was reported before, null where nothing does."""
    return _first("corrections", title, text)


def taken_back(title: str, text: str) -> Correction | None:
    """The first place that takes a report back or says that there was no attack, null where nothing does."""
    return _first("taken_back", title, text) or _first("taken_back_in_lead", title, text[:LEAD])


def _first(kind: str, title: str, text: str) -> Correction | None:
    for read, in_title in ((title, True), (text, False)):
        if found := _pattern(kind).search(read):
            return Correction(found.start(), found.end(), in_title)
    return None


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    words = lexicon.load("corrections")
    whole = "|".join(words[kind]).replace("{attack}", words["attack"]).replace("{first}", words["first"])
    return re.compile(whole, re.IGNORECASE)
