"""One page in, one article out: as a stage's handler and as the batch mode's."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from services.parser.domain.document import TooComplex, decode, is_text
from services.parser.domain.extract import Reading, read
from services.parser.limits import TooSlow, deadline
from shared.clock import Clock, wall
from shared.contracts import ARTICLES_PARSED, ArticleFetched, ArticleParsed, FeedHints, message_id
from shared.stage import Filtered, Incoming, Outgoing, Produced


@dataclass(frozen=True)
class Limits:
    """What is not read: larger pages, and pages that take longer."""

    page_bytes: int
    parse_seconds: float


def handle(message: Incoming[ArticleFetched], limits: Limits) -> Produced | Filtered:
    """The stage's handler. A page that is no text, too large, too slow to read or without text is filtered."""
    page = message.body
    if len(page.body) > limits.page_bytes:
        return Filtered("too_large")
    if not is_text(page.body, page.content_type):
        return Filtered("not_a_page")
    try:
        with deadline(limits.parse_seconds):
            reading = read(decode(page.body, page.content_type), page.url, page.fetched_at, page.hints, page.source)
    except TooSlow:
        return Filtered("too_slow")
    except TooComplex:
        return Filtered("too_large")
    if not reading.text:
        return Filtered("no_text")
    article = _article(page, reading)
    key = str(page.article_id)
    return Produced([Outgoing(ARTICLES_PARSED, key, article, message_id(ARTICLES_PARSED, key, page.version))])


def _article(page: ArticleFetched, reading: Reading) -> ArticleParsed:
    return ArticleParsed(
        article_id=page.article_id,
        version=page.version,
        url=reading.url or page.url,
        feed_url=page.feed_url,
        source=page.source,
        owner=page.owner,
        source_country=page.source_country,
        backfill=page.backfill,
        fetched_at=page.fetched_at,
        title=reading.title,
        text=reading.text,
        published_at=reading.published.at if reading.published else None,
        published_day_only=bool(reading.published and reading.published.day_only),
        author=reading.author,
        language=reading.language,
        fingerprint=reading.fingerprint,
        wire=reading.wire,
    )


def answer(record: dict[str, Any], limits: Limits, clock: Clock = wall) -> dict[str, Any]:
    """The batch mode: `{"id", "url", "content_type", "body" or "html"}` to what the page says, text empty if none.

    Raises ValueError with a reason for a line that holds no page.
    """
    html = _html(record, limits)
    url = record.get("url")
    if url is not None and not isinstance(url, str):
        raise ValueError("url must be a string or null")
    try:
        with deadline(limits.parse_seconds):
            reading = read(html, url, clock(), FeedHints())
    except TooSlow:
        raise ValueError(f"not read within {limits.parse_seconds:g} s") from None
    return {
        "id": record["id"],
        "url": reading.url,
        "title": reading.title,
        "published_at": _written(reading),
        "author": reading.author,
        "language": reading.language,
        "text": reading.text,
    }


def _html(record: dict[str, Any], limits: Limits) -> str:
    html, body, content_type = record.get("html"), record.get("body"), record.get("content_type")
    if isinstance(html, str):
        return html
    if not isinstance(body, str):
        raise ValueError('needs "body" (the page\'s bytes in base64) or "html" (its text)')
    try:
        page = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"body is no base64: {error}") from None
    if len(page) > limits.page_bytes:
        raise ValueError(f"a page of {len(page)} bytes; at most {limits.page_bytes} are read")
    if not is_text(page, content_type):
        raise ValueError(f"no page: {content_type or 'neither HTML nor text'}")
    return decode(page, content_type)


def _written(reading: Reading) -> str | None:
    if reading.published is None:
        return None
    at = reading.published.at
    return at.date().isoformat() if reading.published.day_only else at.isoformat()
