"""Which sentences of an article tell of which attack.

News has one attack that it reports; sentences that look back at others ("a similar attack in 2016 killed 19") are
episodes of their own, each a `mentioned` frame. Background has only such episodes, gathered by where they happened.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.enricher.domain.frames.findings import TITLE, Findings
from services.enricher.domain.news.features import Classes, mentions_attack
from services.enricher.domain.news.kind import Verdict
from services.enricher.domain.text.article import Document, sentence_at
from services.enricher.domain.when.dates import DateMention
from services.enricher.domain.where.places import PlaceMention
from shared.codes import ArticleKind

LEAD = 2  # sentences that always belong to the attack reported
MOST_MENTIONED = 12
LOOK_BACK = timedelta(days=3)

_COUNTED = re.compile(
    r"\b(?:\d[\d,.]*|dozens of|hundreds of|scores of|several|many|most|these|such|recent|more|fewer|other)\s+"
    r"(?:\w+\s){0,2}"
    r"(?:attacks|bombings|shootings|incidents|killings|kidnappings|murders|homicides|assaults)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Episode:
    """One attack: the sentences that tell of it (`TITLE` for the title), `place` where it is known by its place."""

    reported: bool
    sentences: tuple[int, ...]
    place: PlaceMention | None = None


def split(document: Document, verdict: Verdict, found: Findings, when: date | None) -> list[Episode]:
    """The attacks an article tells of, the reported one first. `when`: its day, so far as the article says."""
    if verdict.kind is ArticleKind.OTHER:
        return []
    news = verdict.kind in (ArticleKind.ATTACK_REPORT, ArticleKind.FOLLOW_UP)
    aside = [
        index
        for index, cues in enumerate(verdict.cues)
        if mentions_attack(cues) and (not news or (index >= LEAD and _looks_back(index, cues, found, when)))
    ]
    mentioned = _by_place(document, [index for index in aside if not is_statistic(document, found, index)], found)
    if not news:
        return mentioned[:MOST_MENTIONED]
    looked_back = set(aside)
    own = tuple(index for index in range(len(document.sentences)) if index not in looked_back)
    main_places = {
        one.name for one in found.places if one.in_title or sentence_at(document.sentences, one.start) in (0, 1)
    }
    others = [one for one in mentioned if one.place and one.place.name not in main_places]
    return [Episode(True, (TITLE, *own)), *others[:MOST_MENTIONED]]


def _looks_back(index: int, cues: Classes, found: Findings, when: date | None) -> bool:
    """A sentence about another, earlier attack: it gives an earlier date and not this one's, or says that it lists
    others."""
    given = _dates_in(index, found)
    earlier = any(_is_before(one, when, found.published) for one in given)
    own = when is not None and any(one.first == when for one in given)
    return (earlier and not own) or "lists" in cues


def _is_before(one: DateMention, when: date | None, published: date | None) -> bool:
    against = when or published
    return one.last is not None and against is not None and one.last < against - LOOK_BACK


def _dates_in(index: int, found: Findings) -> list[DateMention]:
    return [one for one in found.dates if one.sentence == index]


def is_statistic(document: Document, found: Findings, index: int) -> bool:
    """Sentences that count attacks or the dead of a period tell of no attack of their own."""
    if any(toll.sentence == index and toll.cumulative and not toll.in_title for toll in found.tolls):
        return True
    return bool(_COUNTED.search(document.sentences[index].text))


def _by_place(document: Document, sentences: Sequence[int], found: Findings) -> list[Episode]:
    """Sentences gathered by the place that they name: a town or landmark, or a country together with a date."""
    gathered: dict[tuple[str, str | None], tuple[PlaceMention, list[int]]] = {}
    for index in sentences:
        place = _where(index, document, found)
        if place is None:
            continue
        _, told = gathered.setdefault((place.name, place.country), (place, []))
        told.append(index)
    return [Episode(False, tuple(told), place) for place, told in gathered.values()]


def _where(index: int, document: Document, found: Findings) -> PlaceMention | None:
    sentence = document.sentences[index]
    named = [
        one
        for one in found.places
        if not one.in_title and sentence.start <= one.start < sentence.end and one.kind != "continent"
    ]
    exact = [one for one in named if one.kind in _EXACT]
    if exact:
        return min(exact, key=lambda one: one.precision)
    dated = any(one.first is not None and one.kind in _DATED for one in _dates_in(index, found))
    inside = [one for one in named if _INSIDE.search(document.text[max(sentence.start, one.start - 16) : one.start])]
    return inside[0] if inside and dated else None


_EXACT = frozenset({"city", "neighbourhood", "landmark", "admin2", "admin1"})
_DATED = frozenset({"absolute", "yearless", "period"})
_INSIDE = re.compile(r"\b(?:in|within|inside|across)(?: the)? $", re.IGNORECASE)
