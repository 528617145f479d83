"""Run the fetcher, keep its list of feeds, or read feeds with it.

  python -m services.fetcher                     poll feeds, fetch pages -> articles.fetched
  python -m services.fetcher feeds import FILE   add the feeds of a list (YAML, JSON or OPML), or change what it says
  python -m services.fetcher feeds list          every feed with its health
  python -m services.fetcher feeds export        the feeds as OPML
  python -m services.fetcher once                batch mode: feeds on stdin, entries on stdout, no Kafka, no database

examples
  python -m services.fetcher feeds import deploy/feeds.yml
  python -m services.fetcher once --jobs 4 < feeds.jsonl > entries.jsonl

A line of `once` is {"id", "url", "content_type", "body": the feed's bytes in base64}.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine

from services.fetcher import feedlist, store
from services.fetcher.batch import answer
from services.fetcher.domain.politeness import Politeness
from services.fetcher.domain.schedule import Bounds
from services.fetcher.download import Downloads
from services.fetcher.fetching import Fetching
from services.fetcher.parsing import FeedReader
from services.fetcher.polling import Polling
from services.fetcher.robots import Robots
from services.fetcher.service import Fetcher
from services.fetcher.settings import FetcherSettings, allowed_hosts
from services.fetcher.store import SERVICE
from shared.batch import add_jobs_option, run_stdio
from shared.brokers.kafka import KafkaBroker
from shared.database.session import check, make_engine
from shared.outbox import Relay
from shared.run import Process, process, relaying
from shared.settings import DatabaseUrl, load


def main() -> int:
    arguments = _parser().parse_args()
    status: int = arguments.run(arguments)
    return status


def _run(_: argparse.Namespace) -> int:
    settings = load(FetcherSettings)
    engine = make_engine(settings.database_url, SERVICE, pool_size=10)
    broker = KafkaBroker(settings.kafka_bootstrap_servers, settings.topic_prefix)
    checks = {"database": partial(check, engine)}
    with process(SERVICE, settings, checks) as this, relaying(Relay(engine, broker, SERVICE)):
        asyncio.run(_fetch(settings, engine, this))
    return 0


async def _fetch(settings: FetcherSettings, engine: Engine, this: Process) -> None:
    bounds = Bounds(settings.fetch_interval_min, settings.fetch_interval_max, settings.fetch_feed_failures)
    politeness = Politeness(settings.fetch_site_per_second, settings.fetch_site_burst)
    reader = FeedReader()
    async with Downloads(
        settings.fetch_user_agent,
        settings.fetch_seconds,
        2 * settings.fetch_concurrency,
        allowed_hosts(settings.fetch_allowed_hosts),
    ) as downloads:
        fetcher = Fetcher(
            engine,
            Polling(downloads, reader, bounds, settings.fetch_feed_bytes, settings.message_time),
            Fetching(
                downloads,
                Robots(downloads, settings.fetch_user_agent),
                politeness,
                settings.fetch_page_bytes,
                settings.fetch_attempts,
                settings.fetch_retry_seconds,
            ),
            slots=settings.fetch_concurrency,
            lease_seconds=2 * settings.fetch_seconds + 15,  # robots.txt and page, its site's turn, the database
            stop=this.stop,
            health=this.health,
        )
        try:
            await fetcher.run()
        finally:
            reader.close()


def _import(arguments: argparse.Namespace) -> int:
    try:
        feeds = feedlist.read(arguments.file)
    except (feedlist.BadFeedList, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with _database() as connection:
        added, kept = store.import_feeds(connection, feeds)
    print(f"{added} feeds added, {kept} were there")
    return 0


def _list(_: argparse.Namespace) -> int:
    with _database() as connection:
        for feed in store.all_feeds(connection):
            state = feed.disabled_reason or feed.last_error or ("well" if feed.last_success_at else "not polled yet")
            print(f"{feed.source}\t{feed.url}\t{feed.last_status or '-'}\t{state}")
    return 0


def _export(_: argparse.Namespace) -> int:
    with _database() as connection:
        print(feedlist.opml([feed._asdict() for feed in store.all_feeds(connection)]), end="")
    return 0


@contextmanager
def _database() -> Iterator[Connection]:
    engine = make_engine(load(DatabaseUrl).database_url, SERVICE)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _once(arguments: argparse.Namespace) -> int:
    return run_stdio(answer, arguments.jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.fetcher", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(run=_run)
    commands = parser.add_subparsers(metavar="COMMAND")
    feeds = commands.add_parser("feeds", help="the list of feeds").add_subparsers(metavar="ACTION", required=True)
    importing = feeds.add_parser("import", help="add or change feeds; the same list twice changes nothing")
    importing.add_argument("file", type=Path, metavar="FILE", help="YAML or JSON: a list of {url, source, ...}; OPML")
    importing.set_defaults(run=_import)
    feeds.add_parser("list", help="every feed with its health").set_defaults(run=_list)
    feeds.add_parser("export", help="the feeds as OPML").set_defaults(run=_export)
    once = commands.add_parser("once", help="batch mode")
    add_jobs_option(once)
    once.set_defaults(run=_once)
    return parser


if __name__ == "__main__":
    sys.exit(main())
