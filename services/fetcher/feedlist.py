"""The list of feeds as a file: YAML (JSON is YAML too) or OPML."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import yaml
from lxml import etree
from pydantic import TypeAdapter, ValidationError

from services.fetcher.domain.listed import ListedFeed


class BadFeedList(ValueError):
    """The file, the entry and what is wrong with it."""


_LIST = TypeAdapter(list[ListedFeed])


def read(file: Path) -> list[dict[str, Any]]:
    """The feeds of a file, checked; raises `BadFeedList` with every fault."""
    entries = _opml(file) if file.suffix.lower() in (".opml", ".xml") else _yaml(file)
    try:
        feeds = _LIST.validate_python(entries)
    except ValidationError as error:
        faults = (_fault(entries, fault["loc"], fault["msg"]) for fault in error.errors(include_url=False))
        raise BadFeedList("\n".join(f"{file}: {fault}" for fault in faults)) from None
    urls = [feed.url for feed in feeds]
    if twice := sorted({url for url in urls if urls.count(url) > 1}):
        raise BadFeedList("\n".join(f"{file}: {url} stands there twice" for url in twice))
    return [feed.model_dump() for feed in feeds]


def opml(feeds: Iterable[Mapping[str, Any]]) -> str:
    """The feeds as OPML 2.0, for other readers."""
    outlines = [
        f"    <outline type={quoteattr('rss')} text={quoteattr(feed['source'])} xmlUrl={quoteattr(feed['url'])}/>"
        for feed in feeds
    ]
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', "  <head><title>Tocsin</title></head>",
         "  <body>", *outlines, "  </body>", "</opml>", ""]
    )  # fmt: skip


def _yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadFeedList(f"{file}: no YAML: {error}") from None


def _opml(file: Path) -> list[dict[str, str]]:
    """http://opml.org/spec2.opml: every outline with an `xmlUrl`, in whatever folder."""
    try:
        root = etree.fromstring(file.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise BadFeedList(f"{file}: no OPML: {error}") from None
    outlines = (each for each in root.iter("outline") if each.get("xmlUrl"))
    return [{"url": each.get("xmlUrl"), "source": each.get("title") or each.get("text") or ""} for each in outlines]


def _fault(entries: Any, place: Sequence[int | str], message: str) -> str:
    """`feed 3 (https://...), country: String should match ...`"""
    if not place or not isinstance(place[0], int):
        return f"must be a list of feeds, each with url and source: {message}"
    entry = entries[place[0]]
    url = entry.get("url") if isinstance(entry, dict) else entry
    field = ".".join(map(str, place[1:])) or "entry"
    return f"feed {place[0] + 1} ({url}), {field}: {message}"
