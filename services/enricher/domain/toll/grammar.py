"""Which people a word of death, injury or capture governs: patterns over the tags of `chunks`.

English puts the object on the right of an active verb and the subject on the left of a passive one. For other
languages see `nearest`.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from services.enricher.domain.toll.arguments import (
    LIST,
    OBJECT,
    WINDOW,
    object_of,
    spoken_of_before,
    subject_of,
    tags_of,
    united,
)  # fmt: skip
from services.enricher.domain.toll.words import Chunk, words

_INVERTED = re.compile(rf"b[b~]*{LIST}")  # "Also killed were ..."
_INCLUDING = re.compile(rf"[^;v]{{0,12}}?n[~.z]{{0,2}}{LIST}")
_TOLL = re.compile(r"[^;TJ]{0,12}?(?P<to>(?:[lsb]~*|(?<=T)~)(?P<list>[qgu]))")
_TOLL_FIRST = re.compile(r"l~*(?P<list>q)\.?$")  # "bringing to 12 the number of dead"
_NOUN_COUNT = re.compile(r"(?P<list>[qu])[b~.]{0,2}$")
_LIVES = re.compile(r"~*(?P<list>q)L|.?~*Lo(?P<of>[gqumx](?:,?a?[gqumx])*)")


class Governed(NamedTuple):
    """The chunks of the people meant, in order."""

    kind: str
    people: list[Chunk]
    total: bool = False
    weak: bool = False
    bodies: bool = False  # counts the dead, whoever they are: "four dead", "toll"


def governed(chunks: Sequence[Chunk], tags: str, at: int) -> list[Governed]:
    """What the trigger at this index says."""
    trigger = tags[at]
    if trigger == "R":
        return _suicide(chunks, tags, at)
    if trigger in "AN":
        return [Governed("injured" if trigger == "A" else "killed", [chunks[at]._replace(tag="q")], weak=True)]
    if trigger in "MQ":
        return [Governed("killed" if trigger == "M" else "hit", [chunks[at]._replace(tag="q")], total=True)]
    if _negated(chunks, tags, at):
        return []
    if trigger in VERBS:
        return _verb(chunks, tags, at, *VERBS[trigger])
    if trigger in "Dj":
        return _noun(chunks, tags, at)
    rule = {"T": _toll, "J": _toll, "C": _lives, "-": _zero, "0": _zero}.get(trigger)
    return rule(chunks, tags, at) if rule else []


# trigger: kind, may have an object, may have a subject that suffers
VERBS = {
    "k": ("killed", True, True),
    "K": ("killed", True, False),
    "d": ("killed", False, True),
    "i": ("injured", True, True),
    "I": ("injured", True, False),
    "s": ("hit", True, True),
    "y": ("hit", False, True),
    "S": ("hit", True, False),
    "t": ("hostages", True, True),
    "H": ("hostages", True, False),
    "h": ("injured", False, True),
    "f": ("injured", False, True),
}
TRIGGERS = frozenset([*VERBS, *"RDjTJC-0MQAN"])


def _verb(chunks: Sequence[Chunk], tags: str, at: int, kind: str, active: bool, passive: bool) -> list[Governed]:
    trigger = tags[at]
    if _says_nothing(tags, at) or _either(chunks, tags, at):
        return []
    if trigger == "i" and tags[at + 1 : at + 2] == "x" and _counted_before(chunks, tags, at):
        return [Governed(kind, [chunks[at - 1]])]  # "three injured men"
    before = tags[max(0, at - WINDOW) : at]
    is_passive = passive and before.rstrip("~").endswith("b")
    if active and not is_passive:
        people = object_of(chunks, tags, at + 1)
        if people and trigger == "S" and all(one.plain or one.tag == "m" for one in people):
            return []  # "shooting suspect"
        if people:
            return [Governed(kind, people), *_and_themselves(chunks, tags, at, kind, people[-1])]
        if people := spoken_of_before(chunks, tags, at):
            return [Governed(kind, people)]  # "the four whom he shot"
    if passive:
        people = subject_of(chunks, tags, at)
        if (
            people
            and trigger in "ksit"
            and not is_passive
            and all(one.tag in "xp" and one.low is None for one in people)
        ):
            return []  # "police killed"
        if people:
            return [
                Governed(
                    kind,
                    people,
                    weak=trigger in "hf",
                    bodies=trigger == "d" and chunks[at].head not in words("en").manners,
                )
            ]
        if trigger in "kisy" and (match := _INVERTED.match(tags, at + 1)):
            return [Governed(kind, _slice(chunks, match, "list"))]
    return []


def _counted_before(chunks: Sequence[Chunk], tags: str, at: int) -> bool:
    """ "three injured men", "seven other wounded people"."""
    return tags[at - 1 : at] == "q" or (tags[at - 1 : at] == "g" and chunks[at - 1].head == "other")


def _says_nothing(tags: str, at: int) -> bool:
    """ "struck a deal", "suffered losses"."""
    if tags[at] == "y":
        return "b" not in tags[max(0, at - 4) : at]
    return tags[at] == "f" and not re.match(r"[^;,v]{0,4}[jI]", tags[at + 1 : at + 7])


def _either(chunks: Sequence[Chunk], tags: str, at: int) -> bool:
    """ "24 were killed or wounded": nobody can tell how many of them died."""
    pairs = (at, at + 2), (at - 2, at)
    return any(
        {tags[first : first + 1], tags[last : last + 1]} in ({"k", "i"}, {"K", "I"}, {"k", "I"}, {"K", "i"})
        and chunks[first + 1].head == "or"
        for first, last in pairs
        if first >= 0 and last < len(chunks)
    )


def _and_themselves(chunks: Sequence[Chunk], tags: str, at: int, kind: str, last: Chunk) -> list[Governed]:
    """ "killed two women and himself"."""
    stop = next((i for i, one in enumerate(chunks) if one.end == last.end), at) + 1
    match = re.match(r",?a?~*(?P<self>r)(?!o)", tags[stop:])
    if kind not in ("killed", "hit") or match is None:
        return []
    oneself = chunks[stop + match.start("self")]
    return [Governed("killed", [oneself._replace(tag="p", low=1, best=1, high=1, bare=True)])]


def including(chunks: Sequence[Chunk], tags: str, start: int) -> list[Chunk]:
    """Perpetrators counted in: "three, including the gunman"."""
    match = _INCLUDING.match(tags, start)
    return [one for one in _slice(chunks, match, "list") if one.tag == "p"] if match else []


def _noun(chunks: Sequence[Chunk], tags: str, at: int) -> list[Governed]:
    kind = "killed" if tags[at] == "D" else "injured"
    base = max(0, at - 4)
    match = _NOUN_COUNT.search(tags[base:at])
    if match and chunks[at].head not in words("en").uncounted:
        start, stop = match.span("list")
        return [Governed(kind, list(chunks[base + start : base + stop]), bodies=True)]
    if chunks[at].head in words("en").also_verbs and tags[at + 1 : at + 2] == "g" and not chunks[at + 1].bare:
        return [Governed(kind, object_of(chunks, tags, at + 1))]  # "rebels massacre 35 villagers"
    link = next((one for one in chunks[at + 1 : at + 3] if one.tag != "~"), None)
    to_whom = link is not None and link.head == "to" and tags[at] == "j"
    people = object_of(chunks, tags, at + 1 + to_whom) if link is not None and (link.tag == "o" or to_whom) else []
    if not people and not match and chunks[at].head in words("en").implied_deaths:
        return [Governed(kind, [chunks[at]._replace(tag="g", low=1, best=1, bare=True)], weak=True)]
    return [Governed(kind, people, bodies=True)] if people else []


def _toll(chunks: Sequence[Chunk], tags: str, at: int) -> list[Governed]:
    """ "rises from 5 to 12", "rises to 12 from 5", "stands at 12"."""
    found: list[Chunk] = []
    for match in _TOLL.finditer(tags, at + 1, at + 1 + WINDOW // 2):
        found.append(chunks[match.start("list")])
        if chunks[match.start("to")].head == "to":
            break
    base = max(0, at - 4)
    if not found and (first := _TOLL_FIRST.search(tags[base:at])):
        found = [chunks[base + first.start("list")]]
    kind = "killed" if tags[at] == "T" else "injured"
    return [Governed(kind, found[-1:], total=True, bodies=True)] if found else []


def _lives(chunks: Sequence[Chunk], tags: str, at: int) -> list[Governed]:
    match = _LIVES.match(tags, at + 1)
    if match is not None:
        return [Governed("killed", _slice(chunks, match, "list" if match["list"] else "of"))]
    following = OBJECT.match(tags, at + 1)
    if following and chunks[following.start("list")].head in ("hostages", "hostage", "captives"):
        return [Governed("hostages", [chunks[following.start("list")]])]
    return []


def _zero(chunks: Sequence[Chunk], tags: str, at: int) -> list[Governed]:
    """ "no casualties", "no deaths or injuries"."""
    nobody = [chunks[at]._replace(tag="0", low=0, best=0, high=0)]
    if chunks[at].head in ("casualties", "victims"):
        return [Governed("killed", nobody), Governed("injured", nobody)]
    following = re.match(r"[.~b]{0,2}(?P<first>[Djd])(?:a(?P<second>[Djd]))?", tags[at + 1 : at + 7])
    if tags[at] == "0" or following is None:
        return []
    kinds = {"killed" if tag in "Dd" else "injured" for tag in following.groups() if tag}
    return [Governed(kind, nobody) for kind in sorted(kinds)]


def _suicide(chunks: Sequence[Chunk], tags: str, at: int) -> list[Governed]:
    perpetrator = chunks[at]._replace(tag="p", low=1, best=1, high=1, bare=True)
    if "!" in tags[max(0, at - 2) : at] or (at and chunks[at - 1].head in ("to", "attempted")):
        return []
    also = object_of(chunks, tags, at + 2) if tags[at + 1 : at + 2] == "a" else []
    return [Governed("killed", [perpetrator])] + ([Governed("killed", also)] if also else [])


def _negated(chunks: Sequence[Chunk], tags: str, at: int) -> bool:
    """ "could have killed dozens", "was not killed", "plans to kill two ministers"."""
    before = tags[max(0, at - 3) : at].rstrip("~b")
    if before.endswith("!"):
        return True
    return tags[at] in "KkSHI" and at > 0 and chunks[at - 1].head == "to"


def _slice(chunks: Sequence[Chunk], match: "re.Match[str]", group: str) -> list[Chunk]:
    return united(chunks, tags_of(chunks), *match.span(group))
