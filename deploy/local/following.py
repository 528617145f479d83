"""Takes a file of articles through a running pipeline, to the last alert.

Articles come out in small waves, the next one when less than a wave is under way, so that they pass the pipeline
nearly in order of time whatever the speed of its parts. Feeds are polled seldom; those with news are told so, as a hub
would.
"""

import json
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from tqdm import tqdm

from deploy.local import booking
from deploy.local.books import Books
from deploy.local.pipeline import Pipeline
from deploy.local.sinks import record
from deploy.local.sinks.record import Received
from shared.brokers.kafka import KafkaBroker
from shared.contracts import article_id
from shared.database.session import make_engine
from tests.newsroom.feeds import format_of
from tests.newsroom.stories import read_stories

WAVE = 8
LOOK_SECONDS = 0.05  # between looks at whether another wave may come out
BOOKS_SECONDS = 1.0  # between readings of the books
STALL_SECONDS = 120.0  # without any progress, after which the run is over and what is missing is told
SETTINGS = {"FETCH_INTERVAL_MIN": "30", "FETCH_INTERVAL_MAX": "30"}  # for the pipeline that is followed

_LINKED = text("SELECT count(*) FROM inbox WHERE consumer = 'link'")
_KNOWN = text("SELECT article_id FROM entries WHERE article_id = ANY(CAST(:ids AS uuid[]))")
_POLL_NOW = text("""
    UPDATE feeds SET next_poll_at = now() WHERE url = ANY(:urls) AND next_poll_at > now() AND lease_until IS NULL
""")


@dataclass(frozen=True)
class Served:
    """An article that the newsroom has or will have on its site."""

    id: str  # article id
    story: str  # id in the file
    feed: str


@dataclass(frozen=True)
class Run:
    """A file that has been taken through."""

    books: Books
    received: Sequence[Received]
    seconds: float  # from the first article that came out to the last thing that happened


def served(news: Path, site: str) -> list[Served]:
    """Every article of `news` as the newsroom at `site` serves it, in order of time."""
    return [
        Served(
            str(article_id(site + story.path)), story.id, f"{site}/{story.outlet}/{format_of(story.source).file_name}"
        )
        for story in read_stories(news)
    ]


def follow(running: Pipeline, articles: Sequence[Served], wave: int = WAVE) -> Run:
    """Let all articles out and wait until each came to its end, or until nothing moves any more.

    The pipeline's newsroom must hold them back (`speed="held"`). Books that do not balance say where things stand.
    """
    engine = make_engine(running.parts.database_url, "replay")
    topics = booking.Topics(KafkaBroker(running.parts.bootstrap))
    tap = _Tap(running.newsroom, engine, articles, wave)
    start = moved = time.monotonic()
    before: list[Any] = []
    with tqdm(total=len(articles), unit="article", disable=not sys.stderr.isatty()) as bar:
        while True:
            tap.turn(BOOKS_SECONDS)
            received = [message for message in record.read(running.received) if message.sink != record.EDIT]
            deliveries = [message.labels["delivery_id"] or "" for message in received]
            books = booking.read(topics, engine, [article.id for article in articles], deliveries)
            now, progress = time.monotonic(), [stage.row() for stage in books.stages]
            if progress != before:
                before, moved = progress, now
            tap.early = _ended_early(books)
            bar.update(tap.early + tap.linked - bar.n)
            if books.balanced or now - moved > STALL_SECONDS:
                break
    topics.close()
    engine.dispose()
    return Run(books, received, moved - start)


@dataclass
class _Tap:
    """Lets the newsroom's articles out, a wave whenever less than one is under way."""

    newsroom: str
    engine: Engine
    articles: Sequence[Served]
    wave: int
    out: int = 0
    linked: int = 0
    early: int = 0  # articles that ended before the linker
    unseen: dict[str, str] = field(
        default_factory=dict
    )  # article id -> feed, of those out that the fetcher has not seen

    def turn(self, seconds: float) -> None:
        """Go on for some time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self.engine.begin() as connection:
                self.linked = connection.execute(_LINKED).scalar_one()
                if self.out < len(self.articles) and self.out - self.early - self.linked < self.wave:
                    self._release()
                for known in connection.scalars(_KNOWN, {"ids": list(self.unseen)}):
                    del self.unseen[str(known)]
                connection.execute(_POLL_NOW, {"urls": sorted(set(self.unseen.values()))})
            time.sleep(LOOK_SECONDS)

    def _release(self) -> None:
        address = f"{self.newsroom}/-/release?count={self.wave}"
        request = urllib.request.Request(address, method="POST")  # noqa: S310  our own, on loopback
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            out = int(json.load(answer)["released"])
        self.unseen |= {article.id: article.feed for article in self.articles[self.out : out]}
        self.out = out


def _ended_early(books: Books) -> int:
    """Articles that came to their end before the linker."""
    stages = {stage.name: stage for stage in books.stages}
    return sum(len(stages[name].filtered) + len(stages[name].dead) for name in ("fetcher", "parser", "extract"))
