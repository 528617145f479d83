"""The fetcher's tables: feeds to poll, entries to fetch. Times are the database's, so all fetchers share one clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.fetcher.domain.schedule import Plan
from shared.database.tables import Entry, Feed

SERVICE = "fetcher"  # in the outbox, and for the database

_CLAIM_FEEDS = text("""
    UPDATE feeds SET lease_until = now() + make_interval(secs => :seconds) WHERE id IN (
        SELECT id FROM feeds
        WHERE enabled AND next_poll_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY next_poll_at LIMIT :most FOR UPDATE SKIP LOCKED
    ) RETURNING id, url, source, owner, country, language, etag, last_modified, interval_seconds, polls,
        first_polled_at, failures, lease_until
""")
_CLAIM_ENTRIES = text("""
    UPDATE entries SET lease_until = now() + make_interval(secs => :seconds) WHERE article_id IN (
        SELECT article_id FROM entries
        WHERE outcome IS NULL AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY message_time, article_id LIMIT :most FOR UPDATE SKIP LOCKED
    ) RETURNING article_id, feed_id, url, hints, backfill, message_time, attempts, lease_until
""")
_GIVE_BACK_FEED = text("UPDATE feeds SET lease_until = NULL WHERE id = :id AND lease_until = :lease")
_GIVE_BACK_ENTRY = text("UPDATE entries SET lease_until = NULL WHERE article_id = :id AND lease_until = :lease")
_WAITING = text("SELECT count(*) FROM (SELECT FROM outbox WHERE service = :service LIMIT :most) AS waiting")
_MOST_WAITING = 1000  # messages in the outbox
_FEED_OF = text("SELECT url, source, owner, country, language FROM feeds WHERE id = :id")
_LATER = text("""
    UPDATE entries SET lease_until = NULL, next_at = now() + make_interval(secs => :seconds), attempts = :attempts,
        reason = :reason
    WHERE article_id = :id AND outcome IS NULL
""")


def claim_feeds(connection: Connection, most: int, seconds: float) -> Sequence[Row[Any]]:
    """Feeds that are due, at most `most`; nobody else gets them for `seconds`."""
    return connection.execute(_CLAIM_FEEDS, {"most": most, "seconds": seconds}).all()


def claim_entries(connection: Connection, most: int, seconds: float) -> Sequence[Row[Any]]:
    """Entries that are due, oldest first; none while messages pile up in the outbox, because the broker is away."""
    if connection.scalar(_WAITING, {"service": SERVICE, "most": _MOST_WAITING}) == _MOST_WAITING:
        return ()
    rows = connection.execute(_CLAIM_ENTRIES, {"most": most, "seconds": seconds}).all()
    return sorted(rows, key=lambda row: (row.message_time, row.article_id))


def give_back_feed(connection: Connection, feed: Row[Any]) -> None:
    """The claimed feed was not asked after all."""
    connection.execute(_GIVE_BACK_FEED, {"id": feed.id, "lease": feed.lease_until})


def give_back_entry(connection: Connection, entry: Row[Any]) -> None:
    connection.execute(_GIVE_BACK_ENTRY, {"id": entry.article_id, "lease": entry.lease_until})


def feed_of(connection: Connection, feed_id: int) -> Row[Any]:
    return connection.execute(_FEED_OF, {"id": feed_id}).one()


@dataclass(frozen=True)
class NewEntry:
    article_id: UUID
    guid: str | None
    url: str
    hints: Mapping[str, Any]
    message_time: datetime


def add_entries(connection: Connection, feed_id: int, entries: Sequence[NewEntry], backfill: bool) -> int:
    """Remember entries that no feed has announced before; returns how many these are."""
    if not entries:
        return 0
    # In one order for all, so that two feeds with the same articles wait for one another instead of locking each other.
    ordered = sorted(entries, key=lambda entry: entry.article_id)
    rows = [{**vars(entry), "feed_id": feed_id, "backfill": backfill} for entry in ordered]
    added = connection.execute(insert(Entry).on_conflict_do_nothing().returning(Entry.article_id), rows)
    return len(added.all())


def last_message_time(connection: Connection) -> datetime | None:
    """Of all feeds: in a replay an article without a date has the time of the one before it, whoever published that."""
    return connection.scalar(select(func.max(Entry.message_time)))


@dataclass(frozen=True)
class Answer:
    """What a feed's server said: a status where there was one, an error in words where it failed."""

    status: int | None
    error: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    news: int = 0


def feed_polled(connection: Connection, feed: Row[Any], plan: Plan, answer: Answer) -> None:
    """Write down a poll and when the next one is due, unless the lease was lost to another fetcher."""
    values: dict[str, Any] = {
        "interval_seconds": plan.interval_seconds,
        "failures": plan.failures,
        "next_poll_at": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, plan.wait_seconds),
        "lease_until": None,
        "polls": Feed.polls + 1,
        "last_polled_at": func.now(),
        "last_status": answer.status,
        "last_error": answer.error,
    }
    if plan.disabled_reason:
        values |= {"enabled": False, "disabled_reason": plan.disabled_reason}
    if answer.error is None:
        values |= {"last_success_at": func.now(), "first_polled_at": func.coalesce(Feed.first_polled_at, func.now())}
    if answer.status == 200 and answer.error is None:
        values |= {"etag": answer.etag, "last_modified": answer.last_modified}
    if answer.news:
        values["last_entry_at"] = func.now()
    mine = (Feed.id == feed.id) & (Feed.lease_until == feed.lease_until)
    connection.execute(update(Feed).where(mine).values(**values))


def finish_entry(connection: Connection, entry_id: UUID, outcome: str, reason: str | None) -> bool:
    """Enter how an entry ended; False when it has ended before."""
    open_ = (Entry.article_id == entry_id) & Entry.outcome.is_(None)
    ended = {"outcome": outcome, "reason": reason, "lease_until": None, "finished_at": func.now()}
    done = update(Entry).where(open_).values(**ended, attempts=Entry.attempts + 1).returning(Entry.article_id)
    return connection.scalar(done) is not None


def try_later(connection: Connection, entry_id: UUID, seconds: float, attempts: int, reason: str | None) -> None:
    """Give an entry back: it is due again in `seconds`. `reason`: what went wrong, None where nothing did."""
    values = {"id": entry_id, "seconds": seconds, "attempts": attempts, "reason": reason}
    connection.execute(_LATER, values)


def is_known(connection: Connection, article: UUID) -> bool:
    return connection.scalar(select(Entry.article_id).where(Entry.article_id == article)) is not None


# --- the feed list ----------------------------------------------------------------------------------------------------


def import_feeds(connection: Connection, feeds: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Add feeds, or change what the list says of those that are there; returns how many of each."""
    known = set(connection.scalars(select(Feed.url)))
    for feed in feeds:
        said = {name: value for name, value in feed.items() if name != "url"}
        row = insert(Feed).values(**feed)
        connection.execute(row.on_conflict_do_update(index_elements=[Feed.url], set_=said))
    added = sum(feed["url"] not in known for feed in feeds)
    return added, len(feeds) - added


def all_feeds(connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(select(Feed.__table__).order_by(Feed.source, Feed.url)).all()
