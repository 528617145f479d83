"""The newsroom over HTTP."""

import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from shared.contracts import article_id
from tests.newsroom import hostile
from tests.newsroom.pace import held, in_waves, per_second
from tests.newsroom.server import TURN_SECONDS, application, running
from tests.newsroom.site import Site
from tests.newsroom.stories import read_stories


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A site on which nothing is out yet."""
    with (
        running(application(Site(read_stories()), held, with_hostile=True)) as base,
        httpx.Client(base_url=base) as http,
    ):
        yield http


def feeds(client: httpx.Client) -> dict[str, str]:
    return {feed["source"]: feed["url"] for feed in client.get("/-/feeds").json()}


def listed(client: httpx.Client) -> int:
    """How many stories all feeds list together."""
    marks = ("<item>", "<entry>", '"summary"')
    return sum(client.get(url).text.count(mark) for url in feeds(client).values() for mark in marks)


def wait_for(client: httpx.Client, released: int) -> None:
    deadline = time.monotonic() + 5
    while client.get("/-/state").json()["released"] < released:
        assert time.monotonic() < deadline, client.get("/-/state").json()
        time.sleep(0.02)


def test_feeds_and_pages_show_only_what_is_out(client: httpx.Client) -> None:
    first, second = read_stories()[:2]
    assert listed(client) == 0
    client.post("/-/release?count=1")
    assert listed(client) == 1
    assert first.paragraphs[-1] in client.get(first.path).text
    assert client.get(second.path).status_code == 404
    assert client.post("/-/release").json() == {"stories": 99, "released": 99, "read": 1}
    assert listed(client) == 99
    assert client.post("/-/release?count=many").status_code == 400


def test_site_says_when_an_article_came_out(client: httpx.Client) -> None:
    first = read_stories()[0]
    path = f"/-/out/{article_id(str(client.base_url).rstrip('/') + first.path)}"
    assert client.get(path).status_code == 404
    before = datetime.now(UTC)
    client.post("/-/release?count=1")
    assert before <= datetime.fromisoformat(client.get(path).text) <= datetime.now(UTC)
    assert client.get("/-/out/nonsense").status_code == 404


def test_feed_answers_304_until_it_changes(client: httpx.Client) -> None:
    url = feeds(client)["Meridian Wire"]
    before = client.get(url)
    known = {"If-None-Match": before.headers["ETag"], "If-Modified-Since": before.headers["Last-Modified"]}
    assert client.get(url, headers=known).status_code == 304
    assert client.get(url, headers={"If-Modified-Since": known["If-Modified-Since"]}).status_code == 304
    client.post("/-/release?count=1")
    after = client.get(url, headers=known)
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]


def test_page_waits_for_those_before_it(client: httpx.Client) -> None:
    first, second, third = read_stories()[:3]
    client.post("/-/release?count=3")
    with ThreadPoolExecutor(2) as readers:
        later = [readers.submit(client.get, story.path) for story in (third, second)]
        time.sleep(TURN_SECONDS / 4)
        assert not any(page.done() for page in later)
        assert client.get(first.path).status_code == 200
        start = time.monotonic()
        assert [page.result().status_code for page in later] == [200, 200]
        assert time.monotonic() - start < TURN_SECONDS / 2


def test_page_does_not_wait_for_one_that_nobody_wants(client: httpx.Client) -> None:
    _, second, third = read_stories()[:3]
    client.post("/-/release?count=3")
    start = time.monotonic()
    client.get(second.path)
    assert TURN_SECONDS <= time.monotonic() - start < TURN_SECONDS + 2
    client.get(third.path)
    assert time.monotonic() - start < TURN_SECONDS + 2


def test_front_page_names_the_feed(client: httpx.Client) -> None:
    client.post("/-/release")
    page = client.get("/the-caravel/").text
    assert 'rel="alternate"' in page
    assert feeds(client)["The Caravel"].endswith(page.partition('href="')[2].partition('"')[0])
    assert client.get("/no-such-outlet/").status_code == 404


def test_waves_wait_until_the_last_one_was_read() -> None:
    stories = read_stories()[:6]
    with running(application(Site(stories), in_waves(2, patience=60))) as base, httpx.Client(base_url=base) as client:
        wait_for(client, 2)
        client.get(stories[0].path)
        time.sleep(0.2)
        assert client.get("/-/state").json() == {"stories": 6, "released": 2, "read": 1}
        client.get(stories[1].path)
        wait_for(client, 4)


def test_waves_do_not_wait_for_ever() -> None:
    site = Site(read_stories()[:4])
    with running(application(site, in_waves(2, patience=0.1))) as base, httpx.Client(base_url=base) as client:
        wait_for(client, 4)


def test_stories_come_out_at_a_pace() -> None:
    with running(application(Site(read_stories()), per_second(50))) as base, httpx.Client(base_url=base) as client:
        wait_for(client, 3)
        assert client.get("/-/state").json()["released"] < 99


def test_hostile_pages_are_what_they_say(client: httpx.Client) -> None:
    assert client.get("/hostile/feed.xml").text.count("<item>") == len(hostile.PAGES)
    assert client.get("/hostile/page/metadata").headers["Location"] == hostile.METADATA
    assert client.get("/hostile/page/loop").headers["Location"] == "/hostile/page/loop"
    assert "<p>" in client.get("/hostile/page/sound").text
    with pytest.raises(UnicodeDecodeError):
        client.get("/hostile/page/charset").content.decode("utf-8")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/hostile/page/truncated")
    with client.stream("GET", "/hostile/page/huge") as response:
        assert sum(map(len, response.iter_raw())) >= hostile.HUGE
    with pytest.raises(httpx.ReadTimeout):
        client.get("/hostile/page/slow", timeout=httpx.Timeout(5, read=0.3))


def test_the_bomb_unpacks_to_a_gigabyte(client: httpx.Client) -> None:
    packed = client.build_request("GET", "/hostile/page/bomb")
    response = client.send(packed, stream=True)
    raw = b"".join(response.iter_raw())
    assert len(raw) < 3_000_000
    chunks = hostile.bomb_chunks()
    header, block = next(chunks), next(chunks)
    assert raw.startswith(header + block)
    decoded = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(header + block * 3)
    assert len(decoded) == 3 * 2**20
