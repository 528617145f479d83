"""Which number a word of death or injury goes with, in languages whose grammar is not written out: the nearest one."""

import re
from collections.abc import Sequence

from services.enricher.domain.toll.grammar import VERBS, Governed
from services.enricher.domain.toll.words import Chunk

_LINKS = re.compile(r"[v;]")
_BEFORE = re.compile(r"(?:g\.?,)*g\.?,?a[zl.]?$")  # "the mayor, his wife and ..."
_AFTER = re.compile(r"(?:(?:\.?,g)*\.?,?a[zl.]?)?g")
_CLITICS = frozenset("وف")  # an Arabic verb with "and" or "so" before it opens a clause


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
            if group < at and chunks[at].head[:1] in _CLITICS:
                continue
            distance = (high - low) * 2 + 5 * between.count(",") + 5 * between.count("a") + (tags[group] in "up") * 6
            if tag in "KIS" and group < at:
                distance += 9  # the object of an active verb stands after it
            pairs.append((distance, at, group))
    taken: set[int] = set()
    used: set[int] = set()
    found: list[tuple[int, int]] = []
    for _, at, group in sorted(pairs):
        if at in used or group in taken:
            continue
        used.add(at)
        taken.add(group)
        found.append((at, group))
    return [
        (at, Governed(kinds[tags[at]], _listed(chunks, tags, group, taken), total=tags[at] == "T"))
        for at, group in sorted(found)
    ]


def _listed(chunks: Sequence[Chunk], tags: str, group: int, taken: set[int]) -> list[Chunk]:
    """The group and those joined to it that no other word of harm takes: "the mayor and two councillors"."""
    before, after = _BEFORE.search(tags[:group]), _AFTER.match(tags, group + 1)
    sides = [range(match.start(), match.end()) for match in (before, after) if match]
    joined = [index for side in sides if taken.isdisjoint(side) for index in side if tags[index] == "g"]
    return [chunks[index] for index in sorted([group, *joined])]
