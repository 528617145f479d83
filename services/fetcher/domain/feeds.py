"""Reading feeds: RSS 0.9-2.0, Atom, RDF, JSON Feed, news sitemaps."""

import calendar
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

import fastfeedparser
import feedparser
from lxml import etree

_MOST_ENTRIES = 5000
_LONGEST_TITLE, _LONGEST_SUMMARY, _LONGEST_ID = 500, 2000, 500
_HEAD = 4096  # bytes in which a document says what it is
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]*>")
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")  # no database and no XML takes them
_SITEMAP = re.compile(rb"<(?:\w+:)?(urlset|sitemapindex)\b")


class BadFeed(ValueError):
    """The bytes are no feed; the message says why."""


@dataclass(frozen=True)
class FeedEntry:
    """One entry as the feed has it. `day_only`: `published_at` is midnight UTC of the day given."""

    id: str | None
    url: str | None
    title: str | None
    published_at: datetime | None
    day_only: bool
    summary: str | None
    author: str | None


def parse(body: bytes, url: str | None = None) -> list[FeedEntry]:
    """The entries of a feed, in its order; relative links are resolved against `url`. Raises `BadFeed`."""
    head = body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        raise BadFeed("empty")
    if _ENTITY.search(body[: 16 * _HEAD]):
        raise BadFeed("declares entities, which no feed needs")
    if head.startswith(b"{"):
        found = _json_feed(body)
    elif sitemap := _SITEMAP.search(head):
        found = _sitemap(body, sitemap[1])
    else:
        found = _xml_feed(body)
    return [_entry(each, url) for each, _ in zip(found, range(_MOST_ENTRIES), strict=False)]


Raw = dict[str, Any]  # id, url, title, published, summary, author, as found


def _xml_feed(body: bytes) -> Iterator[Raw]:
    """fastfeedparser reads what is well made, forty times faster; feedparser reads the rest."""
    try:
        entries = fastfeedparser.parse(body).entries
    except Exception:  # noqa: BLE001 - it raises all sorts of things; the other one decides
        entries = []
    if entries:
        for each in entries:
            yield {**each, "url": each.get("link"), "published": each.get("published") or each.get("updated"),
                   "summary": each.get("description")}  # fmt: skip
        return
    document = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    if not document.entries and (document.bozo or not document.version):
        raise BadFeed(f"no feed: {_brief(document.get('bozo_exception'))}")
    for each in document.entries:
        moment = each.get("published_parsed") or each.get("updated_parsed")
        yield {**each, "url": each.get("link"), "published": moment and calendar.timegm(moment)}


def _brief(error: object) -> str:
    text = " ".join(str(error or "neither RSS nor Atom").split())
    return text[:200]


def _json_feed(body: bytes) -> Iterator[Raw]:
    """https://www.jsonfeed.org/version/1.1/"""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadFeed(f"no JSON: {error}") from None
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise BadFeed("JSON, but no JSON Feed: items are missing")
    for item in items:
        if isinstance(item, dict):
            authors = item.get("authors") or [item.get("author")]
            names = (
                [each.get("name") for each in authors if isinstance(each, dict)] if isinstance(authors, list) else []
            )
            yield {
                "id": item.get("id"),
                "url": item.get("url") or item.get("external_url"),
                "title": item.get("title"),
                "published": item.get("date_published") or item.get("date_modified"),
                "summary": item.get("summary") or item.get("content_text") or item.get("content_html"),
                "author": ", ".join(name for name in names if isinstance(name, str)),
            }


def _sitemap(body: bytes, kind: bytes) -> Iterator[Raw]:
    """https://www.sitemaps.org/protocol.html with Google's news extension."""
    if kind == b"sitemapindex":
        raise BadFeed("an index of sitemaps: put the news sitemaps that it lists into the feed list")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise BadFeed(f"no sitemap: {error}") from None
    if root is None:
        raise BadFeed("no sitemap: no element in it")
    for url in root.iterfind("{*}url"):
        yield {
            "url": url.findtext("{*}loc"),
            "title": url.findtext("{*}news/{*}title"),
            "published": url.findtext("{*}news/{*}publication_date") or url.findtext("{*}lastmod"),
        }


def _entry(raw: Raw, base: str | None) -> FeedEntry:
    url, entry_id = _text(raw.get("url")), _text(raw.get("id"))
    if not url and entry_id and entry_id.startswith(("http://", "https://")):
        url = entry_id
    published = _moment(raw.get("published"))
    return FeedEntry(
        id=entry_id[:_LONGEST_ID] if entry_id else None,
        url=_joined(base, url) if url and base else url,
        title=_shortened(raw.get("title"), _LONGEST_TITLE),
        published_at=published,
        day_only=published is not None and published.time() == time.min,
        summary=_shortened(raw.get("summary"), _LONGEST_SUMMARY),
        author=_shortened(raw.get("author"), _LONGEST_TITLE),
    )


def _moment(value: object) -> datetime | None:
    """In UTC; a time without zone is taken as UTC."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    if not isinstance(value, str):
        return None
    for reading in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = reading(value.strip())
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def _text(value: object) -> str | None:
    return _UNWANTED.sub("", value).strip() or None if isinstance(value, str) else None


def _shortened(value: object, longest: int) -> str | None:
    """Plain text: no markup, white space squeezed."""
    text = _text(value[: 20 * longest]) if isinstance(value, str) else None
    return " ".join(_MARKUP.sub(" ", text).split())[:longest] or None if text else None
