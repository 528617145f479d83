"""Takes a file of articles through a running pipeline, to the last alert.

Articles come out in waves, the next one when less than a wave is under way, so that they pass the pipeline nearly in
order of time whatever the speed of its parts. Feeds are polled seldom; those with news are told so, as a hub would.
"""

import json
import sys
import time
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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

WAVE = 25
LOOK_SECONDS = 0.2
STALL_SECONDS = 120.0  # without any progress, after which the run is over and what is missing is told
SETTINGS = {"FETCH_INTERVAL_MIN": "30", "FETCH_INTERVAL_MAX": "30"}  # for the pipeline that is followed

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
    start = moved = time.monotonic()
    before: list[Any] = []
    released = 0
    with tqdm(total=len(articles), unit="article", disable=not sys.stderr.isatty()) as bar:
        while True:
            received = record.read(running.received)
            deliveries = [message.labels["delivery_id"] or "" for message in received]
            books = booking.read(topics, engine, [article.id for article in articles], deliveries)
            now, progress = time.monotonic(), [stage.row() for stage in books.stages]
            if progress != before:
                before, moved = progress, now
            ended = _ended(books)
            bar.update(ended - bar.n)
            if books.balanced or now - moved > STALL_SECONDS:
                break
            if released < len(articles) and released - ended < wave:
                released = _release(running.newsroom, wave)
            _nudge(engine, {article.feed for article in articles[:released] if article.id not in books.stages[0].took})
            time.sleep(LOOK_SECONDS)
    topics.close()
    engine.dispose()
    return Run(books, received, moved - start)


def _release(site: str, count: int) -> int:
    """Let `count` more articles out; returns how many are out."""
    request = urllib.request.Request(f"{site}/-/release?count={count}", method="POST")  # noqa: S310  our own, on loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return int(json.load(answer)["released"])


def _nudge(engine: Engine, feeds: Iterable[str]) -> None:
    """Have feeds polled now."""
    if urls := sorted(feeds):
        with engine.begin() as connection:
            connection.execute(_POLL_NOW, {"urls": urls})


def _ended(books: Books) -> int:
    """Articles that came to their end: in the linker, or before it."""
    stages = {stage.name: stage for stage in books.stages}
    early = sum(len(stages[name].filtered) + len(stages[name].dead) for name in ("fetcher", "parser", "extract"))
    return early + len(stages["link"].took - stages["link"].open)
