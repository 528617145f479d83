"""Feeds and pages carry a story whole, and nothing where the story has nothing."""

from dataclasses import replace
from html.parser import HTMLParser

import fastfeedparser
import pytest

from tests.newsroom.feeds import FORMATS, Format, format_of
from tests.newsroom.pages import LAYOUTS, article_page, layout_of
from tests.newsroom.stories import Story, read_stories

BASE = "http://127.0.0.1:1"
STORIES = read_stories()
NASTY = replace(STORIES[0], title='<b>"Ampersand" & Söhne</b>', text="One & <two>\n\n</script><script>x()\x00\x0b!")


def source_with_layout(layout: int) -> str:
    return next(name for name in map(str, range(100)) if layout_of(name) == layout)


class Paragraphs(HTMLParser):
    """What stands in <p> elements, and which <script> elements there are."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        if tag == "p":
            self.found.append("")
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "p":
            self.found[-1] += data
        if self._inside == "script":
            self.scripts[-1] += data


def contains(outer: list[str], inner: list[str]) -> bool:
    return any(outer[start : start + len(inner)] == inner for start in range(len(outer)))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)
def test_page_has_every_paragraph_in_order(story: Story) -> None:
    found = Paragraphs(article_page(story, BASE, STORIES[:3])).found
    assert [text for text in found if text in story.paragraphs] == story.paragraphs


@pytest.mark.parametrize("layout", range(LAYOUTS))
def test_text_is_escaped(layout: int) -> None:
    page = Paragraphs(article_page(replace(NASTY, source=source_with_layout(layout)), BASE, [NASTY]))
    assert contains(page.found, ["One & <two>", "</script><script>x()\x00\x0b!"])
    assert not any("x()" in script for script in page.scripts)


@pytest.mark.parametrize("layout", range(LAYOUTS))
def test_page_says_nothing_of_a_title_or_date_that_is_not_there(layout: int) -> None:
    story = replace(STORIES[0], source=source_with_layout(layout), title=None, published_at=None)
    page = article_page(story, BASE, []).decode()
    assert "None" not in page
    assert "null" not in page
    assert "headline" not in page
    assert "publi" not in page.replace("publisher", "")


@pytest.mark.parametrize("layout", [0, 1])
def test_metadata_gives_the_date_as_the_file_has_it(layout: int) -> None:
    story = replace(STORIES[0], source=source_with_layout(layout), published_at="2019-03-24")
    assert '"2019-03-24"' in article_page(story, BASE, []).decode()


@pytest.mark.parametrize("feed_format", FORMATS, ids=lambda feed_format: feed_format.file_name)
def test_feed_lists_every_story(feed_format: Format) -> None:
    entries = parse(feed_format, STORIES)
    assert [entry["url"] for entry in entries] == [BASE + story.path for story in STORIES]
    assert [entry["title"] or None for entry in entries] == [story.title for story in STORIES]
    for entry, story in zip(entries, STORIES, strict=True):
        assert (entry["date"] is None) == (story.published_at is None)
        assert len(entry["summary"]) > 20


@pytest.mark.parametrize("feed_format", FORMATS, ids=lambda feed_format: feed_format.file_name)
def test_feed_survives_markup_and_control_characters(feed_format: Format) -> None:
    [entry] = parse(feed_format, [NASTY])
    assert "Ampersand" in entry["title"]
    assert "One" in entry["summary"]


def test_all_formats_are_in_use() -> None:
    assert {format_of(story.source) for story in STORIES} == set(FORMATS)
    assert {layout_of(story.source) for story in STORIES} == set(range(LAYOUTS))


def parse(feed_format: Format, stories: list[Story]) -> list[dict[str, str]]:
    entries = fastfeedparser.parse(feed_format.render("The Caravel", BASE, stories)).entries
    names = {"url": "link", "title": "title", "date": "published", "summary": "description"}
    return [{name: entry.get(key) for name, key in names.items()} for entry in entries]
