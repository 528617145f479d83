"""Marks of a text for training: which word pieces name somebody or something in a slot (`reading.SLOTS`).

The sets name entities by the words that stand for them, not by where these stand, so every place where they stand is
marked. Tags: 0 in no slot, 2n + 1 the first word piece of slot n, 2n + 2 a further one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tokenizers import Encoding

from services.enricher.domain.news.reading import SLOTS


def tags(encoded: Encoding, text: str, roles: Mapping[str, Sequence[Sequence[str]]]) -> list[int]:
    """The tag of each word piece of `encoded`, where `text` was the last part of what was encoded."""
    slots = _slots(text, roles)
    body = max(part for part in encoded.sequence_ids if part is not None)
    found: list[int] = []
    before: tuple[int, int] | None = None
    for (start, end), part in zip(encoded.offsets, encoded.sequence_ids, strict=True):
        here = slots.get(start) if part == body and end > start else None
        found.append(0 if here is None else 2 * here[0] + (2 if here == before else 1))
        before = here
    return found


def _slots(text: str, roles: Mapping[str, Sequence[Sequence[str]]]) -> dict[int, tuple[int, int]]:
    """By place in the text, the slot and where its words begin. Longer words come first, earlier slots win."""
    found: dict[int, tuple[int, int]] = {}
    named = [(words, SLOTS.index(slot)) for slot, entities in roles.items() for entity in entities for words in entity]
    for words, slot in sorted(named, key=lambda one: (-len(one[0]), one[1])):
        for match in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE):
            if match.start() not in found and match.end() - 1 not in found:
                found.update((place, (slot, match.start())) for place in range(match.start(), match.end()))
    return found


def figures(odds: Sequence[Any], wanted: Sequence[Sequence[int]]) -> dict[str, float]:
    """Precision, recall and F1 of the runs of word pieces that are in a slot, right only where both ends are right."""
    said = [_runs(one.argmax(1).tolist()) for one in odds]
    gold = [_runs(tags) for tags in wanted]
    hits = sum(len(one & other) for one, other in zip(said, gold, strict=True))
    counted, right = sum(map(len, said)), sum(map(len, gold))
    return {
        "articles": len(gold),
        "precision": round(hits / max(1, counted), 3),
        "recall": round(hits / max(1, right), 3),
        "f1": round(2 * hits / max(1, counted + right), 3),
    }


def _runs(tags: Sequence[int]) -> set[tuple[int, int, int]]:
    """Slot, first and last word piece of each run."""
    runs: list[tuple[int, int, int]] = []
    for place, tag in enumerate(tags):
        slot = (tag + 1) // 2
        if slot and tag % 2 == 0 and runs and runs[-1][0] == slot and runs[-1][2] == place - 1:
            runs[-1] = (slot, runs[-1][1], place)
        elif slot:
            runs.append((slot, place, place))
    return set(runs)
