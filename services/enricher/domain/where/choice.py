"""Where an event was: which of the places named is its own."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from services.enricher.domain.text.lexicon import load
from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.mention import PlaceMention

LIKELY = 0.0  # a place that so much speaks against is none rather than the only one
_NEARLY = 0.8  # weights this close are a tie


def choose(
    mentions: Sequence[PlaceMention], focus: Sequence[tuple[int, int]], dateline: PlaceMention | None, text: str
) -> PlaceMention | None:
    """The mention that says where the event told in the sentences `focus` (spans of `text`) happened.

    Grammar counts ("in X", "near X"; less "from X", "X police"), nearness to the focus, how exact the place is, how
    often it is named; the dateline steps in where nothing else does. Its precision follows the words before it.
    """
    if dateline:  # as the whole article resolves it
        at = dateline.start
        dateline = next((m for m in mentions if not m.in_title and m.start <= at < m.end), dateline)
    counts = Counter(mention.name for mention in mentions)
    wire = _is_wire(dateline, counts)
    scored = [
        (_weight(m, focus, text, counts) + (0 if m.masthead else _support(m, mentions, dateline)), m)
        for m in mentions
        if m.kind != "continent" and not (wire and m is dateline)
    ]
    if dateline and dateline.kind != "continent":
        scored.append((0.6 if wire else 1.2, dateline))
    if not scored or max(score for score, _ in scored) < LIKELY:
        return None
    return _precise(_exact(scored), text)


def _exact(scored: Sequence[tuple[float, PlaceMention]]) -> PlaceMention:
    """The likeliest; where that is a country or province, the likeliest within it that is nearly as likely."""
    top, best = max(scored, key=lambda pair: pair[0])
    if best.kind not in {"country", "admin1"}:
        return best
    within = [(score, m) for score, m in scored if top - score <= _NEARLY and _inside(m, best)]
    return max(within, key=lambda pair: pair[0])[1] if within else best


def _inside(inner: PlaceMention, outer: PlaceMention) -> bool:
    if inner.kind in {"country", "region", "sea", outer.kind} or inner.country != outer.country:
        return False
    return outer.kind == "country" or inner.admin1 == outer.admin1


def _is_wire(dateline: PlaceMention | None, counts: Mapping[str, int]) -> bool:
    """Agencies write from the capital, wherever in the country it was."""
    capital = gazetteer.capitals().get(dateline.country or "") if dateline else None
    return bool(dateline and capital and capital.name == dateline.name and counts[dateline.name] == 1)


def _weight(mention: PlaceMention, focus: Sequence[tuple[int, int]], text: str, counts: Mapping[str, int]) -> float:
    score = {"country": -1.2, "region": -0.6, "sea": -0.4, "admin1": -0.7, "admin2": 0.0}.get(mention.kind, 0.6)
    score += 0.35 * min(counts[mention.name], 5)
    if mention.masthead:
        return LIKELY  # where the outlet is: better than nothing
    if mention.in_title:
        return score + 1.6
    return score + _nearness(mention, focus) + _grammar(mention, text)


def _grammar(mention: PlaceMention, text: str) -> float:
    """What the words around it in its own sentence say, by `lexicon/place_cues.yml`."""
    before = _SENTENCE_END.split(text[max(0, mention.start - 120) : mention.start].lower())[-1]
    behind = _SENTENCE_END.split(text[mention.end : mention.end + 60].lower())[0]
    score = 0.0
    for cue in _cues("before"):
        if cue.pattern.search(before) and not (cue.unless and cue.unless.search(before)):
            score += cue.weight
    for cue in _cues("behind"):
        if cue.pattern.match(behind) and not (cue.unless and cue.unless.search(mention.text.lower())):
            score += cue.weight
    # "A shooting at Madison Market" was not in Madison
    return min(score, 1.2) - 0.3 if mention.part else score


class _Cue(NamedTuple):
    weight: float
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None


@cache
def _cues(side: str) -> tuple[_Cue, ...]:
    return tuple(
        _Cue(row["weight"], re.compile(row["pattern"]), re.compile(row["unless"]) if "unless" in row else None)
        for row in load("place_cues")[side]
    )


_SENTENCE_END = re.compile(r"[.!?]\s+|\n")


def _support(mention: PlaceMention, mentions: Sequence[PlaceMention], dateline: PlaceMention | None) -> float:
    """Places of one event lie together: what stands alone, far from all others named, is likely misread."""
    if mention.kind in {"country", "region", "sea"}:
        return 0.0
    others = [m for m in (*mentions, dateline) if m and m.name != mention.name and m.kind not in {"continent", "sea"}]
    if near := {m.name for m in others if _together(mention, m)}:
        return 0.4 * min(len(near), 3)
    home = any(m.kind == "country" and m.country == mention.country for m in others)
    if home or not others:
        return 0.0
    if mention.in_title or sum(m.name == mention.name for m in mentions) > 1:
        return -0.6
    return -2.4 if any(m.in_title and m.country not in {None, mention.country} for m in others) else -0.6


def _together(one: PlaceMention, other: PlaceMention) -> bool:
    if other.kind == "country" or one.country != other.country:
        return False
    return one.admin1 == other.admin1 or math.hypot(one.lat - other.lat, one.lon - other.lon) < 1.5


def _nearness(mention: PlaceMention, focus: Sequence[tuple[int, int]]) -> float:
    if not focus:
        return 1.5 if mention.start < 400 else 0.5
    gap = min(max(start - mention.end, mention.start - end, 0) for start, end in focus)
    if gap == 0:
        return 2.4
    return 1.4 if gap < 200 else 0.8 if gap < 600 else 0.2


def _precise(mention: PlaceMention, text: str) -> PlaceMention:
    if mention.in_title or mention.precision != 1:
        return mention
    before = text[max(0, mention.start - 40) : mention.start].lower()
    if re.search(
        r"\b(?:near|outside|around|(?:kilomet(?:er|re)s?|km|miles?)\b[\w ]*\b(?:of|from)) (?:city of |town of )?$",
        before,
    ):
        return replace(mention, precision=2, radius_km=max(mention.radius_km, 25.0))
    return mention
