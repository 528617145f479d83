"""A time of day with no day beside it: "the shooting broke out about 2 p.m."."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from services.enricher.domain.text.article import Sentence

_CLOCK = re.compile(r"\b(?:1[0-2]|0?[1-9])(?:[:.][0-5]\d)?\s?(?P<half>[ap])\.?m\b\.?", re.IGNORECASE)
_AFTER = 250  # characters behind "overnight" in which the hour stands


def night_of(text: str, end: int, published: date) -> tuple[date, date]:
    """The days that "overnight", which ends at `end`, may mean: the hour told after it decides between the two."""
    hour = _CLOCK.search(text, end, end + _AFTER)
    before = published - timedelta(1)
    if hour is None:
        return before, published
    return (published, published) if hour["half"].lower() == "a" else (before, before)


class Hour(NamedTuple):
    """Where an hour stands in the text."""

    start: int
    end: int


def hour_in(sentences: Sequence[Sentence], indexes: Sequence[int]) -> Hour | None:
    """The first hour that one of these sentences gives."""
    for index in indexes:
        if index < len(sentences) and (hour := _CLOCK.search(sentences[index].text)):
            start = sentences[index].start
            return Hour(start + hour.start(), start + hour.end())
    return None
