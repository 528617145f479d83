"""When an article was published: an instant with its zone where the page says so, else the day."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from dateutil import parser as written
from htmldate import find_date
from lxml.html import HtmlElement

from services.parser.domain.metadata import Page

_EARLIEST_YEAR = 1995
_FUTURE = timedelta(days=1)  # clocks and zones are set wrong by hours
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DAY_ONLY = re.compile(r"\d{4}-?\d{2}-?\d{2}")
_NUMERIC = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}\b")

# Abbreviations that news sites print, as hours from UTC. IST is India's here, CST and BST America's and Britain's.
_ZONES = {
    "GMT": 0, "UTC": 0, "WET": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "PKT": 5, "IST": 5.5,
    "WIB": 7, "ICT": 7, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_ZONE_SECONDS = {name: int(hours * 3600) for name, hours in _ZONES.items()}

# In the order in which they are believed; the first was right on 92 % of the development pages that have it.
_META_NAMES = ("article:published_time", "og:article:published_time", "og:published_time")
_MORE_META_NAMES = (
    "datepublished", "date", "pubdate", "publishdate", "publish-date", "publish_date", "dc.date", "dc.date.issued",
    "dcterms.created", "dcterms.date", "parsely-pub-date", "sailthru.date", "article.published",
    "cxenseparse:recs:publishtime", "publication_date", "rnews:datepublished",
)  # fmt: skip


@dataclass(frozen=True)
class Published:
    """`day_only`: `at` is midnight UTC of the day given."""

    at: datetime
    day_only: bool = False


def read(text: str | None) -> Published | None:
    """A date as pages and feeds write it; None where it is none, or may be two ("03/04/2024").

    A time without a zone is taken as UTC.
    """
    text = (text or "").strip()
    if not 8 <= len(text) <= 64 or _ambiguous(text):
        return None
    if _DAY_ONLY.fullmatch(text):
        return _day(text)
    for reading in (datetime.fromisoformat, _as_written):
        try:
            at = reading(text)
        except (ValueError, OverflowError):
            continue
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return Published(at, day_only=at.time() == time.min and not at.utcoffset())  # so templates write a day
    return None


def published(page: Page, hint: Published | None, latest: datetime) -> Published | None:
    """The publication time: what the page declares, else the feed's word (`hint`), else a date found on the page.

    Dates before 1995 or after `latest` (the time of fetching) are mistakes and passed over.
    """
    declared = [when for text in _declared(page) if (when := read(text)) and plausible(when, latest)]
    hints = [hint] if hint and plausible(hint, latest) else []
    for candidate in (*declared, *hints):
        return _local(_timed(candidate, declared + hints), page)
    found = _found(page, latest)
    return found if found and plausible(found, latest) else None


def plausible(when: Published, latest: datetime) -> bool:
    return when.at.year >= _EARLIEST_YEAR and when.at <= latest + _FUTURE


def _declared(page: Page) -> Iterator[str | None]:
    yield from (page.meta(name) for name in _META_NAMES)
    yield from (page.said("datePublished"), page.said("dateCreated"))
    yield from (page.meta(name) for name in _MORE_META_NAMES)
    yield from (element.get("datetime") for element in page.tree.iterfind('.//time[@itemprop="datePublished"]'))


def _timed(when: Published, others: list[Published]) -> Published:
    """Where only the day is declared: the time of day from another place that agrees on the day."""
    if not when.day_only:
        return when
    same = (other for other in others if not other.day_only and other.at.date() == when.at.date())
    return next(same, when)


def _local(when: Published, page: Page) -> Published:
    """The same instant in the zone the page prints it in, where it is declared in UTC: "on Friday" is a local day."""
    if when.day_only or when.at.utcoffset():
        return when
    for element in page.tree.iter("time"):
        shown = read(element.get("datetime"))
        if shown and not shown.day_only and shown.at.utcoffset() and abs(shown.at - when.at) < timedelta(days=1):
            return replace(when, at=when.at.astimezone(shown.at.tzinfo))
    return when


def _found(page: Page, latest: datetime) -> Published | None:
    """htmldate's search over address, markup and text. It reads months in many languages, and gives a day."""
    tree = _without_links(page.tree)
    day = find_date(tree, original_date=True, extensive_search=True, max_date=latest + _FUTURE)
    return _day(day) if day else None


def _without_links(tree: HtmlElement) -> HtmlElement:
    """The addresses of other articles carry their dates, not this one's."""
    copy = deepcopy(tree)
    for link in copy.iter("a"):
        link.attrib.pop("href", None)
    return copy


def _day(text: str) -> Published | None:
    try:
        return Published(datetime.combine(date.fromisoformat(text), time.min, UTC), day_only=True)
    except ValueError:
        return None


def _ambiguous(text: str) -> bool:
    """Day and month cannot be told apart, or the year is not written out."""
    numeric = _NUMERIC.match(text)
    if numeric:
        one, two = int(numeric[1]), int(numeric[2])
        return one <= 12 and two <= 12 and one != two
    return not _YEAR.search(text) and not _DAY_ONLY.fullmatch(text)


def _as_written(text: str) -> datetime:
    # Two defaults: what the text does not give shows as a difference, and a date needs year, month and day.
    one, two = (written.parse(text, default=default, tzinfos=_zone) for default in _DEFAULTS)
    if one.date() != two.date():
        raise ValueError("no full date")
    return one


def _zone(name: str | None, offset: int | None) -> int | None:
    return offset if offset is not None else _ZONE_SECONDS.get(name or "")


_DEFAULTS = (datetime(2000, 1, 1), datetime(2001, 2, 2))  # noqa: DTZ001 - what is written may have no zone
