"""What a page says of itself: JSON-LD (schema.org), Open Graph, `<meta>` names, headings."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement
from trafilatura.metadata import extract_author

from shared.words import words

# https://schema.org/Article and its kin; `@type` may be a list
_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review)$")
_NODES_LIMIT = 1000
_SPACE = re.compile(r"\s+")
_MARKUP = re.compile(r"<[^>]*>")
_BY = re.compile(r"^(?:by|von|par|por|da|di|door|av)\s+", re.IGNORECASE)
_LAST_PART = re.compile(r"\s+[-–—|·»:]{1,2}\s+((?:(?!\s[-–—|·»:]{1,2}\s).)+)$")
_LINK = re.compile(r"^(?:https?://|www\.|@)", re.IGNORECASE)

# In the order in which they are believed.
_AUTHOR_NAMES = ("author", "article:author", "byl", "dc.creator", "parsely-author", "sailthru.author")
_LONGEST_AUTHOR, _LONGEST_TITLE, _LONGEST_VALUE = 200, 500, 1000
_TELLING_WORDS = 3  # a heading of fewer may be a section's name


class Page:
    """A page's elements with their `<meta>` values and JSON-LD article read once."""

    def __init__(self, tree: HtmlElement) -> None:
        self.tree = tree
        self._metas: dict[str, str] = {}
        for element in tree.iter("meta"):
            name = element.get("property") or element.get("name") or element.get("itemprop") or ""
            if content := clean((element.get("content") or "")[:_LONGEST_VALUE]):
                self._metas.setdefault(name.strip().lower(), content)
        self.article: dict[str, Any] = next(_articles(tree), {})

    def meta(self, *names: str) -> str | None:
        """The first of these that the page gives."""
        return next((value for name in names if (value := self._metas.get(name))), None)

    def said(self, field: str) -> str | None:
        """A plain value of the JSON-LD article: `headline`, `datePublished` ..."""
        value = self.article.get(field)
        return clean(value[:_LONGEST_VALUE]) if isinstance(value, str) else None


def clean(text: str | None) -> str | None:
    """White space squeezed; None where nothing is left."""
    return _SPACE.sub(" ", text).strip() or None if text else None


def plain(html: str) -> str:
    return _MARKUP.sub(" ", html)


def author(page: Page) -> str | None:
    """Names as printed, several joined by `; `."""
    candidates = ["; ".join(_names(page.article.get("author"))), *(page.meta(name) for name in _AUTHOR_NAMES)]
    for candidate in candidates:
        if candidate and not _LINK.match(candidate) and len(candidate) <= _LONGEST_AUTHOR:
            return _BY.sub("", candidate)
    found = extract_author(page.tree)
    return clean(found[:_LONGEST_AUTHOR]) if found else None


def canonical_url(page: Page, served_from: str | None) -> str | None:
    """The address that the page gives as its own; not believed when it names another host, or only the front page."""
    links = [link.get("href") for link in page.tree.iter("link") if (link.get("rel") or "").lower() == "canonical"]
    for candidate in (*links, page.meta("og:url")):
        if not candidate:
            continue
        try:
            url = urljoin(served_from or "", candidate.strip())
            parts = urlsplit(url)
        except ValueError:
            continue
        if parts.scheme in {"http", "https"} and parts.path.strip("/") and _same_site(url, served_from):
            return str(url)
    return served_from


def declared_language(page: Page) -> str | None:
    """ISO 639-1, as the page declares it: often right, and often what the template was written in."""
    for value in (page.said("inLanguage"), page.tree.get("lang"), page.meta("og:locale", "language")):
        if value and re.match(r"[A-Za-z]{2}(?:[-_]|$)", value):
            return value[:2].lower()
    return None


def article_body(page: Page) -> str | None:
    """The article's text as JSON-LD has it: rare, without furniture, sometimes cut short."""
    body = page.article.get("articleBody")
    if not isinstance(body, str):
        return None
    lines = (clean(plain(line)) for line in body.splitlines())
    return "\n".join(line for line in lines if line) or None


# --- title ------------------------------------------------------------------------------------------------------------


