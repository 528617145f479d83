"""What a date is a date of: the attack, or a hearing, an arrest, a statement (`lexicon/dates/`)."""

import re

from services.enricher.domain.text.article import Sentence
from services.enricher.domain.when.calendar import Calendar

NEAR = 70  # characters around a date in which the words stand that say what it is a date of

SINCE = 10  # characters in which "since" stands before a date

_WORD = re.compile(r"[^\W\d_]+")
_CLOCK = re.compile(r"\d\s?(?:[ap]\.?m\.?|hours|hrs|gmt),?\s(?:on\s)?(?:early\s|late\s)?$", re.IGNORECASE)
_STAMP = re.compile(r",?\s{1,3}(?:at\s)?\d{1,2}:\d\d\s?[AP]M\b")
_NOUN = re.compile(r",?\s((?:[\w-]+\s?){1,3})")  # "the May 3 double shooting"
_TOWN = re.compile(r"[^a-z]{3,30}(?:,[^;:]{2,30})?,? \(?")  # "LAGOS, Nigeria, Dec 12 (Wire) -"
_AGENCY = re.compile(r"\.?,?\)?\s*(?:\([^()]{2,40}\)\s*|[A-Z]{2,12}\s)?[-–—]")


def about(text: str, start: int, end: int, sentence: Sentence | None, names: Calendar) -> tuple[str | None, bool]:
    """Attack, other or page, and whether it is beyond doubt: the nearest telling word of the sentence says it.

    A clock time before the date is an attack's, right after it a page's; the date of a dateline is the writer's.
    """
    begin, stop = (sentence.start, sentence.end) if sentence else (0, len(text))
    if any(start in word.span() for word in names.since.finditer(text, max(begin, start - SINCE), end)):
        return "other", False
    if _STAMP.match(text, end) or is_dateline(text[begin:start], text, end):
        return "page", False
    if (owner := names.owner.match(text, end)) and any(word.lower() in names.surely for word in owner[1].split()):
        return "attack", True
    if (during := names.during.match(text, end)) and during[1].lower() in names.surely:
        return "attack", True
    article = text[max(begin, start - 12) : start].split()[-1:]
    noun = _NOUN.match(text, end) if article and article[0].lower() in names.the else None
    if noun and any(word.lower() in names.attack for word in noun[1].split()):
        return "attack", False
    if _heads_another(text, begin, start, end, names):
        return "other", False
    clock = _CLOCK.search(text, max(0, start - 25), start)
    left = max(begin if not clock else 0, start - NEAR)
    right = min(stop, end + NEAR)
    best: tuple[int, str | None, bool] = (20, "attack", True) if clock else (NEAR * 4, None, False)
    for match in _WORD.finditer(text, left, right):
        if match.end() <= start or match.start() >= end:
            before = match.end() <= start
            distance = start - match.end() if before else (match.start() - end) * 2 + 10  # words before count as nearer
            what, sure = _says(match.group().lower(), before, distance, names)
            if what is not None and distance < best[0]:
                best = (distance, what, sure)
    return best[1], best[2]


def is_dateline(before: str, text: str, end: int) -> bool:
    """Whether a date after `before`, the words of its sentence, which ends at `end`, is a dateline's."""
    return _TOWN.fullmatch(before) is not None and _AGENCY.match(text, end) is not None


def _heads_another(text: str, begin: int, start: int, end: int, names: Calendar) -> bool:
    """ "on Monday sentenced", "told reporters on Sunday that": no attack's verb has the date, but the one after it.

    "The shooting on Monday that left two dead", "the man who opened fire on Monday says": one before has it.
    """
    match = names.follows.match(text, end)
    if match is None:
        return False
    before = [one.lower() for one in _WORD.findall(text, max(begin, start - NEAR), start)]
    telling = [one for one in before if one in names.speech or one in names.attack]
    if match[1].lower() in names.that:
        return bool(telling) and telling[-1] in names.speech
    return not any(one in names.attack for one in before) and (
        match[1].lower() in names.other or match[1].lower() in names.speech
    )


def _says(word: str, before: bool, distance: int, names: Calendar) -> tuple[str | None, bool]:
    """A word of speech tells only right before the date: "police said Monday", but not "on Monday, police said"."""
    if word in names.speech:
        return ("other" if before and distance < 12 else None), False
    if word in names.attack:
        return "attack", before and word in names.surely
    return ("other" if word in names.other else None), False
