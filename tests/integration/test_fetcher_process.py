"""`python -m services.fetcher` and `python -m services.parser` as processes, from a feed list to parsed articles."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.broker import KafkaBroker, create_topics
from shared.contracts import ARTICLES_PARSED, ArticleParsed, Topic
from shared.envelope import Incoming, decode
from tests.newsroom.server import application, running
from tests.newsroom.site import Site
from tests.newsroom.stories import read_stories

ROOT = Path(__file__).parents[2]
STORIES = 25
PATIENCE = 50.0


@pytest.fixture
def environ(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> dict[str, str]:
    create_topics(kafka_bootstrap, topic_prefix)
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "TOPIC_PREFIX": topic_prefix,
        "FETCH_INTERVAL_MIN": "1",
        "FETCH_INTERVAL_MAX": "1",
        "MESSAGE_TIME": "published",
    }


@contextmanager
def process(environ: Mapping[str, str], *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs in the block; is asked to end after it, and must do so soon and well."""
    with subprocess.Popen([sys.executable, "-m", *command], env=dict(environ), cwd=ROOT) as started:
        yield started
        started.send_signal(signal.SIGTERM)
        assert started.wait(15) == 0


def run(environ: Mapping[str, str], *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *command], env=dict(environ), cwd=ROOT, capture_output=True, text=True, check=False
    )


def read(environ: Mapping[str, str], topic: Topic, count: int) -> list[Incoming[ArticleParsed]]:
    """The first `count` messages of a topic, as soon as they are there."""
    found: list[Incoming[ArticleParsed]] = []
    broker = KafkaBroker(environ["KAFKA_BOOTSTRAP_SERVERS"], environ["TOPIC_PREFIX"])
    consumer, deadline = broker.consumer("test", topic.name, 100), time.monotonic() + PATIENCE
    while len(found) < count and time.monotonic() < deadline:
        found += [decode(record, topic) for records in consumer.poll(0.5).values() for record in records]
    consumer.close()
    return found


def test_from_the_feed_list_to_parsed_articles(environ: dict[str, str], tmp_path: Path) -> None:
    stories = read_stories()[:STORIES]
    site = Site(stories)
    with running(application(site, with_hostile=True)) as base:
        environ["FETCH_ALLOWED_HOSTS"] = base.removeprefix("http://")
        feeds = tmp_path / "feeds.json"
        feeds.write_text(json.dumps(site.feed_list(base)))
        count = len(site.feed_list(base))
        for told in (f"{count} feeds added, 0 were there\n", f"0 feeds added, {count} were there\n"):
            assert run(environ, "services.fetcher", "feeds", "import", str(feeds)).stdout == told
        with process(environ, "services.fetcher"), process(environ, "services.parser"):
            parsed = read(environ, ARTICLES_PARSED, STORIES)
        assert str(site.feed_list(base)[0]["url"]) in run(environ, "services.fetcher", "feeds", "list").stdout
    by_url = {base + story.path: story for story in stories}
    assert len({message.body.article_id for message in parsed}) == STORIES
    for message in parsed:
        story = by_url[message.body.url]
        assert message.body.title == story.title
        assert message.body.text.split("\n") == [" ".join(paragraph.split()) for paragraph in story.paragraphs]
        assert message.body.source == story.source
        if story.published_at:
            assert message.time == story.time


def test_a_missing_setting_is_told(environ: dict[str, str]) -> None:
    del environ["DATABASE_URL"]
    ended = run(environ, "services.fetcher")
    assert ended.returncode == 2
    assert "DATABASE_URL: missing" in ended.stderr


def test_a_bad_feed_list_is_told_and_changes_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.yml"
    feeds.write_text("- {url: 'http://example.org/feed', source: x}\n- {url: 'nonsense', source: y}\n")
    ended = run(environ, "services.fetcher", "feeds", "import", str(feeds))
    assert ended.returncode == 1
    assert "feed 2 (nonsense), url" in ended.stderr
    assert run(environ, "services.fetcher", "feeds", "import", str(tmp_path / "none.yml")).returncode == 1
    assert run(environ, "services.fetcher", "feeds", "list").stdout == ""