def title(page: Page, hint: str | None = None, outlet: str | None = None) -> str | None:
    """The headline as readers see it: the `<h1>` that the page's own titles agree with, else the best of those.

    Titles meant for search engines and sharing differ from the printed one, and carry the outlet's name, which alone
    is no title. `hint` is the feed's title, `outlet` the outlet's name where it is known.
    """
    outlets = [_words(name) for name in (outlet, page.meta("og:site_name", "application-name")) if name]
    head = clean((page.tree.findtext(".//title") or "")[:_LONGEST_TITLE])
    shared = page.meta("og:title", "twitter:title")
    headline = page.said("headline")
    headings = [text for text in _headings(page, "h1") if not _is_outlet(text, outlets)]
    best = _agreed(headings, [headline, shared, head, hint]) or _opening(head, _headings(page, "h2", "h3"))
    candidates = [best, headline, _without_outlet(shared, outlets), hint, _without_outlet(head, outlets), *headings]
    return next((text for text in candidates if text and not _is_outlet(text, outlets)), None)


def _headings(page: Page, *tags: str) -> list[str]:
    texts = (clean("".join(element.itertext())[:_LONGEST_TITLE]) for element in page.tree.iter(*tags))
    return [text for text in texts if text]


def _opening(head: str | None, headings: list[str]) -> str | None:
    """The lesser heading with which the page's `<title>` begins."""
    return next((text for text in headings if head and head.startswith(text) and len(_words(text)) > 1), None)


def _agreed(headings: list[str], titles: list[str | None]) -> str | None:
    """The heading most like one of the other titles; a long one that stands alone needs no other."""
    if len(headings) == 1 and len(_words(headings[0])) >= _TELLING_WORDS:
        return headings[0]
    witnesses = [said for text in titles if (said := _words(text))]
    scored = [(score, text) for text in headings if (score := _agreement(_words(text), witnesses)) >= 0.5]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def _agreement(one: frozenset[str], witnesses: list[frozenset[str]]) -> float:
    """The greatest overlap (Jaccard) with the words of another title."""
    return max((len(one & other) / len(one | other) for other in witnesses), default=0.0)


def _words(text: str | None) -> frozenset[str]:
    return frozenset(words(text)) if text else frozenset()


def _is_outlet(text: str, outlets: list[frozenset[str]]) -> bool:
    return any(_words(text) <= outlet for outlet in outlets)


def _without_outlet(text: str | None, outlets: list[frozenset[str]]) -> str | None:
    """Cut "| The Daily" off: the outlet's name where it is known, else a short last part."""
    while text and (found := _LAST_PART.search(text)):
        rest, last = text[: found.start()], found[1]
        if not _is_outlet(last, outlets) and len(last) >= len(rest) / 2:
            break
        text = rest
    return text


# --- JSON-LD ----------------------------------------------------------------------------------------------------------


def _articles(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    for script in tree.iterfind('.//script[@type="application/ld+json"]'):
        try:
            document = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        yield from (node for node in _nodes(document) if any(map(_ARTICLE.search, _types(node))))


def _nodes(document: Any) -> Iterator[dict[str, Any]]:
    waiting, seen = [document], 0
    while waiting and seen < _NODES_LIMIT:
        seen += 1
        node = waiting.pop(0)
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            yield node
            waiting.extend(node[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in node)


def _types(node: dict[str, Any]) -> list[str]:
    kind = node.get("@type")
    return [each for each in (kind if isinstance(kind, list) else [kind]) if isinstance(each, str)]


def _names(value: Any) -> list[str]:
    """Of a schema.org `author`: a name, a Person or Organization, or a list of them."""
    if isinstance(value, list):
        return list(dict.fromkeys(name for each in value[:20] if not isinstance(each, list) for name in _names(each)))
    if isinstance(value, dict):
        value = value.get("name")
        if isinstance(value, list):
            return _names(value)
    name = clean(plain(value)) if isinstance(value, str) else None
    return [name] if name and not _LINK.match(name) else []


def _same_site(url: str, other: str | None) -> bool:
    if other is None:
        return True
    one, two = (urlsplit(each).netloc.lower().removeprefix("www.") for each in (url, other))
    return one == two
