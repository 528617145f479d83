"""From bytes to a tree: which encoding they are in, and the HTML they hold."""

import codecs
from itertools import islice

from lxml.html import HtmlElement
from trafilatura.utils import detect_encoding, load_html
from w3lib.encoding import html_to_unicode, http_content_type_encoding

_TEXT_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"})
_OTHER_STARTS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04")


# The largest of 1,700 real pages has 10,000; some steps of extraction take time by the square.
_MOST_ELEMENTS = 30_000


class TooComplex(ValueError):
    """The page has more elements than an article's page can have."""


def is_text(body: bytes, content_type: str | None) -> bool:
    """False for what a server says is something else than a page, or what plainly is: a PDF, an image, a film."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    return (not kind or kind in _TEXT_TYPES) and not body.startswith(_OTHER_STARTS)


def decode(body: bytes, content_type: str | None) -> str:
    """The text of a page. Bytes that are good UTF-8 are UTF-8, whatever is declared: nothing else looks like it.

    Otherwise as browsers do: byte order mark, Content-Type, `<meta charset>`, and a guess where nothing is said.
    """
    declared = http_content_type_encoding(content_type) if content_type else None
    if not body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not _has_escapes(body):
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    header = f"text/html; charset={declared}" if declared and declared != "utf-8" else None
    _, text = html_to_unicode(header, body, default_encoding="utf-8", auto_detect_fun=_guess)
    return text


def _has_escapes(body: bytes) -> bool:
    """ISO-2022-JP writes Japanese in seven bits, so it passes for UTF-8."""
    return b"\x1b$" in body


def _guess(body: bytes) -> str | None:
    return next(iter(detect_encoding(body)), None)


def tree(html: str) -> HtmlElement | None:
    """The page's elements; None where there is no HTML. Nesting is cut at 256 levels. Raises `TooComplex`."""
    elements = load_html(html) if html.strip() else None
    if elements is not None and next(islice(elements.iter(), _MOST_ELEMENTS, None), None) is not None:
        raise TooComplex(f"more than {_MOST_ELEMENTS} elements")
    return elements
