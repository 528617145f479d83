"""Actors that are on no list, found by shape: groups by their kind of name, persons, "unidentified gunmen"."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

from services.enricher.domain.text.lexicon import load
from services.enricher.domain.where import gazetteer

Kind = Literal["organisation", "individual", "generic"]


class Shape(NamedTuple):
    """Something at text[start:end] that looks like an actor."""

    start: int
    end: int
    text: str
    name: str
    kind: Kind


_WORD = r"(?:[A-ZÀ-Þ][\w'’.-]*|of|for|the|and|de|del|la)"
_PART = r"[A-Z][a-zà-ÿ'’-]+"
_NAME = rf"{_PART}(?:\ (?:[A-Z]\.|[a-z]{{2,3}}[-\ ]|{_PART})){{0,4}}\ [A-Z][A-Za-zà-ÿ'’-]+"


def shapes(text: str) -> Iterator[Shape]:
    """Unknown groups, then persons, then generic actors; they may overlap."""
    for pattern in _patterns("unknown_groups"):
        for match in pattern.finditer(text):
            yield from _group(match)
    for pattern in _patterns("claimants"):
        for match in pattern.finditer(text):
            if not _speaks(text, match.start("name")):
                yield from _group(match) if _is_group(match["name"]) else _person(text, *match.span("name"))
    for kind in ("persons", "persons_acting"):
        for pattern in _patterns(kind):
            for match in pattern.finditer(text):
                if kind == "persons" or _is_subject(text, *match.span("name")):
                    yield from _person(text, *match.span("name"))
    for match in _generic().finditer(text):
        yield Shape(match.start(), match.end(), match[0], match[0].lower(), "generic")


def _is_group(name: str) -> bool:
    words = set(re.findall(r"[^\W_]+", name.lower()))
    alone = not re.search(r"\s", name) or name.startswith(("Al-", "Al "))
    return alone or not words.isdisjoint(load("actors")["group_words"])


def _person(text: str, start: int, end: int) -> Iterator[Shape]:
    """Without the words before a name: "Israeli NAME", "Thirty-year-old NAME"."""
    while " " in text[start:end]:
        word = text[start:end].split(" ", 1)[0]
        demonym = gazetteer.normal(word) in gazetteer.demonyms() and text.count(" ", start, end) > 1
        if not demonym and not _DESCRIBES.search(word):
            break
        start += len(word) + 1
    if " " in text[start:end] and not _POSSESSES.search(text[start:end]) and _is_person(text[start:end]):
        yield Shape(start, end, text[start:end], text[start:end], "individual")


_DESCRIBES = re.compile(r"-(?:year-old|born|based|operated)$|^(?:neo-)?nazi$", re.IGNORECASE)
_POSSESSES = re.compile(r"['’]s ")


def _is_subject(text: str, start: int, end: int) -> bool:
    """Whether a name before a verb is its subject, not "a blast in NAME killed"."""
    before = re.split(r"[^\w]+", text[max(0, start - 24) : start].lower().removesuffix("the ").rstrip())
    after = _NEXT.match(text, end)
    lists = load("actors")
    return before[-1] not in lists["prepositions"] and not (after and after[1] in lists["units"])


_NEXT = re.compile(r" (\w+)")


def _is_person(name: str) -> bool:
    """Not a place ("Balkh Province"), nor a word before a name ("Five Saudi", "An IDF")."""
    words = name.split()
    lists = load("actors")
    return (
        words[-1] not in lists["no_surname"]
        and words[0].lower() not in lists["no_given_name"]
        and not gazetteer.known(gazetteer.normal(name))
    )


def _group(match: re.Match[str]) -> Iterator[Shape]:
    name = re.sub(r"(?: (?:and|of|the|for))+$", "", match["name"].rstrip(" .'’"))
    start = match.start("name")
    if members := _MEMBERS.match(name):
        name, start = name[members.end() :], start + members.end()
    known = gazetteer.known(gazetteer.normal(name))  # Lashkar Gah is a town
    if (
        not known
        and not _speaks(match.string, start)
        and not any(re.search(rf"\b{word}\b", name) for word in load("actors")["official"])
    ):
        yield Shape(start, start + len(name), name, name, "organisation")


def _speaks(text: str, start: int) -> bool:
    """Whether the name that starts there is a spokesman's."""
    return text[max(0, start - 24) : start].rstrip(" ,").endswith(tuple(load("actors")["spokesmen"]))


_MEMBERS = re.compile(r"(?:Members|Fighters|Militants|Supporters|Gunmen|Followers) of (?:the )?(?=[A-ZÀ-Þ])")


@cache
def _patterns(kind: str) -> list[re.Pattern[str]]:
    lists = load("actors")
    return [
        re.compile(shape.replace("WORD", _WORD).replace("NAME", _NAME).replace("PASSIVE", lists["passive"]), re.VERBOSE)
        for shape in lists[kind]
    ]


@cache
def _generic() -> re.Pattern[str]:
    words = load("actors")["generic"]
    modifiers, heads, others = ("|".join(words[part]) for part in ("modifiers", "heads", "not_before"))
    return re.compile(rf"\b(?:(?:{modifiers})\s+){{0,3}}(?:{heads})\b(?!\s+(?:{others}))", re.IGNORECASE)
