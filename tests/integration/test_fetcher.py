"""The fetcher against a real site on loopback and a real database: what it reads, and what it does not fall for."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from sqlalchemy import Engine, text

from services.fetcher import store
from services.fetcher.domain.politeness import Politeness
from services.fetcher.domain.schedule import Bounds
from services.fetcher.domain.timeline import MessageTime
from services.fetcher.download import Downloads
from services.fetcher.fetching import Fetching
from services.fetcher.parsing import FeedReader
from services.fetcher.polling import Polling
from services.fetcher.robots import Robots
from services.fetcher.service import Fetcher
from shared.contracts import article_id
from shared.health import Health
from tests.newsroom.server import application, running
from tests.newsroom.site import Site
from tests.newsroom.stories import read_stories

AGENT = "TestBot"
PATIENCE = 30.0


@contextmanager
def fetching(
    engine: Engine, *sites: str, seconds: float = 2.0, mode: MessageTime = "wall", attempts: int = 2
) -> Iterator[None]:
    """A fetcher at work, allowed to ask `sites`, in a thread of its own."""
    stop = threading.Event()
    allowed = frozenset((urlsplit(site).hostname or "", urlsplit(site).port or 0) for site in sites)

    async def work() -> None:
        reader = FeedReader()
        async with Downloads(AGENT, seconds, 20, allowed) as downloads:
            fetcher = Fetcher(
                engine,
                Polling(downloads, reader, Bounds(1, 1, 10.0), 1_000_000, mode),
                Fetching(downloads, Robots(downloads, AGENT), Politeness(100, 100), 1_000_000, attempts, 0.1),
                slots=20,
                lease_seconds=20,
                stop=stop,
                health=Health(),
            )
            try:
                await fetcher.run()
            finally:
                reader.close()

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def add_feeds(engine: Engine, *urls: str, **said: str) -> None:
    with engine.begin() as connection:
        store.import_feeds(connection, [{"url": url, "source": "The Caravel", **said} for url in urls])


def rows(engine: Engine, query: str) -> list[Mapping[str, Any]]:
    with engine.connect() as connection:
        return [row._asdict() for row in connection.execute(text(query))]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "did not come to pass"
        time.sleep(0.05)


def all_ended(engine: Engine, count: int) -> Callable[[], bool]:
    return lambda: rows(engine, "SELECT count(*) AS n FROM entries WHERE outcome IS NOT NULL")[0]["n"] == count


def entries(engine: Engine) -> dict[str, tuple[str | None, str | None]]:
    """Last part of the address -> outcome and reason."""
    found = rows(engine, "SELECT url, outcome, reason FROM entries")
    return {row["url"].rpartition("/")[2]: (row["outcome"], row["reason"]) for row in found}


def test_every_story_of_the_newsroom_is_fetched_once(engine: Engine) -> None:
    stories = read_stories()
    site = Site(stories)
    with running(application(site)) as base, fetching(engine, base, mode="published"):
        add_feeds(engine, *(str(feed["url"]) for feed in site.feed_list(base)))
        wait_for(all_ended(engine, len(stories)))
        polled = "SELECT min(polls) AS n FROM feeds"
        wait_for(lambda: rows(engine, polled)[0]["n"] >= 2)
    expected = {str(article_id(base + story.path)): story for story in stories}
    ended = rows(engine, "SELECT * FROM entries")
    assert {str(row["article_id"]) for row in ended} == expected.keys()
    assert {row["outcome"] for row in ended} == {"produced"}
    sent = rows(engine, "SELECT topic, key, headers, value FROM outbox ORDER BY id")
    assert sorted(row["key"].decode() for row in sent) == sorted(expected)
    for row in sent:
        story, body = expected[row["key"].decode()], json.loads(row["value"])
        assert b"</html>" in base64.b64decode(body["body"])
        assert body["hints"]["title"] == story.title
        assert body["backfill"] is True
        if story.published_at:
            assert row["headers"]["ce_time"] == story.time.isoformat()
    health = rows(engine, "SELECT last_status, last_error, failures FROM feeds")
    assert {(row["last_status"], row["last_error"], row["failures"]) for row in health} == {(304, None, 0.0)}


def test_a_later_story_is_no_backfill(engine: Engine) -> None:
    site = Site(read_stories())
    with running(application(site, pace=_nothing)) as base, fetching(engine, base):
        site.release(10)
        add_feeds(engine, *(str(feed["url"]) for feed in site.feed_list(base)))
        wait_for(all_ended(engine, 10))
        wait_for(lambda: rows(engine, "SELECT count(*) AS n FROM feeds WHERE polls = 0")[0]["n"] == 0)
        site.release(5)
        wait_for(all_ended(engine, 15))
    assert rows(engine, "SELECT count(*) AS n FROM entries WHERE NOT backfill")[0]["n"] == 5


async def _nothing(_: Site) -> None:
    pass


def test_hostile_pages_cost_only_themselves(engine: Engine) -> None:
    site = Site([])
    with running(application(site, with_hostile=True)) as base, fetching(engine, base, seconds=1.5):
        add_feeds(engine, f"{base}/hostile/feed.xml")
        wait_for(all_ended(engine, 8))
    assert entries(engine) == {
        "huge": ("filtered", "too_large"),
        "bomb": ("filtered", "too_large"),
        "metadata": ("filtered", "private_address"),
        "loop": ("filtered", "too_many_redirects"),
        "slow": ("dead", "timeout"),
        "truncated": ("dead", "connection"),
        "charset": ("produced", None),
        "sound": ("produced", None),
    }
    assert rows(engine, "SELECT count(*) AS n FROM outbox")[0]["n"] == 2


def test_hostile_feeds_show_what_is_wrong_with_them(engine: Engine) -> None:
    site = Site([])
    with running(application(site, with_hostile=True)) as base, fetching(engine, base, seconds=1.5):
        bad = {
            f"{base}/hostile/garbage.xml": "bad_feed: no feed",
            f"{base}/hostile/entities.xml": "bad_feed: declares entities",
            f"{base}/hostile/page/huge": "too_large: more than 1000000 bytes",
            f"{base}/hostile/page/bomb": "too_large: more than 1000000 bytes",
            f"{base}/hostile/page/metadata": "private_address: 169.254.169.254 is not a public address",
            f"{base}/hostile/page/slow": "timeout: no complete answer",
            f"{base}/nowhere/feed": "http_404: HTTP 404",
            "http://127.0.0.1:9/feed": "private_address: 127.0.0.1",
            "http://localhost:9/feed": "private_address: localhost has the address",
            "http://[::ffff:10.0.0.1]/feed": "private_address",
            "ftp://example.org/feed": "bad_url",
        }
        add_feeds(engine, *bad, f"{base}/hostile/feed.xml")
        wait_for(lambda: rows(engine, "SELECT min(polls) AS n FROM feeds")[0]["n"] >= 1)
        wait_for(all_ended(engine, 8))
    health = {row["url"]: row for row in rows(engine, "SELECT * FROM feeds")}
    assert health.pop(f"{base}/hostile/feed.xml")["last_error"] is None
    for url, error in bad.items():
        assert error in health[url]["last_error"], url
        assert health[url]["failures"] > 0
        assert health[url]["last_success_at"] is None


def rss(*links: str) -> bytes:
    items = "".join(f"<item><title>Story</title><link>{link}</link></item>" for link in links)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()


PAGE = "<html><body><h1>Story</h1><p>Some text.</p></body></html>"


class Press:
    """A site whose feed lists pages that answer as told; counts what was asked."""

    def __init__(self, **answers: Callable[[int], web.Response]) -> None:
        self.answers, self.asked = answers, dict.fromkeys([*answers, "robots.txt"], 0)
        self.app = web.Application()
        self.app.add_routes([web.get("/feed", self.feed), web.get("/{name}", self.page)])

    async def feed(self, request: web.Request) -> web.Response:
        links = [f"http://{request.host}/{name}" for name in self.answers if name != "robots"]
        return web.Response(body=rss(*links), content_type="application/rss+xml")

    async def page(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked[name] = self.asked.get(name, 0) + 1
        if name == "robots.txt":
            return self.answers["robots"](0) if "robots" in self.answers else web.Response(status=404)
        return self.answers[name](self.asked[name])


def html(_: int) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


def test_how_each_answer_ends(engine: Engine) -> None:
    press = Press(
        fine=html,
        recovers=lambda times: html(0) if times == 2 else web.Response(status=503),
        down=lambda _: web.Response(status=503),
        missing=lambda _: web.Response(status=404),
        paid=lambda _: web.Response(status=402),
        film=lambda _: web.Response(body=b"\0", content_type="video/mp4"),
        again=lambda _: web.Response(status=302, headers={"Location": "/fine"}),
        moved=lambda _: web.Response(status=301, headers={"Location": "/hidden?x=1"}),
        hidden=html,
        brotli=lambda _: web.Response(body=b"x", headers={"Content-Encoding": "br", "Content-Type": "text/html"}),
        broken=lambda _: web.Response(body=b"xxxx", headers={"Content-Encoding": "gzip", "Content-Type": "text/html"}),
    )
    with running(press.app) as base, fetching(engine, base):
        add_feeds(engine, f"{base}/feed")
        wait_for(all_ended(engine, 11))
    assert entries(engine) == {
        "fine": ("produced", None),
        "recovers": ("produced", None),
        "down": ("dead", "http_503"),
        "missing": ("filtered", "gone"),
        "paid": ("filtered", "forbidden"),
        "film": ("filtered", "content_type"),
        "again": ("filtered", "duplicate"),
        "moved": ("produced", None),
        "hidden": ("produced", None),
        "brotli": ("filtered", "content_encoding"),
        "broken": ("dead", "content_encoding"),
    }
    assert press.asked["robots.txt"] == 1
    assert press.asked["down"] == press.asked["missing"] == 2


def test_robots_are_obeyed(engine: Engine) -> None:
    rules = "User-agent: *\nDisallow: /secret\n"
    press = Press(robots=lambda _: web.Response(text=rules), open=html, secret=html)
    with running(press.app) as base, fetching(engine, base):
        add_feeds(engine, f"{base}/feed")
        wait_for(all_ended(engine, 2))
    assert entries(engine) == {"open": ("produced", None), "secret": ("filtered", "robots")}
    assert press.asked["secret"] == 0


def test_two_fetchers_share_the_work(engine: Engine) -> None:
    press = Press(**{f"page{n}": html for n in range(40)})
    with running(press.app) as base, fetching(engine, base), fetching(engine, base):
        add_feeds(engine, f"{base}/feed")
        wait_for(all_ended(engine, 40))
        time.sleep(0.5)
    assert all(count == 1 for name, count in press.asked.items() if name.startswith("page"))
    assert rows(engine, "SELECT count(*) AS n FROM outbox")[0]["n"] == 40


def test_one_article_in_two_feeds_is_fetched_once(engine: Engine) -> None:
    press = Press(page=html)
    with running(press.app) as base, fetching(engine, base):
        add_feeds(engine, f"{base}/feed", f"{base}/feed?other")
        wait_for(lambda: rows(engine, "SELECT min(polls) AS n FROM feeds")[0]["n"] >= 1)
        wait_for(all_ended(engine, 1))
    assert press.asked["page"] == 1


def test_a_lost_lease_is_taken_over(engine: Engine) -> None:
    """What a fetcher had in hand when it was killed is fetched by the next one."""
    press = Press(page=html)
    with running(press.app) as base:
        add_feeds(engine, f"{base}/feed")
        with engine.begin() as connection:
            connection.execute(text("UPDATE feeds SET lease_until = now() + interval '1 second'"))
        with fetching(engine, base):
            wait_for(all_ended(engine, 1))


def test_a_fetcher_that_stops_gives_back_what_it_had_in_hand(engine: Engine) -> None:
    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        raise AssertionError

    app = web.Application()
    app.add_routes([web.get("/feed", slow)])
    with running(app) as base:
        with fetching(engine, base, seconds=100):
            add_feeds(engine, f"{base}/feed")
            wait_for(lambda: rows(engine, "SELECT lease_until FROM feeds")[0]["lease_until"] is not None)
        feed = rows(engine, "SELECT lease_until, polls, failures FROM feeds")[0]
    assert feed == {"lease_until": None, "polls": 0, "failures": 0.0}


def test_nothing_is_claimed_while_the_broker_is_away(engine: Engine) -> None:
    add_feeds(engine, "http://example.invalid/feed")
    entry = store.NewEntry(
        article_id("http://example.invalid/1"), None, "http://example.invalid/1", {}, datetime.now(UTC)
    )
    with engine.begin() as connection:
        store.add_entries(connection, 1, [entry], backfill=False)
        assert len(store.claim_entries(connection, 10, 0.0)) == 1
        connection.execute(
            text(
                "INSERT INTO outbox (service, topic, key, headers, value)"
                " SELECT 'fetcher', 't', '', '{}', '' FROM generate_series(1, 1000)"
            )
        )
        connection.execute(text("UPDATE entries SET lease_until = NULL"))
        assert store.claim_entries(connection, 10, 0.0) == ()


class Rude(BaseHTTPRequestHandler):
    """Puts bytes into its headers that are no text, and closes where it likes."""

    def do_GET(self) -> None:
        body = rss(f"http://{self.headers['Host']}/page") if self.path == "/feed" else PAGE.encode()
        if self.path == "/robots.txt":
            self.send_error(404)
            return
        self.send_response(200)
        for name in ("ETag", "Last-Modified"):
            self.send_header(name, "\xff\xfe")
        self.send_header("Content-Type", "text/html; charset=\xff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_headers_that_are_no_text(engine: Engine) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Rude)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.server_port}"
        with fetching(engine, base):
            add_feeds(engine, f"{base}/feed")
            wait_for(all_ended(engine, 1))
            wait_for(lambda: rows(engine, "SELECT polls FROM feeds")[0]["polls"] >= 2)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert entries(engine) == {"page": ("produced", None)}
    assert rows(engine, "SELECT last_error FROM feeds")[0]["last_error"] is None
