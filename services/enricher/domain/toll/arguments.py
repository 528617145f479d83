"""The subject and the object of a word of death, injury or capture, as patterns over the tags of `chunks`.

English puts the object on the right of an active verb and the subject on the left of a passive one.
"""

import re
from collections.abc import Sequence

from services.enricher.domain.toll.words import OF_MORE, Chunk, words

_ONE = "[gqumxp0]"
LIST = rf"(?P<list>{_ONE}(?:(?:o[.mx]{{1,4}}(?=,?a~*[gq]))?,?a?~*{_ONE})*)"  # "an officer of the army and two others"
OBJECT = re.compile(rf"~*{LIST}(?P<far>[.omzl~]{{0,4}},?a~*[gq](?!~*b?~*[kdishtfyDjTb])(?!~*w~*b?~*[kdishtfyDjT]))?")
_TITLED = re.compile(r"~*\.{1,3}(?P<list>g?m(?:,?a~*[gq])*|g)")  # killed opposition leader Jane Roe and six guards
_ALONG = re.compile(
    r"(?:z[.oz]{0,5})?,?~*(?P<with>a)~*(?P<list>[gqump](?:[.oz]{0,4},?a?~*[gqump])*)(?![~w]*b?~*[kdishtfyDjTb])"
)
_AND_MORE = re.compile(rf",?a~*(?P<list>{_ONE})(?![~w]*b?~*[kdishtfyDjTb])")  # "killed Roe, 39, and a friend"
_OF_OBJECT = re.compile(rf"~*o~*{LIST}")
_NEXT_VERB = re.compile(r"[~w]*(?:b[b~]*)?(?:[kdishtyDjT]|f[^;,v]{0,4}[jI])")
_REST = (  # what may stand between a subject and its verb
    r"[~b]*",
    r",?w[b~]*",
    r",q~*[di],b[b~]*",  # four teens, one fatally, were ...
    r",?w[b~]*[kihst][^;kKi]{0,12}b[b~]*",  # who were abducted were found
    r",?n[^;kKdiIsSTv]{1,16}(?:,[b~]*|b[b~]*)",
    r",[^;kKdiIsSTvgq]{1,8},[b~]+",
    r";[^;kKdiIsST]{1,14};(?:[zo][.omz~]{1,8},?b)?[b~]*",  # four clerks (two of them women) of the bank were ...
    r"[.omz~,fl]{0,9}(?:;[^;]{1,4};)?~*b[b~]*",
    r"[oz][.mxz~]{1,5}[b~]*",
    r"[b~]*b[b~]*[kdishtfy.][.olz~]{0,4}a[b~]*",  # were kidnapped and later ..., were tortured and ...
    r"b[b~]*l[b~]*",  # were reported to be ...
    r",?w[^;,kKdiIsSTvq]{1,12}b[b~]*",  # who were in the car were ...
    r"\.{1,2}a\.b[b~]*",  # aged 6 and 4 were ...
    r"o[.omxzl~]{1,10}b[b~]*",  # members of the Council of Deputies were ...
    r"[zo][.omza~]{1,14}(?<!a),?b[b~]*",  # students from the Faculty of Law and Politics in ... were ...
)
_SUBJECT = re.compile(rf"(?P<inc>n[.z~]{{0,2}})?{LIST}(?:{'|'.join(_REST)})$")
WINDOW = 30  # chunks that are looked at on either side


def object_of(chunks: Sequence[Chunk], tags: str, start: int) -> list[Chunk]:
    """The people on the right of an active verb, from this chunk on."""
    match = OBJECT.match(tags, start) or _OF_OBJECT.match(tags, start)
    if match is None and _lone_name(chunks, tags, start):
        along = _AND_MORE.match(tags, start + 1)
        more = united(chunks, tags, *along.span("list")) if along else []
        return [chunks[start]._replace(tag="m", low=1, best=1, high=1, bare=True), *more]
    if match is None:
        match = _TITLED.match(tags, start)
        return united(chunks, tags, *match.span("list")) if match and chunks[match.start("list")].bare else []
    first, stop = match.span("list")
    if tags[stop : stop + 1] in ("~", "h", "d") and tags[stop - 2 : stop] == ",q":
        stop -= 2  # "injuring six soldiers, three seriously", "shot six people, one fatally"
    following = _NEXT_VERB.match(tags, stop)
    of_whom_told = re.search(r"[gpm],?w~*$", tags[: start - 1])  # "the gunman who killed five died"
    if following is not None and not of_whom_told and not (tags[start - 1] in "sS" and tags[stop] == "d"):
        return united(chunks, tags, first, _without_last(tags, first, stop))
    if (
        tags[stop : stop + 1] == "n"
        and chunks[stop].head in words("en").parts
        and tags[first:stop].rstrip(",").count(",") + tags[first:stop].count("a")
    ):
        stop = _without_last(tags, first, stop)  # "killed six, five of them children"
    far = "far" in match.re.groupindex and match["far"] and not chunks[match.end() - 1].bare
    return united(chunks, tags, first, stop) + ([chunks[match.end() - 1]] if far else [])


def _lone_name(chunks: Sequence[Chunk], tags: str, at: int) -> bool:
    """ "killed Zahran.", "killing her and a friend" """
    if chunks[at : at + 1] and chunks[at].head in words("en").objects and _AND_MORE.match(tags, at + 1):
        return True
    if tags[at : at + 1] != "." or not chunks[at].head[:1].isupper():
        return False
    return at + 1 == len(tags) or not (tags[at + 1] in "gxupm" or chunks[at + 1].head[:1].isupper())


