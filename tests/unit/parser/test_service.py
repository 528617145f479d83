"""One page in, one article out; and pages that are none."""

import base64
import contextlib
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from services.parser.domain.document import decode
from services.parser.domain.extract import read
from services.parser.limits import TooSlow, deadline
from services.parser.service import Limits, answer, handle
from shared.contracts import ARTICLES_PARSED, ArticleFetched, ArticleParsed, FeedHints, article_id, message_id
from shared.stage import Filtered, Incoming, Produced
from tests.newsroom.pages import article_page
from tests.newsroom.stories import Story, read_stories

LIMITS = Limits(page_bytes=100_000, parse_seconds=10)
NOW = datetime(2024, 4, 1, 12, tzinfo=UTC)
URL = "https://caravel.example/2024/03/blast"
PARAGRAPH = "At least two people were killed when a bomb went off at a market on Friday, police said. "
PAGE = f"<html><head><title>Blast</title></head><body><h1>Blast kills two</h1><p>{PARAGRAPH * 3}</p></body></html>"


def message(body: bytes, content_type: str | None = "text/html", **more: Any) -> Incoming[ArticleFetched]:
    page = ArticleFetched(
        article_id=article_id(URL),
        version="v1",
        url=URL,
        feed_url="https://caravel.example/feed",
        source="The Caravel",
        owner="Caravel Group",
        source_country="PK",
        backfill=True,
        fetched_at=NOW,
        content_type=content_type,
        body=base64.b64encode(body),
        **more,
    )
    return Incoming("m1", NOW, page, None, "articles.fetched", 0, 0, NOW, None)


def parsed(message: Incoming[ArticleFetched]) -> ArticleParsed:
    result = handle(message, LIMITS)
    assert isinstance(result, Produced)
    (out,) = result.messages
    assert out.topic is ARTICLES_PARSED
    assert out.key == str(message.body.article_id)
    assert out.id == message_id(ARTICLES_PARSED, message.body.article_id, "v1")
    assert isinstance(out.body, ArticleParsed)
    return out.body


def test_an_article_keeps_what_the_fetcher_knew() -> None:
    page = message(PAGE.encode()).body
    article = parsed(message(PAGE.encode()))
    for name in (
        "article_id",
        "version",
        "url",
        "feed_url",
        "source",
        "owner",
        "source_country",
        "backfill",
        "fetched_at",
    ):
        assert getattr(article, name) == getattr(page, name)
    assert article.title == "Blast kills two"
    assert article.text == (PARAGRAPH * 3).strip()
    assert article.language == "en"
    assert len(article.fingerprint) == 128
    assert article.published_at is None


def test_the_feed_fills_gaps() -> None:
    hints = FeedHints(
        title="From the feed", published_at=datetime(2024, 3, 22, 17, tzinfo=UTC), author="AFP", language="en"
    )
    bare = f"<html><head></head><body><p>{PARAGRAPH * 3}</p></body></html>"
    article = parsed(message(bare.encode(), hints=hints))
    assert (article.title, article.author, article.wire) == ("From the feed", "AFP", "AFP")
    assert article.published_at == datetime(2024, 3, 22, 17, tzinfo=UTC)
    assert article.published_day_only is False


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", "text/html", "no_text"),
        (b"<html><head><title>Blast</title></head><body></body></html>", "text/html", "no_text"),
        (b"\x00\xff\xfe" * 100, None, "no_text"),
        (b"%PDF-1.7 ...", "text/html", "not_a_page"),
        (b"{}", "application/json", "not_a_page"),
        (b"<html>" + b" " * 100_001, "text/html", "too_large"),
        (b"<html><body>" + b"<p>" * 32_000, "text/html", "too_large"),
    ],
)
def test_what_is_no_article_is_filtered_with_its_reason(body: bytes, content_type: str | None, reason: str) -> None:
    assert handle(message(body, content_type), LIMITS) == Filtered(reason)


def test_a_page_that_takes_too_long_is_filtered() -> None:
    assert handle(message(PAGE.encode()), Limits(100_000, 0.000_1)) == Filtered("too_slow")


def test_time_is_up_even_where_errors_are_swallowed() -> None:
    with pytest.raises(TooSlow), deadline(0.05):
        while True:
            with contextlib.suppress(Exception):
                time.sleep(1)


@pytest.mark.parametrize("story", read_stories(), ids=lambda story: story.id)
def test_newsroom_pages_give_the_story_and_nothing_else(story: Story) -> None:
    """Three layouts among menus, share bars, related stories and cookie banners."""
    html = decode(article_page(story, "http://x.example", []), None)
    reading = read(html, None, datetime.now(UTC), FeedHints(), story.source)
    assert reading.text.split("\n") == [" ".join(paragraph.split()) for paragraph in story.paragraphs]
    assert reading.title == story.title
    assert reading.language == story.language
    if reading.published and not reading.published.day_only:
        assert reading.published.at == story.time


# --- batch mode ---


def test_batch_from_bytes_and_from_text() -> None:
    expected = {
        "id": "1", "url": URL, "title": "Blast kills two", "published_at": None, "author": None, "language": "en",
        "text": (PARAGRAPH * 3).strip(),
    }  # fmt: skip
    body = base64.b64encode(PAGE.encode()).decode()
    assert answer({"id": "1", "url": URL, "content_type": "text/html", "body": body}, LIMITS) == expected
    assert answer({"id": "1", "url": URL, "html": PAGE}, LIMITS) == expected


def test_batch_of_a_page_without_text_is_an_answer() -> None:
    assert answer({"id": "1", "url": None, "html": ""}, LIMITS)["text"] == ""


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"id": "1"}, 'needs "body"'),
        ({"id": "1", "body": 7}, 'needs "body"'),
        ({"id": "1", "body": "%%%"}, "no base64"),
        ({"id": "1", "body": "x"}, "no base64"),
        ({"id": "1", "html": "x", "url": 7}, "url must be"),
        ({"id": "1", "body": base64.b64encode(b"x" * 100_001).decode()}, "100001 bytes"),
        ({"id": "1", "body": base64.b64encode(b"%PDF").decode()}, "no page"),
        ({"id": "1", "html": "<html><body>" + "<br>" * 40_000}, "elements"),
    ],
)
def test_batch_lines_that_hold_no_page(line: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        answer(line, LIMITS)
