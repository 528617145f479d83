"""Which people a word of death, injury or capture governs: patterns over the tags of `chunks`.

English puts the object on the right of an active verb and the subject on the left of a passive one. For other
languages see `nearest`.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from services.enricher.domain.toll.words import Chunk

_ONE = "[gqumxp0]"
_LIST = rf"(?P<list>{_ONE}(?:,?a?~*{_ONE})*)"
_OBJECT = re.compile(rf"~*{_LIST}(?P<far>[.omzl~]{{0,4}},?a~*[gq](?![~w]*b?~*[kdishtfyDjTb]))?")
_TITLED = re.compile(r"~*\.{1,3}(?P<list>g?m|g)")  # killed opposition leader Jane Roe
_ALONG = re.compile(r",?~*(?P<with>a)~*(?P<list>[gqump](?:[.oz]{0,4},?a?~*[gqump])*)(?![~w]*b?~*[kdishtfyDjTb])")
_AND_MORE = re.compile(rf",?a~*(?P<list>{_ONE})(?![~w]*b?~*[kdishtfyDjTb])")  # "killed Roe, 39, and a friend"
_OF_OBJECT = re.compile(rf"~*o~*{_LIST}")
_INVERTED = re.compile(rf"b[b~]*{_LIST}")  # "Also killed were ..."
_NEXT_VERB = re.compile(r"[~w]*(?:b[b~]*)?(?:[kdishtyDjT]|f[^;,v]{0,4}[jI])")
_REST = (  # what may stand between a subject and its verb
    r"[~b]*",
    r",?w[b~]*",
    r",?w[b~]*[kihst][^;kKi]{0,12}b[b~]*",  # who were abducted were found
    r",?n[^;kKdiIsSTv]{1,16}(?:,[b~]*|b[b~]*)",
    r",[^;kKdiIsSTvgq]{1,8},[b~]+",
    r";[^;kKdiIsST]{1,14};[b~]*",
    r"[.omz~,fl]{0,9}(?:;[^;]{1,4};)?~*b[b~]*",
    r"[oz][.mxz~]{1,5}[b~]*",
    r"[b~]*b[b~]*[kdishtfy.][.olz~]{0,4}a[b~]*",  # were kidnapped and later ..., were tortured and ...
    r"b[b~]*lb[b~]*",  # were reported to be ...
    r"o[.omxzl~]{1,10}b[b~]*",  # members of the Council of Deputies were ...
    r"[zo][.omza~]{1,14}(?<!a)b[b~]*",  # students from the Faculty of Law and Politics in ... were ...
)
_SUBJECT = re.compile(rf"(?P<inc>n[.z~]{{0,2}})?{_LIST}(?:{'|'.join(_REST)})$")
_INCLUDING = re.compile(rf"[^;v]{{0,12}}?n[~.z]{{0,2}}{_LIST}")
_TOLL = re.compile(r"[^;TJ]{0,12}?(?P<to>(?:[ls]~*|(?<=T)~)(?P<list>[qgu]))")
_TOLL_FIRST = re.compile(r"l~*(?P<list>q)\.?$")  # "bringing to 12 the number of dead"
_NOUN_COUNT = re.compile(r"(?P<list>[qu])[b~.]{0,2}$")
_LIVES = re.compile(r"~*(?P<list>q)L|.?~*Lo(?P<of>[gqumx](?:,?a?[gqumx])*)")
_WINDOW = 30  # chunks that are looked at on either side


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
    if trigger == "A":
        return [Governed("injured", [chunks[at]._replace(tag="q")], weak=True)]
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
TRIGGERS = frozenset([*VERBS, *"RDjTJC-0MQA"])


def _verb(chunks: Sequence[Chunk], tags: str, at: int, kind: str, active: bool, passive: bool) -> list[Governed]:
    trigger = tags[at]
    if trigger == "y" and "b" not in tags[max(0, at - 4) : at]:
        return []
    if trigger == "f" and not re.match(r"[^;,v]{0,4}[jI]", tags[at + 1 : at + 7]):
        return []
    before = tags[max(0, at - _WINDOW) : at]
    is_passive = passive and before.rstrip("~").endswith("b")
    if active and not is_passive:
        people = _object(chunks, tags, at + 1)
        if people and trigger == "S" and all(one.plain or one.tag == "m" for one in people):
            return []  # "shooting suspect"
        if people:
            return [Governed(kind, people), *_and_themselves(chunks, tags, at, kind, people[-1])]
        if people := _spoken_of_before(chunks, tags, at):
            return [Governed(kind, people)]  # "the four whom he shot"
    if trigger == "i" and tags[at - 1 : at] == "q" and tags[at + 1 : at + 2] == "x":
        return [Governed(kind, [chunks[at - 1]])]  # "three injured men"
    if passive:
        people = _subject(chunks, tags, at)
        if (
            people
            and trigger in "ksit"
            and not is_passive
            and all(one.tag in "xp" and one.low is None for one in people)
        ):
            return []  # "police killed"
        if people:
            return [Governed(kind, people, weak=trigger in "hf", bodies=trigger == "d")]
        if trigger in "kisy" and (match := _INVERTED.match(tags, at + 1)):
            return [Governed(kind, _slice(chunks, match, "list"))]
    return []


def _and_themselves(chunks: Sequence[Chunk], tags: str, at: int, kind: str, last: Chunk) -> list[Governed]:
    """ "killed two women and himself"."""
    stop = next((i for i, one in enumerate(chunks) if one.end == last.end), at) + 1
    match = re.match(r",?a?~*(?P<self>r)(?!o)", tags[stop:])
    if kind not in ("killed", "hit") or match is None:
        return []
    oneself = chunks[stop + match.start("self")]
    return [Governed("killed", [oneself._replace(tag="p", low=1, best=1, high=1, bare=True)])]


def _spoken_of_before(chunks: Sequence[Chunk], tags: str, at: int) -> list[Chunk]:
    """ "the four relatives he is accused of shooting", "one person who he shot in the leg"."""
    match = re.search(r"(?P<list>[gq])w?(?P<he>\.)(?:b~*\.o|~*)$", tags[max(0, at - 8) : at])
    base = max(0, at - 8)
    if tags[at] not in "sSkK" or match is None or chunks[base + match.start("he")].head not in ("he", "she", "they"):
        return []
    return [chunks[base + match.start("list")]]


def _object(chunks: Sequence[Chunk], tags: str, start: int) -> list[Chunk]:
    match = _OBJECT.match(tags, start) or _OF_OBJECT.match(tags, start)
    if match is None and _lone_name(chunks, tags, start):
        along = _AND_MORE.match(tags, start + 1)
        more = united(chunks, tags, *along.span("list")) if along else []
        return [chunks[start]._replace(tag="m", low=1, best=1, high=1, bare=True), *more]
    if match is None:
        match = _TITLED.match(tags, start)
        return united(chunks, tags, *match.span("list"))[-1:] if match and chunks[match.end() - 1].bare else []
    first, stop = match.span("list")
    following = _NEXT_VERB.match(tags, stop)
    of_whom_told = re.search(r"[gpm],?w~*$", tags[: start - 1])  # "the gunman who killed five died"
    if following is not None and not of_whom_told and not (tags[start - 1] in "sS" and tags[stop] == "d"):
        return united(chunks, tags, first, _without_last(tags, first, stop))
    if (
        tags[stop : stop + 1] == "n"
        and chunks[stop].head in _PARTS
        and tags[first:stop].rstrip(",").count(",") + tags[first:stop].count("a")
    ):
        stop = _without_last(tags, first, stop)  # "killed six, five of them children"
    if tags[stop : stop + 1] in ("~", "h") and tags[stop - 1] == "q" and tags[stop - 2 : stop - 1] == ",":
        stop -= 2  # "injuring six soldiers, three seriously"
    far = "far" in match.re.groupindex and match["far"] and not chunks[match.end() - 1].bare
    return united(chunks, tags, first, stop) + ([chunks[match.end() - 1]] if far else [])


def _lone_name(chunks: Sequence[Chunk], tags: str, at: int) -> bool:
    """ "killed Zahran." """
    if tags[at : at + 1] != "." or not chunks[at].head[:1].isupper():
        return False
    return at + 1 == len(tags) or not (tags[at + 1] in "gxupm" or chunks[at + 1].head[:1].isupper())


def _without_last(tags: str, first: int, stop: int) -> int:
    """The last group is the subject of the next verb: "killed five and two were hurt"."""
    stop -= 1
    while stop > first and tags[stop - 1] in ",a~":
        stop -= 1
    return stop


def _subject(chunks: Sequence[Chunk], tags: str, at: int) -> list[Chunk]:
    base = max(0, at - _WINDOW)
    match = _SUBJECT.search(tags[base:at])
    if match is None:
        return []
    told = _TOLD.match(tags, base + match.start("list"), at)
    if told and chunks[told.start("speech")].head.lower() in _SPEECH:
        return united(chunks, tags, *told.span("list"))
    first, stop = match.span("list")
    people = united(chunks, tags, base + first, base + stop)
    if teller := _OF_WHOM_TOLD.search(tags[: base + first]):
        return [chunks[teller.start("list")]]  # "the gunman who killed five was shot dead"
    governed_before = re.search(r"(?<!b)[kKiIsS][~.]{0,2}$", tags[: base + first].replace("b~", "b"))
    if (match["inc"] and "a" in tags[base + first : base + stop]) or (governed_before and len(people) > 1):
        people = people[-1:]  # "killed five, including a child, and 12 were hurt"
    verbs = {one.head for one in chunks[base + stop : at] if one.tag in "b~"}
    if verbs & _PLURAL and len(people) == 1 and people[0].bare:
        whole = _SUBJECT.search(tags[base : base + match.start()]) if match["inc"] else None
        return united(chunks, tags, base + whole.start("list"), base + whole.end("list")) if whole else []
    along = _ALONG.match(tags, at + 1)
    if along and chunks[along.start("with")].head in _TOGETHER:
        people = [*people, *united(chunks, tags, *along.span("list"))]
    return people


_TOLD = re.compile(r"[xp](?P<speech>\.)(?P<list>m),?[b~]*$")  # "police said Jane Roe was shot dead"
_SPEECH = frozenset({"said", "say", "says", "confirmed", "identified", "reported", "announced", "that"})
_OF_WHOM_TOLD = re.compile(r"(?P<list>[gpm]),?w~*[kKiIsS]~*$")
_PARTS = ("of", "among", "amongst")
_PLURAL = frozenset({"were", "are", "have"})
_TOGETHER = ("along", "together", "as", "plus")


def united(chunks: Sequence[Chunk], tags: str, first: int, stop: int) -> list[Chunk]:
    """The groups of a list that are to be added up: not a name beside its title, nor what explains the one before."""
    people: list[Chunk] = []
    joined = "a" in tags[first:stop]
    separator = ""
    for one, tag in zip(chunks[first:stop], tags[first:stop], strict=True):
        if tag not in "gqumxp0":
            separator += tag
            continue
        apposed = (
            people
            and one.bare
            and (
                separator == ""
                or ("a" not in separator and (not joined or {people[-1].tag, tag} == {"m", "g"}) and not one.others)
            )
        )
        if not apposed:
            people.append(one)
        elif tag == "m":
            people[-1] = people[-1]._replace(head=one.head, tag="m")
        separator = ""
    return people


def including(chunks: Sequence[Chunk], tags: str, start: int) -> list[Chunk]:
    """Perpetrators counted in: "three, including the gunman"."""
    match = _INCLUDING.match(tags, start)
    return [one for one in _slice(chunks, match, "list") if one.tag == "p"] if match else []


def _noun(chunks: Sequence[Chunk], tags: str, at: int) -> list[Governed]:
    kind = "killed" if tags[at] == "D" else "injured"
    base = max(0, at - 4)
    if match := _NOUN_COUNT.search(tags[base:at]):
        start, stop = match.span("list")
        return [Governed(kind, list(chunks[base + start : base + stop]), bodies=True)]
    if chunks[at].head in _ALSO_VERBS and tags[at + 1 : at + 2] == "g" and not chunks[at + 1].bare:
        return [Governed(kind, _object(chunks, tags, at + 1))]  # "rebels massacre 35 villagers"
    link = next((one for one in chunks[at + 1 : at + 3] if one.tag != "~"), None)
    to_whom = link is not None and link.head == "to" and tags[at] == "j"
    people = _object(chunks, tags, at + 1 + to_whom) if link is not None and (link.tag == "o" or to_whom) else []
    return [Governed(kind, people, bodies=True)] if people else []


_ALSO_VERBS = ("murder", "massacre", "slaughter", "execute")


def _toll(chunks: Sequence[Chunk], tags: str, at: int) -> list[Governed]:
    """ "rises from 5 to 12", "rises to 12 from 5", "stands at 12"."""
    found: list[Chunk] = []
    for match in _TOLL.finditer(tags, at + 1, at + 1 + _WINDOW // 2):
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
    following = _OBJECT.match(tags, at + 1)
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
    also = _object(chunks, tags, at + 2) if tags[at + 1 : at + 2] == "a" else []
    return [Governed("killed", [perpetrator])] + ([Governed("killed", also)] if also else [])


def _negated(chunks: Sequence[Chunk], tags: str, at: int) -> bool:
    """ "could have killed dozens", "was not killed", "plans to kill two ministers"."""
    before = tags[max(0, at - 3) : at].rstrip("~b")
    if before.endswith("!"):
        return True
    return tags[at] in "KkSHI" and at > 0 and chunks[at - 1].head == "to"


def _slice(chunks: Sequence[Chunk], match: "re.Match[str]", group: str) -> list[Chunk]:
    return united(chunks, tags_of(chunks), *match.span(group))


def tags_of(chunks: Sequence[Chunk]) -> str:
    return "".join(one.tag for one in chunks)
