"""Renders a story as an HTML page among realistic furniture. Outlets differ in layout and in what metadata they give:
layout 0 JSON-LD and Open Graph, layout 1 meta tags and a <time>, layout 2 nothing at all."""

import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from tests.newsroom.feeds import format_of
from tests.newsroom.stories import Story, digest

LAYOUTS = 3
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def layout_of(source: str) -> int:
    """The layout of all pages of an outlet. Its digest is shifted so that layout and feed format do not go together."""
    return (int(digest(source), 16) // 8) % LAYOUTS


def article_page(story: Story, base: str, others: Sequence[Story]) -> bytes:
    """The page of `story`; `others` are the outlet's stories that it links to, `base` is the site's address."""
    template = _templates.get_template(f"layout{layout_of(story.source)}.html")
    page = template.render(story=story, url=base + story.path, others=others, json_ld=_json_ld(story, base))
    return page.encode("utf-8", "replace")


def front_page(source: str, outlet: str, stories: Sequence[Story]) -> bytes:
    """An outlet's front page: its headlines, newest first, and where its feed is."""
    page = _templates.get_template("front.html").render(
        source=source, outlet=outlet, format=format_of(source), stories=stories
    )
    return page.encode("utf-8", "replace")


def _json_ld(story: Story, base: str) -> Markup:
    article = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "datePublished": story.published_at,
        "inLanguage": story.language,
        "mainEntityOfPage": base + story.path,
        "publisher": {"@type": "NewsMediaOrganization", "name": story.source},
    }
    text = json.dumps({name: value for name, value in article.items() if value is not None}, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  in a script element only "<" could end it
