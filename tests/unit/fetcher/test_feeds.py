"""Reading feeds of all kinds, and refusing what is none."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fetcher.domain.feeds import BadFeed, FeedEntry, parse

LINK = "https://example.org/1"
TIME = datetime(2024, 3, 22, 17, 42, tzinfo=UTC)

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><item><title>Blast &amp; fire</title>
<link>https://example.org/1</link><guid isPermaLink="false">g1</guid><pubDate>Fri, 22 Mar 2024 17:42:00 GMT</pubDate>
<description>&lt;p&gt;Two  dead&lt;/p&gt;</description></item></channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><id>x</id><entry><id>g1</id>
<title>Blast &amp; fire</title><link rel="alternate" href="https://example.org/1"/><summary>Two dead</summary>
<published>2024-03-22T20:42:00+03:00</published></entry></feed>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>x</title>
</channel><item rdf:about="g1"><title>Blast &amp; fire</title><link>https://example.org/1</link>
<dc:date>2024-03-22T17:42:00Z</dc:date><description>Two dead</description></item></rdf:RDF>"""
JSON_FEED = json.dumps(
    {"version": "https://jsonfeed.org/version/1.1", "items": [
        {"id": "g1", "url": LINK, "title": "Blast & fire", "date_published": "2024-03-22T17:42:00Z",
         "summary": "Two dead", "authors": [{"name": "Ann"}, {"name": "Bo"}]}]}
)  # fmt: skip
SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://example.org/1</loc><news:news>
<news:publication_date>2024-03-22T17:42:00Z</news:publication_date><news:title>Blast &amp; fire</news:title>
</news:news></url></urlset>"""


@pytest.mark.parametrize("feed", [RSS, ATOM, RDF, JSON_FEED, SITEMAP], ids=["rss", "atom", "rdf", "json", "sitemap"])
def test_every_kind_says_the_same(feed: str) -> None:
    (entry,) = parse(feed.encode())
    assert (entry.url, entry.title, entry.published_at, entry.day_only) == (LINK, "Blast & fire", TIME, False)
    if feed is not SITEMAP:
        assert (entry.id, entry.summary) == ("g1", "Two dead")
    if feed is JSON_FEED:
        assert entry.author == "Ann, Bo"


def test_what_is_not_well_made_is_read_too() -> None:
    (entry,) = parse(RSS.replace("</channel></rss>", "").replace("&amp;", "&").encode())
    assert (entry.url, entry.published_at) == (LINK, TIME)


def rss(item: str) -> bytes:
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><item>{item}</item></channel></rss>'.encode()
    )


def only(item: str, base: str | None = None) -> FeedEntry:
    (entry,) = parse(rss(item), base)
    return entry


def test_gaps_are_gaps() -> None:
    assert only("<link>https://example.org/1</link>") == FeedEntry(
        id=only("<link>https://example.org/1</link>").id,
        url=LINK, title=None, published_at=None, day_only=False, summary=None, author=None,
    )  # fmt: skip


def test_a_day_is_no_time() -> None:
    entry = only(
        "<link>https://example.org/1</link><dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2024-03-22</dc:date>"
    )
    assert (entry.published_at, entry.day_only) == (datetime(2024, 3, 22, tzinfo=UTC), True)


def test_links_are_resolved_and_a_permalink_is_a_link() -> None:
    assert only("<title>x</title><link>/1</link>", "https://example.org/feed").url == LINK
    assert only("<title>x</title><guid>https://example.org/1</guid>").url == LINK


def test_no_bytes_that_a_database_refuses() -> None:
    feed = JSON_FEED.replace("Two dead", "Two\\u0000 \\ud800dead")
    assert parse(feed.encode())[0].summary == "Two dead"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf  ", "empty"),
        (b"<html><body>Not found</body></html>", "no feed"),
        (b"plain words", "no feed"),
        (b"\x1f\x8b\x00\xff" * 1000, "no feed"),
        (b"{", "no JSON"),
        (b"{}", "items"),
        (b'{"items": 7}', "items"),
        (b'{"a":' * 100_000, "no JSON"),
        (b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "b">]><rss/>', "entities"),
        (b'<?xml version="1.0"?><sitemapindex xmlns="x"></sitemapindex>', "index"),
    ],
)
def test_no_feed(body: bytes, why: str) -> None:
    with pytest.raises(BadFeed, match=why):
        parse(body)


def test_an_empty_feed_is_a_feed() -> None:
    assert parse(b'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title></channel></rss>') == []


def test_a_feed_without_end_is_cut() -> None:
    items = "<item><link>https://example.org/1</link></item>" * 6000
    assert len(parse(rss(f"</item>{items}<item>"))) == 5000


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_none(body: bytes) -> None:
    with contextlib.suppress(BadFeed):
        parse(body)


@pytest.mark.parametrize("json_feed", ['{"items": [7, null, {}, {"id": 5, "url": [], "title": {}, "authors": 7}]}'])
def test_json_of_wrong_types(json_feed: str) -> None:
    assert [(entry.url, entry.title) for entry in parse(json_feed.encode())] == [(None, None), (None, None)]
