"""Titles, authors, addresses and languages as pages give them."""

import json

import pytest

from services.parser.domain import metadata
from services.parser.domain.document import tree
from services.parser.domain.metadata import Page


def page(head: str = "", body: str = "", json_ld: object = None, lang: str = "") -> Page:
    script = f'<script type="application/ld+json">{json.dumps(json_ld)}</script>' if json_ld is not None else ""
    elements = tree(f'<html lang="{lang}"><head>{head}{script}</head><body>{body}<p>text</p></body></html>')
    assert elements is not None
    return Page(elements)


OG = '<meta property="og:title" content="{}"><meta property="og:site_name" content="The Caravel">'


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("<title>Blast in Quetta | News</title>", "<h1>Blast in Quetta</h1>", "Blast in Quetta"),
        ("<title>Two dead in Quetta</title>", "<h1>Blast in Quetta market</h1>", "Blast in Quetta market"),
        (OG.format("Blast kills two"), "<h1>The Caravel</h1>", "Blast kills two"),
        (OG.format("Blast kills two"), "<h1>News</h1><h1>Blast kills two</h1><h1>Sport</h1>", "Blast kills two"),
        (OG.format("Blast kills two - The Caravel"), "", "Blast kills two"),
        (OG.format("The Caravel"), "", None),
        ("<title>Blast kills two - World news from all over</title>", "<h2>Blast kills two</h2>", "Blast kills two"),
        ("<title>Two-day siege - what we know | The Caravel</title>", "", "Two-day siege - what we know"),
        ("", "<h1> Blast\n kills  two </h1>", "Blast kills two"),
        ("", "", None),
    ],
)  # fmt: skip
def test_title(head: str, body: str, expected: str | None) -> None:
    assert metadata.title(page(head, body)) == expected


def test_the_headline_of_json_ld() -> None:
    article = {
        "@context": "https://schema.org",
        "@graph": [{"@type": "WebPage"}, {"@type": ["NewsArticle"], "headline": "Blast"}],
    }
    assert metadata.title(page("<title>x</title>", json_ld=article)) == "Blast"


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Ann Lee", "Ann Lee"),
        ({"@type": "Person", "name": " Ann  Lee "}, "Ann Lee"),
        ([{"name": "Ann Lee"}, {"name": "AFP"}, "Bo"], "Ann Lee; AFP; Bo"),
        ({"name": ["Ann Lee", "Bo"]}, "Ann Lee; Bo"),
        ({"name": "https://example.org/ann"}, "By the desk"),
        (None, "By the desk"),
        (7, "By the desk"),
    ],
)
def test_author(author: object, expected: str) -> None:
    found = metadata.author(
        page('<meta name="author" content="By the desk">', json_ld={"@type": "Article", "author": author})
    )
    assert found == expected.removeprefix("By ")


@pytest.mark.parametrize(
    "script", ["{", "[" * 100_000, "null", "7", '{"@graph": {"@graph": 1}}', '{"@type": 3}', "[[[]]]"]
)
def test_broken_json_ld_is_no_json_ld(script: str) -> None:
    elements = tree(
        f'<html><head><script type="application/ld+json">{script}</script></head><body><p>x</p></body></html>'
    )
    assert elements is not None
    assert Page(elements).article == {}


HERE = "https://caravel.example/2024/03/blast?ref=x"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<link rel="canonical" href="https://www.caravel.example/2024/03/blast">', "https://www.caravel.example/2024/03/blast"),
        ('<link rel="canonical" href="/2024/03/blast">', "https://caravel.example/2024/03/blast"),
        ('<link rel="canonical" href="https://caravel.example/">', HERE),
        ('<link rel="canonical" href="https://elsewhere.example/copied">', HERE),
        ('<link rel="canonical" href="javascript:alert(1)">', HERE),
        ('<link rel="canonical" href="http://[bad">', HERE),
        ('<meta property="og:url" content="https://caravel.example/2024/03/blast">', "https://caravel.example/2024/03/blast"),
        ("", HERE),
    ],
)  # fmt: skip
def test_canonical_url(head: str, expected: str) -> None:
    assert metadata.canonical_url(page(head), HERE) == expected


def test_declared_language() -> None:
    assert metadata.declared_language(page(lang="ur-PK")) == "ur"
    assert metadata.declared_language(page('<meta property="og:locale" content="fr_FR">')) == "fr"
    assert metadata.declared_language(page(json_ld={"@type": "Article", "inLanguage": "de"}, lang="en")) == "de"
    assert metadata.declared_language(page(lang="english")) is None
