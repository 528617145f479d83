"""Where an outlet is at home, from its host name: local papers leave out what every reader knows.

Those on file stand in `lexicon/outlets.tsv`; of the others the name is read: `clickondetroit.com` and
`manchestereveningnews.co.uk` say their town. A call sign (`kxyz.com`) says its country: K and W are the United
States' by the table of call sign series (ITU Radio Regulations, appendix 42).
"""

import re
from functools import cache, lru_cache
from urllib.parse import urlsplit

from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.gazetteer import Place, normal
from services.enricher.domain.where.words import everyday, words

_HOST = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}", re.IGNORECASE)
_CALL_SIGN = re.compile(r"(?:www\.)?[kw][a-z]{2,3}(?:-?(?:tv|am|fm)|\d{1,2})*\.(?:com|tv|org|net)$", re.IGNORECASE)
_BREAK = re.compile(r"\s(?:[-–—|«»]|::)\s")
_OUTLET = frozenset(
    {"news", "weather", "sports", "tv", "com", "radio", "headlines", "abc", "cbs", "fox", "nbc", "online"}
)
_LONGEST_MASTHEAD = 100  # characters
_LARGE = 100_000  # people: of a smaller town the name alone says too little
# Country domains that are sold to anybody
_ANYBODY = frozenset({"co", "tv", "me", "io", "fm", "ly", "ai", "cc", "ws", "to", "is", "it", "am", "gg", "la", "eu"})


def host(source: str | None, url: str | None) -> str | None:
    """The host name of an outlet: `source` where it is one, else that of the article's address."""
    if source and _HOST.fullmatch(source.strip()):
        return source.strip()
    try:
        return urlsplit(url or "").hostname
    except ValueError:  # a broken IPv6 address
        return None


def home(source: str | None) -> Place | None:
    """The town of a local outlet, by host name (`www.wral.com`); null where it is not on file."""
    labels = (source or "").casefold().strip().removeprefix("www.").split(".")
    hosts = (".".join(labels[first:]) for first in range(len(labels) - 1))
    return next((place for host in hosts if (place := _homes().get(host))), None) or _named(tuple(labels))


def masthead(title: str) -> int:
    """Where in a title the outlet's own name begins ("... - WXYZ.com | Memphis News"); its length if nowhere."""
    for match in _BREAK.finditer(title):
        tail = title[match.end() :]
        if any(word.lower() in _OUTLET for word in re.findall(r"\w+", tail)) and len(tail) < _LONGEST_MASTHEAD:
            return match.end()
    return len(title)


def without_masthead(title: str, start: int) -> str:
    """The title, with commas for the words of papers and stations behind `start`: "Memphis News" is in Memphis."""
    return title[:start] + re.sub(
        r"\w+", lambda word: "," * len(word[0]) if word[0].lower() in _OUTLET else word[0], title[start:]
    )


def country(source: str | None) -> str | None:
    """The country of an outlet, ISO code: of its town, else of its national domain."""
    if place := home(source):
        return place.country
    ending = (source or "").casefold().rpartition(".")[2]
    code = {"uk": "GB"}.get(ending, ending.upper())
    if ending not in _ANYBODY and code in gazetteer.countries():
        return code
    return "US" if _CALL_SIGN.match(source or "") else None


@lru_cache(maxsize=10_000)
def _named(labels: tuple[str, ...]) -> Place | None:
    """The large town that a host name's words say, once those of papers and stations are taken off."""
    towns = [place for label in labels[:-1] for word in _bare(label) for place in _towns(word)]
    ending = labels[-1].upper() if len(labels[-1]) == 2 and labels[-1] not in _ANYBODY else None
    near = [place for place in towns if ending in {None, "UK", place.country}]
    return max(near, key=lambda place: place.population) if near else None


def _bare(label: str) -> set[str]:
    """`nbcmiami`, `thekansascitystar`: what is left without the station's or the paper's words; whole labels too."""
    ends = "|".join(sorted(words("papers") | words("stations"), key=len, reverse=True))
    left = re.fullmatch(rf"(?:(?:{'|'.join(words('stations'))})\d*)*(.{{4,}}?)(?:{ends}|\d+|-)*", label)
    return {left[1], label} if left else {label}


def _towns(word: str) -> list[Place]:
    """Towns of that name, which a host writes as one word."""
    names = [word, word.replace("-", " "), *(f"{word[:cut]} {word[cut:]}" for cut in range(2, len(word) - 1))]
    known = [c.place for name in names if normal(name) not in everyday() for c in gazetteer.lookup(name) if not c.alias]
    return [place for place in known if place.kind == "city" and place.population >= _LARGE]


@cache
def _homes() -> dict[str, Place]:
    found = {}
    divisions = {form: (land, code) for form, land, code in gazetteer.rows("abbreviations.tsv")}
    for host, town, state in gazetteer.rows("outlets.tsv"):
        land, code = divisions[state]
        places = [c.place for c in gazetteer.lookup(town) if c.place.country == land and c.place.admin1 in {code, None}]
        if places:
            found[host] = max(places, key=lambda place: (place.kind == "city", place.population))
    return found
