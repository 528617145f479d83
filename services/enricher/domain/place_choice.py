"""Where an event was: which of the places named is its own."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.enricher.domain.place_mention import PlaceMention


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
    scored = [
        (_weight(m, focus, text, counts) + _support(m, mentions, dateline), m)
        for m in mentions
        if m.kind != "continent"
    ]
    if dateline and dateline.kind != "continent":
        scored.append((1.2, dateline))
    if not scored:
        return None
    best = max(scored, key=lambda pair: pair[0])
    return _precise(best[1], text)


def _weight(mention: PlaceMention, focus: Sequence[tuple[int, int]], text: str, counts: Mapping[str, int]) -> float:
    score = {"country": -1.2, "region": -0.6, "sea": -0.4, "admin1": -0.7, "admin2": 0.0}.get(mention.kind, 0.6)
    score += 0.35 * min(counts[mention.name], 5)
    if mention.in_title:
        return score + 1.6
    score += _nearness(mention, focus)
    before = text[max(0, mention.start - 24) : mention.start].lower()
    after = text[mention.end : mention.end + 20].lower()
    if re.search(
        r"\b(?:in|at|near|inside|outside|around|on)(?: the)?(?: \w+ern| \w+ city of| city of| town of| village of)? $",
        before,
    ):
        score += 1.2
    elif re.search(r"\b(?:from|to|toward|of) $", before):
        score -= 0.5
    if re.search(r"\bborder(?:s|ed|ing)?(?: with| of| to| between)?(?: the)? $|\bfled to $|\bnative of $", before):
        score -= 2.0
    if mention.part:
        score -= 0.3
    if re.match(r"(?:,? \w+)? (?:man|woman|resident|native|teen|couple|based)\b|-(?:based|born)", after):
        score -= 0.9
    return score


def _support(mention: PlaceMention, mentions: Sequence[PlaceMention], dateline: PlaceMention | None) -> float:
    """Places of one event lie together: what stands alone, far from all others named, is likely misread."""
    if mention.kind in {"country", "region", "sea"}:
        return 0.0
    others = [m for m in (*mentions, dateline) if m and m.name != mention.name and m.kind not in {"continent", "sea"}]
    if near := {m.name for m in others if _together(mention, m)}:
        return 0.4 * min(len(near), 3)
    home = any(m.kind == "country" and m.country == mention.country for m in others)
    return -0.6 if others and not home else 0.0


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
