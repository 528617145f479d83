"""Where an outlet is at home, from its host name: local papers leave out what every reader knows."""

import re
from functools import cache
from urllib.parse import urlsplit

from services.enricher.domain.where import gazetteer
from services.enricher.domain.where.gazetteer import Place

_HOST = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}", re.IGNORECASE)
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
    return next((place for host in hosts if (place := _homes().get(host))), None)


def country(source: str | None) -> str | None:
    """The country of an outlet, ISO code: of its town, else of its national domain."""
    if place := home(source):
        return place.country
    ending = (source or "").casefold().rpartition(".")[2]
    code = {"uk": "GB"}.get(ending, ending.upper())
    return code if ending not in _ANYBODY and code in gazetteer.countries() else None


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
