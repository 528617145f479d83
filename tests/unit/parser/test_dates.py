"""Publication times: what is written, and which of several to believe."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parser.domain.dates import Published, published, read
from services.parser.domain.document import tree
from services.parser.domain.metadata import Page

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "iso", "day_only"),
    [
        ("2024-03-22T17:42:00Z", "2024-03-22T17:42:00+00:00", False),
        ("2024-03-22T20:42:00+03:00", "2024-03-22T20:42:00+03:00", False),
        ("2024-04-05T10:00:00-0400", "2024-04-05T10:00:00-04:00", False),
        ("2024-03-22 05:00:00", "2024-03-22T05:00:00+00:00", False),
        ("2024-03-22", "2024-03-22T00:00:00+00:00", True),
        ("20240322", "2024-03-22T00:00:00+00:00", True),
        ("2024-03-22T00:00:00", "2024-03-22T00:00:00+00:00", True),
        ("Fri, 22 Mar 2024 17:42:00 +0500", "2024-03-22T17:42:00+05:00", False),
        ("March 4, 2024 5:30 pm EDT", "2024-03-04T17:30:00-04:00", False),
        ("Mon Dec 19 10:00:00 IST 2022", "2022-12-19T10:00:00+05:30", False),
        ("Feb 08, 2022", "2022-02-08T00:00:00+00:00", True),
        ("13/11/2025 09:21:40", "2025-11-13T09:21:40+00:00", False),
        ("2024-03-01 10:00 XYZ", "2024-03-01T10:00:00+00:00", False),
    ],
)
def test_what_is_written(text: str, iso: str, day_only: bool) -> None:
    assert read(text) == Published(datetime.fromisoformat(iso), day_only)


@pytest.mark.parametrize(
    "text",
    [None, "", "yesterday", "03/04/2024", "January 2024", "2024", "2024-02-30", "1709287200", "99999-99-99", "x" * 99],
)
def test_no_date_or_more_than_one(text: str | None) -> None:
    assert read(text) is None


@given(st.text(max_size=70))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = read(text)
    assert found is None or found.at.tzinfo is not None


def page(head: str = "", body: str = "<p>Some text of a page.</p>") -> Page:
    elements = tree(f"<html><head><title>x</title>{head}</head><body>{body}</body></html>")
    assert elements is not None
    return Page(elements)


META = '<meta property="article:published_time" content="{}">'
JSON_LD = '<script type="application/ld+json">{{"@type": "NewsArticle", "datePublished": "{}"}}</script>'
HINT = Published(datetime(2024, 3, 22, 18, tzinfo=UTC))


def when(page: Page, hint: Published | None = None, latest: datetime = NOW) -> str | None:
    found = published(page, hint, latest)
    return found.at.isoformat() + (" day" if found.day_only else "") if found else None


def test_the_page_is_believed_before_the_feed() -> None:
    assert when(page(JSON_LD.format("2024-03-22T17:42:00Z")), HINT) == "2024-03-22T17:42:00+00:00"
    assert when(page(META.format("2024-03-22T17:42:00Z")), HINT) == "2024-03-22T17:42:00+00:00"
    assert when(page(), HINT) == "2024-03-22T18:00:00+00:00"
    assert when(page()) is None


def test_a_day_gets_its_time_from_elsewhere() -> None:
    assert when(page(META.format("2024-03-22")), HINT) == "2024-03-22T18:00:00+00:00"
    assert when(page(META.format("2024-03-21")), HINT) == "2024-03-21T00:00:00+00:00 day"


def test_times_that_cannot_be_are_passed_over() -> None:
    assert when(page(META.format("2029-01-01T10:00:00Z")), HINT) == "2024-03-22T18:00:00+00:00"
    assert when(page(META.format("1970-01-01T00:00:01Z")), HINT) == "2024-03-22T18:00:00+00:00"
    assert when(page(), HINT, latest=HINT.at - timedelta(days=2)) is None


def test_the_zone_in_which_it_is_printed() -> None:
    shown = '<time datetime="2025-12-18T21:46:01-05:00">Thursday</time><p>Some text of a page.</p>'
    assert when(page(META.format("2025-12-19T02:41:41+00:00"), shown)) == "2025-12-18T21:41:41-05:00"


def test_a_date_in_the_text_is_the_last_resort() -> None:
    assert when(page(body="<p>Published on 22 March 2024 by the desk</p>")) == "2024-03-22T00:00:00+00:00 day"


def test_the_address_of_another_article_is_no_date_of_this_one() -> None:
    related = '<p>Read next: <a href="/2019/03/10/harbour-fire">Fire in the harbour</a></p>'
    assert when(page(body=f"<p>Rescuers searched the mosque through the night.</p>{related}")) is None