def _without_last(tags: str, first: int, stop: int) -> int:
    """The last group is the subject of the next verb: "killed five and two were hurt"."""
    stop -= 1
    while stop > first and tags[stop - 1] in ",a~":
        stop -= 1
    return stop


def subject_of(chunks: Sequence[Chunk], tags: str, at: int) -> list[Chunk]:
    """The people on the left of the verb at this index, to whom it was done."""
    base = max(0, at - WINDOW)
    match = _SUBJECT.search(tags[base:at])
    if match is None:
        part = _PART_OF.search(tags[base:at]) if tags[at] == "d" else None
        return [chunks[base + part.start("list")]] if part and chunks[base + part.start("list")].head == OF_MORE else []
    told = _TOLD.match(tags, base + match.start("list"), at)
    if told and chunks[told.start("speech")].head.lower() in words("en").speech:
        return united(chunks, tags, *told.span("list"))
    first, stop = match.span("list")
    people = united(chunks, tags, base + first, base + stop)
    if people[0].part and len(people) == 1 and tags[base + first - 1 : base + first] + tags[base + stop] == ",,":
        whole = re.search(r"[gq](?=[^;,kKdiIsSv]*,$)", tags[: base + first])
        return [chunks[whole.start()]] if whole else people  # "four members of a family, two of them children, were"
    if people[0].head == OF_MORE and tags[at - 1] in "gxq" and (tags[at] in "si" or chunks[at].head == "dead"):
        return [chunks[at - 1]]  # "one of five people shot", "one of the four dead"
    if teller := _OF_WHOM_TOLD.search(tags[: base + first]):
        return [chunks[teller.start("list")]]  # "the gunman who killed five was shot dead"
    governed_before = re.search(r"(?<!b)[kKiIsS][~.]{0,2}$", tags[: base + first].replace("b~", "b"))
    if (match["inc"] and "a" in tags[base + first : base + stop]) or (governed_before and len(people) > 1):
        people = people[-1:]  # "killed five, including a child, and 12 were hurt"
    if re.search(r"[gx],q$", tags[base + first : base + stop]) and tags[at] == "d":
        people = people[-1:]  # "four teens, one fatally, were shot"
    verbs = {one.head for one in chunks[base + stop : at] if one.tag in "b~"}
    left_out = (
        match["inc"] and not verbs and "w" not in tags[base + stop : at]
    )  # "left five civilians, including a child, dead"
    if (verbs & words("en").plural_verbs or left_out) and len(people) == 1 and people[0].bare:
        whole = _SUBJECT.search(tags[base : base + match.start()].rstrip(",")) if match["inc"] else None
        return united(chunks, tags, base + whole.start("list"), base + whole.end("list")) if whole else []
    if len(people) > 1 and verbs & words("en").singular_verbs and all(one.bare for one in people):
        people = people[:1]  # "Ann Lee, a teacher and a mother of two, was"
    along = _ALONG.match(tags, at + 1)
    if along and chunks[along.start("with")].head in words("en").together:
        people = [*people, *united(chunks, tags, *along.span("list"))]
    return people


_PART_OF = re.compile(r"(?P<list>q)[gxq][^;dkK]{0,20}$")  # "one of five people shot at a bar has died"
_TOLD = re.compile(r"[xp](?P<speech>\.)(?P<list>m),?[b~]*$")  # "police said Jane Roe was shot dead"
_OF_WHOM_TOLD = re.compile(r"(?P<list>[gpm]),?w~*[kKiIsS]~*$")


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
                or (tag == people[-1].tag == "m" and one.head == people[-1].head)
                or ("a" not in separator and (not joined or {people[-1].tag, tag} == {"m", "g"}) and not one.others)
            )
        )
        if separator == "" and people and _of_one_phrase(people[-1], one):
            people[-1] = _phrase(people[-1], one)
        elif people and separator == "o" and one.best is None:
            pass  # "the chief of staff"
        elif people and separator == "" and people[-1].part and people[-1].head == OF_MORE:
            pass  # "one of five people"
        elif not apposed:
            people.append(one)
        elif tag == "m":
            people[-1] = people[-1]._replace(head=one.head, tag="m")
        separator = ""
    return people


def _of_one_phrase(first: Chunk, second: Chunk) -> bool:
    """ "police officer Jane Roe", "two British women teachers": no sign and no word between the two."""
    titled = first.tag == "x" and first.best is None and second.tag == "m"
    described = first.tag == "g" and not first.bare and second.tag in "xp" and second.low is None
    return titled or (described and not second.definite)


def _phrase(first: Chunk, second: Chunk) -> Chunk:
    """A name after its title counts as one, a noun after its number as that many."""
    if second.tag == "m":
        return second._replace(start=first.start)
    return first._replace(tag="p" if second.tag == "p" else first.tag, head=second.head, end=second.end)


def spoken_of_before(chunks: Sequence[Chunk], tags: str, at: int) -> list[Chunk]:
    """ "the four relatives he is accused of shooting", "one person who he shot in the leg"."""
    match = re.search(r"(?P<list>[gq])w?(?P<he>\.)(?:b~*\.o|~*)$", tags[max(0, at - 8) : at])
    base = max(0, at - 8)
    if tags[at] not in "sSkK" or match is None or chunks[base + match.start("he")].head not in ("he", "she", "they"):
        return []
    return [chunks[base + match.start("list")]]


def tags_of(chunks: Sequence[Chunk]) -> str:
    """The tags as one string."""
    return "".join(one.tag for one in chunks)
