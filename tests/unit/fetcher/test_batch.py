"""The batch mode: a feed's bytes in, its entries out."""

import base64
from typing import Any

import pytest

from services.fetcher.batch import answer

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>
<item><title>Blast</title><link>/1</link><guid>g1</guid><pubDate>Fri, 22 Mar 2024 17:42:00 GMT</pubDate></item>
<item><title>Fire</title><link>/2</link></item></channel></rss>"""


def test_entries() -> None:
    body = base64.b64encode(FEED).decode()
    found = answer({"id": "f", "url": "https://example.org/feed", "content_type": None, "body": body})
    first, second = found["entries"]
    assert first == {
        "id": "g1",
        "url": "https://example.org/1",
        "title": "Blast",
        "published_at": "2024-03-22T17:42:00+00:00",
        "summary": None,
    }
    assert (second["url"], second["title"], second["published_at"]) == ("https://example.org/2", "Fire", None)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"id": "f"}, "needs"),
        ({"id": "f", "body": "%"}, "no base64"),
        ({"id": "f", "body": base64.b64encode(b"words").decode()}, "no feed"),
    ],
)
def test_lines_that_hold_no_feed(line: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        answer(line)
