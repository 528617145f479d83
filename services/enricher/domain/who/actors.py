"""Who is named as having done it: armed groups, unknown groups by the shape of their name, "gunmen", and persons.

mentions = find(text, title=title, language="en", countries={"PK"})
modes = claims(text, sentence_spans, mentions)
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from services.enricher.domain.text.article import is_lower_case
from services.enricher.domain.text.lexicon import load
from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.words import WORD
from services.enricher.domain.who import groups
from services.enricher.domain.who.claims import Claim, claims
from services.enricher.domain.who.shapes import Kind, shapes

__all__ = ["ActorMention", "Claim", "claims", "find"]


@dataclass(frozen=True, slots=True)
class ActorMention:
    """An actor named at text[start:end] (of the title where `in_title`); `id` is null for a group not on file."""

    start: int
    end: int
    text: str
    name: str
    id: str | None
    kind: Kind
    in_title: bool = False


def find(
    text: str, *, title: str | None = None, language: str | None = None, countries: Set[str] = frozenset()
) -> list[ActorMention]:
    """Every actor mention, the title's first, in order. `countries` (ISO codes) are those the article is about."""
    fields = [(title, True)] if title else []
    fields.append((text, False))
    whole = "\n".join(field for field, _ in fields if field)
    known = [(m, in_title) for field, in_title in fields for m in _known(field or "", countries, is_lower_case(whole))]
    full = {group for m, _ in known for group in ({m.id} if not m.acronym else set())}
    found: list[ActorMention] = []
    for field, in_title in fields:
        field = field or ""
        taken = [(m.start, m.end, m.text, m.name, m.id) for m, t in known if t is in_title and (m.sure or m.id in full)]
        mentions = [ActorMention(*row, kind="organisation", in_title=in_title) for row in taken]
        for other in shapes(field):
            if all(other.end <= m.start or other.start >= m.end for m in mentions):
                mentions.append(
                    ActorMention(other.start, other.end, other.text, other.name, None, other.kind, in_title)
                )
        found += sorted(mentions, key=lambda m: m.start)
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    start: int
    end: int
    text: str
    name: str
    id: str
    acronym: bool
    sure: bool


def _known(text: str, countries: Set[str], lower: bool) -> Iterator[_Known]:
    words = list(WORD.finditer(text))
    index = 0
    while index < len(words):
        step = 1
        if not groups.opens(text[words[index].start() : _end(words[index])]):
            index += 1
            continue
        for last in range(min(len(words), index + groups.longest()) - 1, index - 1, -1):
            start, end = words[index].start(), _end(words[last])
            if "\n\n" in text[start:end] or end - start > 90:
                continue
            span = text[start:end]
            namings = groups.named(groups.key_of(span))
            if not namings or not _joined(text, words[index : last + 1]):
                continue
            naming = groups.pick(namings, countries)
            if (
                not _cased(span, naming, lower, countries)
                or _is_region(text, start, naming)
                or _is_kind(text, start, end)
                or _is_elsewhere(naming, countries)
            ):
                continue
            if text[end : end + 1] == ")" and "(" in span:
                end += 1
            sure = _sure(text, start, end, naming, countries)
            yield _Known(start, end, text[start:end], naming.group.name, naming.group.id, naming.acronym, sure)
            step = last - index + 1
            break
        index += step


def _end(word: re.Match[str]) -> int:
    return word.end() - 2 if word.group().endswith(("'s", "’s")) else word.end()


_JOINT = re.compile(r"['’]?[  \n]|\s?[-–/]\s?|,? \(|\) ?| \"| “|, ")


def _joined(text: str, words: Sequence[re.Match[str]]) -> bool:
    return all(
        _JOINT.fullmatch(text[one.end() : two.start()]) or text[one.end() : two.start()] in {"", ". "}
        for one, two in pairwise(words)
    )


def _cased(span: str, naming: groups.Naming, lower: bool, countries: Set[str]) -> bool:
    """Acronyms in capitals; names with a capital somewhere, where the table has one and the text uses any."""
    if naming.acronym:
        if lower:
            at_home = not countries or bool(countries & set(naming.group.countries))
            return len(span) > 2 and at_home and groups.key_of(span) not in _everyday()
        return span == naming.form or (span.isupper() and len(span) > 1)
    if lower or naming.form.islower() or not span.islower() or not naming.form[0].isascii():
        return True
    key = groups.key_of(span)
    return len(key) > 5 and key not in _everyday() and (not countries or bool(countries & set(naming.group.countries)))


def _is_region(text: str, start: int, naming: groups.Naming) -> bool:
    """Sinai Province is a group, and a place one can be in."""
    return bool(_PROVINCE.fullmatch(naming.form) and _WITHIN.search(text[max(0, start - 30) : start]))


def _is_kind(text: str, start: int, end: int) -> bool:
    """An Islamic state is what some want, the Islamic State is a group."""
    return text[max(0, start - 4) : start].lower().endswith(" an ") and bool(_COMMON.search(text, start, end))


def _is_elsewhere(naming: groups.Naming, countries: Set[str]) -> bool:
    """ "Communist rebels" name a group only where it is at home."""
    told_by_cause = re.fullmatch(load("actors")["causes"], groups.key_of(naming.form))
    return bool(told_by_cause) and naming.group.countries[0] not in countries


_COMMON = re.compile(r" (?:state|emirate|army|front|movement)$")
_PROVINCE = re.compile(r"\w+ Province")
_WITHIN = re.compile(r"\b(?:in|of|from|across|to|near|\w+ern|North|South)(?: the)?(?: \w+ern)? $")


def _sure(text: str, start: int, end: int, naming: groups.Naming, countries: Set[str]) -> bool:
    """Whether the name alone will do: short forms and everyday words need the group's country in the article."""
    if countries & set(naming.group.countries):
        return True
    before, after = text[max(0, start - 10) : start].lower(), text[end : end + 12].lower()
    if (
        naming.acronym
        and end - start > 2
        and (
            not countries
            or before.endswith("suspected ")
            or after.lstrip().startswith(tuple(load("actors")["fighters"]))
        )
    ):
        return True
    span = text[start:end]
    if naming.acronym:
        shouted = text[max(0, start - 12) : start].isupper() or text[end : end + 12].isupper()
        return (span in load("actors")["always"] or len(span) > 3) and not shouted
    key = groups.key_of(span)
    return (" " in key and not all(word in _everyday() for word in key.split())) or (
        " " not in key and len(key) > 4 and key not in _everyday() and not gazetteer.known(key)
    )


@cache
def _everyday() -> frozenset[str]:
    words = {row[0] for row in gazetteer.rows("place_stop.txt")}
    names = {gazetteer.normal(row[0]) for row in gazetteer.rows("given_names.txt")}
    return frozenset(words | names | set(load("actors")["everyday"]))
