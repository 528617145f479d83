"""Asking one feed: what it says goes into the tables, entries and health in one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from services.fetcher import store
from services.fetcher.domain import schedule
from services.fetcher.domain.feeds import BadFeed, FeedEntry
from services.fetcher.domain.schedule import Bounds
from services.fetcher.domain.timeline import MessageTime, Timed, oldest_first
from services.fetcher.domain.urls import BadUrl, canonical
from services.fetcher.download import Download, DownloadError, Downloads, Wanted
from services.fetcher.parsing import FeedReader
from shared.contracts import FeedHints, article_id

log = structlog.get_logger(__name__)

_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True)
class Answer:
    """What a poll brought: `found` and its entries, or an error."""

    found: Download | None = None
    entries: Sequence[FeedEntry] = ()
    error: DownloadError | None = None


@dataclass(frozen=True)
class Polling:
    """Asks feeds. `ask` goes to the web, `record` to the database; they are apart so that no transaction waits."""

    downloads: Downloads
    reader: FeedReader
    bounds: Bounds
    most_bytes: int
    message_time: MessageTime

    async def ask(self, feed: Row[Any]) -> Answer:
        wanted = Wanted(self.most_bytes, accept=_ACCEPT)
        known = (feed.etag, feed.last_modified) if schedule.is_conditional(feed.polls) else (None, None)
        try:
            found = await self.downloads.get(feed.url, wanted, *known)
            entries = await self.reader.read(found.body, found.url) if found.status == 200 else []
            return Answer(found, entries)
        except DownloadError as error:
            return Answer(error=error)
        except BadFeed as error:
            return Answer(error=DownloadError("bad_feed", str(error), status=200))

    def record(self, connection: Connection, feed: Row[Any], answer: Answer, now: datetime) -> int:
        """Write down what the feed said; returns how many of its entries are new."""
        if answer.error is not None or answer.found is None:
            self._record_failure(connection, feed, answer.error)
            return 0
        found = answer.found
        if found.status == 304:
            plan = schedule.after_unchanged(feed.interval_seconds, feed.failures, self.bounds)
            store.feed_polled(connection, feed, plan, store.Answer(304))
            return 0
        before = store.last_message_time(connection) if self.message_time == "published" else None
        timed = oldest_first(answer.entries, self.message_time, now, before)
        news = store.add_entries(connection, feed.id, list(_new(timed, feed)), backfill=feed.first_polled_at is None)
        plan = schedule.after_success(feed.interval_seconds, news, self.bounds)
        said = store.Answer(200, None, found.etag, found.last_modified, news)
        store.feed_polled(connection, feed, plan, said)
        return news

    def _record_failure(self, connection: Connection, feed: Row[Any], error: DownloadError | None) -> None:
        assert error is not None  # noqa: S101 - an answer is found or failed
        plan = schedule.after_failure(
            feed.interval_seconds, feed.failures, error.severity, error.status, error.retry_after, self.bounds
        )
        store.feed_polled(connection, feed, plan, store.Answer(error.status, f"{error.reason}: {error}"))
        log.warning("feed failed", feed=feed.url, reason=error.reason, error=str(error), disabled=plan.disabled_reason)


def _new(timed: Sequence[Timed], feed: Row[Any]) -> Iterator[store.NewEntry]:
    for each in timed:
        entry = each.entry
        try:
            url = canonical(entry.url or "")
        except BadUrl:
            continue  # an entry without a page has nothing to be read
        hints = FeedHints(
            title=entry.title,
            published_at=entry.published_at,
            published_day_only=entry.day_only,
            summary=entry.summary,
            author=entry.author,
            language=feed.language,
        )
        yield store.NewEntry(article_id(url), entry.id, url, hints.model_dump(mode="json"), each.time)
