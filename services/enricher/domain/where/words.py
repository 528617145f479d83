"""What the finders of place names share: the text as words, a name found in it, and the word lists."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from services.enricher.domain.text.article import is_lower_case
from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.gazetteer import LEXICON, Candidate, normal

WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # U.S.
    r"|(?:[ldLD]|[Qq]u)['’](?=[^\W\d_])"  # l'Irak, d'Alep
    r"|[^\W_]+(?:['’ʼ`][^\W\d_]+)*"
)
CASELESS = re.compile(r"[؀-ۿऀ-ॿ֐-׿]")


@dataclass(slots=True)
class Name:
    """A place name at text[start:end]. `strong`: grammar says it is a place; `part`: it is within a longer name
    ("Memphis Police"); `unit`: the kind of division said to follow ("Kirkuk Governorate": admin1); `civic`: what
    follows is run by the place ("Memphis Police"); `quarter`: a word says that it is part of a town ("the Austin
    neighborhood"); `masthead`: it stands in the outlet's own name, behind the title proper; `qualifier`: index of the
    name that says where it lies ("Gary, Indiana")."""

    start: int
    end: int
    text: str
    key: str
    candidates: Sequence[Candidate]
    strong: bool = False
    part: bool = False
    unit: str | None = None
    civic: bool = False
    quarter: bool = False
    masthead: bool = False
    qualifier: int | None = None

    @property
    def single(self) -> bool:
        """One word, so that it may as well be a surname."""
        return not re.search(r"[\s-]", self.text)

    def notable(self) -> bool:
        """Whether the bare name brings a place to mind anywhere."""
        return any(map(notable, self.candidates))

    def big(self) -> bool:
        """Whether it is a country, a province, a region, a city of a million, or of two under another name."""
        return any(
            c.place.kind not in {"city", "admin2"} or c.place.population >= (2_000_000 if c.alias else 1_000_000)
            for c in self.candidates
        )


@dataclass(slots=True)
class Scan:
    """A text being scanned. `persons` holds the keys of surnames met, `countries` what the article is about."""

    text: str
    countries: frozenset[str]
    persons: set[str]
    names: list[Name] = field(default_factory=list)
    words: list[re.Match[str]] = field(init=False)
    lower_words: frozenset[str] = field(init=False)
    caseless: bool = field(init=False)

    def __post_init__(self) -> None:
        self.words = list(WORD.finditer(self.text))
        self.lower_words = frozenset(word.group() for word in self.words if word.group().islower())
        self.caseless = is_lower_case(self.text)

    def before(self, index: int) -> str:
        """The word in front of word `index`, empty at a boundary; prepositions and directions in lower case."""
        if not index:
            return ""
        word = self.words[index - 1]
        gap = self.text[word.end() : self.words[index].start()]
        text = word.group()
        title = text.lower() in words("titles") or len(text) == 1
        if gap not in {" ", "\xa0", "\n"} and not (gap == ". " and title):
            return ""
        return text.lower() if text.lower() in words("near") | words("directions") else text

    def after(self, index: int) -> str:
        """The word behind word `index`, empty at a boundary."""
        if index + 1 >= len(self.words):
            return ""
        word = self.words[index + 1]
        return word.group() if self.text[self.words[index].end() : word.start()] in {" ", "\xa0"} else ""

    def line(self, name: Name) -> str:
        """The line that the name stands in."""
        start = self.text.rfind("\n", 0, name.start) + 1
        end = self.text.find("\n", name.end)
        return self.text[start : end if end >= 0 else len(self.text)]


def notable(candidate: Candidate) -> bool:
    """Whether a place is known beyond its own region."""
    return candidate.place.kind not in {"city", "admin2"} or candidate.place.population >= 100_000


@cache
def words(kind: str) -> frozenset[str]:
    """A list of `lexicon/place_words.json`."""
    return frozenset(json.loads((LEXICON / "place_words.json").read_text(encoding="utf-8"))[kind])


@cache
def not_places() -> frozenset[str]:
    """Keys of names that hold a place name and are none."""
    return frozenset(map(normal, words("not_places")))


@cache
def everyday() -> frozenset[str]:
    """English words that are names of places as well."""
    return frozenset(row[0] for row in gazetteer.rows("place_stop.txt"))


@cache
def given_names() -> frozenset[str]:
    """Given names, as written."""
    return frozenset(row[0] for row in gazetteer.rows("given_names.txt"))
