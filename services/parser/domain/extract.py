"""An article read off its page: everything the parser knows, put together."""

from dataclasses import dataclass
from datetime import datetime

from trafilatura.core import bare_extraction
from trafilatura.metadata import Document

from services.parser.domain import dates, language, metadata, wire
from services.parser.domain.dates import Published
from services.parser.domain.document import tree
from services.parser.domain.metadata import Page
from shared.contracts import FeedHints
from shared.fingerprint import minhash
from shared.words import words

# JSON-LD's text wins where extraction found much less: pages that are put together in the browser.
_MUCH_MORE = 1.5
_LONGEST_TEXT = 200_000  # characters; beyond it no page holds one article


@dataclass(frozen=True)
class Reading:
    """`text`: paragraphs parted by newlines; empty where the page has none."""

    url: str | None
    title: str | None
    published: Published | None
    author: str | None
    language: str | None
    text: str
    fingerprint: list[int]
    wire: str | None


def read(html: str, url: str | None, latest: datetime, hints: FeedHints, outlet: str | None = None) -> Reading:
    """Read the page `html`, served from `url`. `latest`: the time it was fetched, no article is younger.

    `hints` is what the feed said: it fills gaps, and helps to tell the headline; so does `outlet`, the outlet's name.
    """
    elements = tree(html)
    if elements is None:
        return Reading(url, hints.title, _hinted(hints), hints.author, hints.language, "", [], None)
    page = Page(elements)
    title = metadata.title(page, hints.title, outlet)
    text = _without_headline(_text(page), title)
    author = metadata.author(page) or hints.author
    return Reading(
        url=metadata.canonical_url(page, url),
        title=title,
        published=dates.published(page, _hinted(hints), latest),
        author=author,
        language=language.detect(text, metadata.declared_language(page) or hints.language),
        text=text,
        fingerprint=minhash(text) if text else [],
        wire=wire.credit(text, author),
    )


def _hinted(hints: FeedHints) -> Published | None:
    return Published(hints.published_at, hints.published_day_only) if hints.published_at else None


def _text(page: Page) -> str:
    document = bare_extraction(page.tree, include_comments=False)
    text = (document.text or "").strip() if isinstance(document, Document) else ""
    body = metadata.article_body(page)
    return (body if body and len(body) > _MUCH_MORE * len(text) else text)[:_LONGEST_TEXT]


def _without_headline(text: str, title: str | None) -> str:
    """Spans in the text must not lie in a second copy of the title."""
    first, _, rest = text.partition("\n")
    return rest.lstrip("\n") if rest and title and words(first) == words(title) else text
