"""Which tolls of a report are only on the perpetrators' own word: those set nothing."""

import re
from collections.abc import Iterable

from services.enricher.domain.who.claims import cue
from shared.contracts import Evidence, Frame

TOLLS = ("killed", "injured", "hostages")
_STOP = re.compile(r"[.!?]\s|\n")


def claimed_tolls(text: str, frame: Frame) -> frozenset[str]:
    """Tolls that stand, in their sentence, behind a group that did it and a verb of telling, and nowhere else."""
    spans = [evidence for evidence in frame.evidence if not evidence.in_title]
    by = [evidence for evidence in spans if evidence.field.startswith("perpetrators[")]
    on_title = {evidence.field for evidence in frame.evidence if evidence.in_title}
    return frozenset(
        field
        for field in TOLLS
        if field not in on_title
        and (said := [evidence for evidence in spans if evidence.field == field])
        and all(_told_by_them(text, evidence, by) for evidence in said)
    )


def _told_by_them(text: str, toll: Evidence, by: Iterable[Evidence]) -> bool:
    start = max((stop.end() for stop in _STOP.finditer(text, max(0, toll.start - 400), toll.start)), default=0)
    before = text[max(start, toll.start - 400) : toll.start]
    names = {text[one.start : one.end] for one in by}
    groups = [before.rfind(name) + len(name) for name in names if name and name in before]
    groups += [match.end() for match in cue("the_group").finditer(before)]
    return any(cue("tells").search(before[end:]) for end in groups)
