"""What Tocsin knows of armed groups: `lexicon/groups.tsv`, by name, other name and acronym."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Set
from functools import cache
from typing import NamedTuple

from services.enricher.domain.text.lexicon import load
from services.enricher.domain.where.gazetteer import normal, rows

FAR = 1000  # a country in which a group is not known
_SIGNS = re.compile(r"[()/,\"“”]")


class Group(NamedTuple):
    """An armed group. `id` is a stable slug of the name; `countries` are ISO 3166-1 alpha-2, its home first;
    `years` it was active, as "1978-" or "1985-1992"; `source` is the list that names it."""

    id: str
    name: str
    countries: tuple[str, ...]
    parent: str | None
    years: str | None
    source: str


class Naming(NamedTuple):
    """One way to name a group. `acronym` counts in capitals only; `form` is as the table has it."""

    group: Group
    form: str
    acronym: bool


def key_of(name: str) -> str:
    """What two spellings of a group's name share."""
    return " ".join([_spelled(word) for word in normal(_SIGNS.sub(" ", name)).split()]).removeprefix("the ")


def _spelled(word: str) -> str:
    return _spellings().get(word, word)


@cache
def _spellings() -> dict[str, str]:
    """The spelling used here, by each other one: words of many groups' names are written in several ways."""
    return {other: one for one, others in load("actors")["spellings"].items() for other in others}


def named(key: str) -> tuple[Naming, ...]:
    """The groups that a key (of `key_of`) may mean, in the table's order."""
    return _namings().get(key, ())


def pick(namings: tuple[Naming, ...], countries: Set[str]) -> Naming:
    """The group meant, in an article about these countries: the one that is most at home there, else the first."""

    def away(naming: Naming) -> int:
        at = (place for place, country in enumerate(naming.group.countries) if country in countries)
        return next(at, FAR)

    return min(namings, key=away)


@cache
def groups() -> dict[str, Group]:
    """Every group by id."""
    return {naming.group.id: naming.group for namings in _namings().values() for naming in namings}


def opens(word: str) -> bool:
    """Whether a name may begin with this word; quick, and never true of "the"."""
    return _spelled(normal(word).split(" ", 1)[0]) in _openers()


@cache
def _openers() -> frozenset[str]:
    return frozenset(key.split(" ", 1)[0] for key in _namings()) - {"the"}


@cache
def longest() -> int:
    """Words in the longest name."""
    return max(len(key.split()) for key in _namings())


@cache
def _namings() -> dict[str, tuple[Naming, ...]]:
    found: dict[str, list[Naming]] = defaultdict(list)
    for name, aliases, acronyms, countries, parent, years, source in rows("groups.tsv"):
        plain = re.sub(r" \((?!Maoist)[A-Z][a-zA-Z ]+\)$", "", name)
        group = Group(_slug(name), plain, tuple(countries.split(",")), _slug(parent) or None, years or None, source)
        for form, acronym in [
            *((form, False) for form in (name, plain, *aliases.split("|"))),
            *((form, True) for form in acronyms.split("|")),
        ]:
            entries = found[key_of(form)]
            if form and all(entry.group != group for entry in entries):
                entries.append(Naming(group, form, acronym or (form.isascii() and form.isalpha() and form.isupper())))
    found.pop("", None)
    return {key: tuple(namings) for key, namings in found.items()}


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
