"""Where a text says that what was reported before was wrong (`lexicon/corrections.yml`)."""

import re
from functools import cache
from typing import NamedTuple

from services.enricher.domain.text import lexicon


class Correction(NamedTuple):
    """Code points of the words that say so, in the title or in the text."""

    start: int
    end: int
    in_title: bool


def find(title: str, text: str) -> Correction | None:
    """The first place that says so, null where nothing does."""
    for read, in_title in ((title, True), (text, False)):
        if found := _pattern().search(read):
            return Correction(found.start(), found.end(), in_title)
    return None


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(lexicon.load("corrections")["corrections"]), re.IGNORECASE)
