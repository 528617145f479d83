"""Which number a word of death or injury goes with, in languages whose grammar is not written out: the nearest one."""

import re
from collections.abc import Sequence

from services.enricher.domain.toll.grammar import VERBS, Governed
from services.enricher.domain.toll.words import Chunk

_LINKS = re.compile(r"[v;]")


def nearest(chunks: Sequence[Chunk], tags: str) -> list[tuple[int, Governed]]:
    """Each trigger with the nearest group of its clause that no nearer trigger takes."""
    kinds = {tag: kind for tag, (kind, _, _) in VERBS.items()} | {"D": "killed", "j": "injured", "T": "killed"}
    pairs: list[tuple[int, int, int]] = []
    groups = [i for i, tag in enumerate(tags) if tag in "gqu0p"]
    for at, tag in enumerate(tags):
        if tag not in kinds or (at and tags[at - 1] == "!"):
            continue
        for group in groups:
            low, high = min(at, group), max(at, group)
            between = tags[low + 1 : high]
            if high - low > 9 or _LINKS.search(between):
                continue
            distance = (high - low) * 2 + 5 * between.count(",") + 5 * between.count("a") + (tags[group] in "up") * 6
            pairs.append((distance, at, group))
    taken: set[int] = set()
    used: set[int] = set()
    found: list[tuple[int, Governed]] = []
    for _, at, group in sorted(pairs):
        if at in used or group in taken:
            continue
        used.add(at)
        taken.add(group)
        found.append((at, Governed(kinds[tags[at]], [chunks[group]], total=tags[at] == "T")))
    return sorted(found, key=lambda one: one[0])
