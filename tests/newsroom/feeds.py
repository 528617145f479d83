"""Renders an outlet's stories as a feed: RSS 2.0, Atom or JSON Feed. Null titles and dates are left out."""

import json
import re
from collections.abc import Callable, Sequence
from email.utils import format_datetime
from typing import NamedTuple
from xml.etree import ElementTree as ET

from tests.newsroom.stories import Story, digest, instant

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
ET.register_namespace("", ATOM)
ET.register_namespace("dc", DC)
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Format(NamedTuple):
    file_name: str
    content_type: str
    render: Callable[[str, str, Sequence[Story]], bytes]


def rss(source: str, base: str, stories: Sequence[Story]) -> bytes:
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", source)
    _add(channel, "link", base)
    _add(channel, "description", f"News from {source}")
    for story in stories:
        item = ET.SubElement(channel, "item")
        if story.title is not None:
            _add(item, "title", story.title)
        _add(item, "link", base + story.path)
        _add(item, "guid", f"newsroom:{digest(story.id)}", isPermaLink="false")
        _add(item, "description", summary(story))
        time = instant(story.published_at)
        if time is not None and _day_only(story):
            _add(item, f"{{{DC}}}date", story.published_at or "")
        elif time is not None:
            _add(item, "pubDate", format_datetime(time))
    return _xml(root)


def atom(source: str, base: str, stories: Sequence[Story]) -> bytes:
    root = ET.Element(f"{{{ATOM}}}feed")
    _add(root, f"{{{ATOM}}}id", f"{base}#{digest(source)}")
    _add(root, f"{{{ATOM}}}title", source)
    for story in stories:
        entry = ET.SubElement(root, f"{{{ATOM}}}entry")
        _add(entry, f"{{{ATOM}}}id", base + story.path)
        _add(entry, f"{{{ATOM}}}title", story.title or "")
        _add(entry, f"{{{ATOM}}}link", "", rel="alternate", href=base + story.path)
        _add(entry, f"{{{ATOM}}}summary", summary(story))
        if story.published_at is not None:
            _add(entry, f"{{{ATOM}}}published", story.published_at)
            _add(entry, f"{{{ATOM}}}updated", story.published_at)
    return _xml(root)


def json_feed(source: str, base: str, stories: Sequence[Story]) -> bytes:
    items = [
        {
            "id": f"newsroom:{digest(story.id)}",
            "url": base + story.path,
            "title": story.title,
            "summary": summary(story),
            "date_published": story.published_at,
        }
        for story in stories
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": source,
        "home_page_url": base,
        "items": [{name: value for name, value in item.items() if value is not None} for item in items],
    }
    return json.dumps(feed, ensure_ascii=False).encode("utf-8", "replace")


FORMATS = (
    Format("rss.xml", "application/rss+xml; charset=utf-8", rss),
    Format("atom.xml", "application/atom+xml; charset=utf-8", atom),
    Format("feed.json", "application/feed+json; charset=utf-8", json_feed),
)


def format_of(source: str) -> Format:
    """The one format that an outlet publishes."""
    return FORMATS[int(digest(source), 16) % len(FORMATS)]


def summary(story: Story) -> str:
    """The first words, as feeds have them."""
    words = " ".join(story.paragraphs).split(" ")
    return " ".join(words[:30]) + (" …" if len(words) > 30 else "")


def _day_only(story: Story) -> bool:
    return len(story.published_at or "") == len("2019-03-15")


def _add(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = _NOT_XML.sub("", text)


def _xml(root: ET.Element) -> bytes:
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
