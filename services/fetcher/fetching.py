"""Getting the page of one entry: how it ended and the message that it makes, in one transaction."""

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Connection, Row

from services.fetcher import store
from services.fetcher.domain import schedule
from services.fetcher.domain.politeness import Politeness
from services.fetcher.domain.urls import BadUrl, canonical, site
from services.fetcher.download import Download, DownloadError, Downloads, Wanted
from services.fetcher.robots import Robots
from shared import outbox, telemetry
from shared.contracts import ARTICLES_FETCHED, ArticleFetched, FeedHints, article_id, message_id
from shared.envelope import Outgoing

log = structlog.get_logger(__name__)

PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"})
_ACCEPT = "text/html, application/xhtml+xml, */*;q=0.1"
_LONGEST_WAIT = 5.0  # seconds that an entry waits for its site's turn; beyond that it is given back

# What no second try will change is filtered, under these words; what may is tried again, and dead in the end.
_FILTERED = {
    "http_401": "forbidden", "http_402": "forbidden", "http_403": "forbidden", "http_451": "forbidden",
    "http_404": "gone", "http_410": "gone",
}  # fmt: skip


@dataclass(frozen=True)
class Fetching:
    """Fetches pages. `fetch` goes to the web, `record` to the database."""

    downloads: Downloads
    robots: Robots
    politeness: Politeness
    most_bytes: int
    attempts: int
    retry_seconds: float

    async def fetch(self, entry: Row[Any]) -> "Download | DownloadError | Later":
        """The page, why there is none, or that it is not its site's turn."""
        try:
            if not await self.robots.allows(entry.url):
                return DownloadError("robots", "robots.txt forbids it")
            if (wait := self._wait(entry.url)) > _LONGEST_WAIT:
                return Later(wait)
            await asyncio.sleep(wait)
            return await self.downloads.get(entry.url, Wanted(self.most_bytes, PAGE_TYPES, _ACCEPT))
        except DownloadError as error:
            return error

    def _wait(self, url: str) -> float:
        """Seconds until the site may be asked."""
        if self.downloads.is_allowed(url):
            return 0.0
        name = site(urlsplit(url).hostname or "")
        wait = self.politeness.wait(name, monotonic())
        if wait > _LONGEST_WAIT:
            self.politeness.give_back(name)
        return wait

    def record(
        self, connection: Connection, entry: Row[Any], found: "Download | DownloadError | Later", now: datetime
    ) -> str | None:
        """Write down how it went; returns the outcome, None where the entry will be tried again."""
        match found:
            case Later(seconds):
                store.try_later(connection, entry.article_id, seconds, entry.attempts, None)
                return None
            case DownloadError():
                return self._record_failure(connection, entry, found)
        if _is_elsewhere(connection, entry, found.url):
            return _finish(connection, entry, "filtered", "duplicate")
        outcome = _finish(connection, entry, "produced", None)
        if outcome is not None:
            message = _message(entry, store.feed_of(connection, entry.feed_id), found, now)
            outbox.enqueue(connection, store.SERVICE, [message])
        return outcome

    def _record_failure(self, connection: Connection, entry: Row[Any], error: DownloadError) -> str | None:
        attempts = entry.attempts + 1
        if error.transient and attempts < self.attempts:
            wait = schedule.page_retry(attempts, self.retry_seconds, error.retry_after)
            store.try_later(connection, entry.article_id, wait, attempts, error.reason)
            return None
        log.warning("page failed", url=entry.url, reason=error.reason, error=str(error), attempts=attempts)
        if error.transient and error.reason not in _FILTERED:
            return _finish(connection, entry, "dead", error.reason)
        return _finish(connection, entry, "filtered", _FILTERED.get(error.reason, error.reason))


@dataclass(frozen=True)
class Later:
    """The site was asked too often lately."""

    seconds: float


def _finish(connection: Connection, entry: Row[Any], outcome: str, reason: str | None) -> str | None:
    if not store.finish_entry(connection, entry.article_id, outcome, reason):
        return None
    telemetry.OUTCOMES.labels(store.SERVICE, outcome, reason or "").inc()
    return outcome


def _is_elsewhere(connection: Connection, entry: Row[Any], url: str) -> bool:
    """Whether redirects led to the page of another entry."""
    try:
        target = article_id(canonical(url))
    except BadUrl:
        return False
    return target != entry.article_id and store.is_known(connection, target)


def _message(entry: Row[Any], feed: Row[Any], page: Download, now: datetime) -> Outgoing:
    version = hashlib.sha256(page.body).hexdigest()[:16]
    body = ArticleFetched(
        article_id=entry.article_id,
        version=version,
        url=page.url,
        feed_url=feed.url,
        source=feed.source,
        owner=feed.owner,
        source_country=feed.country,
        backfill=entry.backfill,
        fetched_at=now,
        content_type=page.content_type,
        body=base64.b64encode(page.body),
        hints=FeedHints.model_validate(entry.hints),
    )
    key = str(entry.article_id)
    return Outgoing(ARTICLES_FETCHED, key, body, message_id(ARTICLES_FETCHED, key, version), entry.message_time)
