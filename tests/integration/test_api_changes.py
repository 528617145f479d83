"""What has changed, by asking and by listening: every change once, in order, whatever happens to the server."""

import asyncio
import json
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import aiohttp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from starlette.types import Message

from services.api import event_stream, store
from services.api.app import Options
from services.api.published import Filter, Published
from services.api.tail import Tail
from tests.api_client import api, new_key
from tests.listeners import Listener, Newsroom, Server, in_background, publishing


@pytest.fixture
def newsroom(engine: Engine) -> Iterator[Newsroom]:
    """With one change published."""
    with publishing(engine) as room:
        published(engine, 1)
        yield room


@pytest.fixture
def reader(engine: Engine) -> Iterator[TestClient]:
    with api(engine, options=Options(stream_seconds=1.0, most_listeners=3)) as client:
        yield client


def published(engine: Engine, many: int, seconds: float = 20) -> None:
    """Wait until so many changes are published."""
    deadline = time.monotonic() + seconds
    while True:
        with engine.begin() as connection:
            if connection.execute(text("SELECT count(*) FROM published_changes")).scalar_one() >= many:
                return
        assert time.monotonic() < deadline, "they were never published"
        time.sleep(0.01)


def poll(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.get("/v1/changes", params=asked)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def cursors(page: dict[str, Any]) -> list[int]:
    return [item["cursor"] for item in page["items"]]


def test_pages_of_changes_have_all_of_them_in_order(reader: TestClient, engine: Engine, newsroom: Newsroom) -> None:
    newsroom.publish(24, 1000)
    published(engine, 25)
    page, got = poll(reader, after=0, limit=10), []
    while True:
        got += cursors(page)
        assert page["next_cursor"] == got[-1]
        if not page["more"]:
            break
        page = poll(reader, after=page["next_cursor"], limit=10)
    assert got == list(range(1, 26))
    revisions = [item["change"]["revision"] for item in poll(reader, after=0, limit=500)["items"]]
    assert revisions == list(range(1, 26))
    assert poll(reader) == {"items": [], "next_cursor": 25, "more": False}


def test_a_poll_waits_for_the_next_change_and_not_longer(
    reader: TestClient, engine: Engine, newsroom: Newsroom
) -> None:
    began = time.monotonic()
    publisher = threading.Timer(0.5, newsroom.publish, (1, 1))
    publisher.start()
    assert cursors(poll(reader, wait=20)) == [2]
    assert 0.5 <= time.monotonic() - began < 5
    publisher.join()
    assert poll(reader, after=2, wait=1)["items"] == []


@pytest.mark.usefixtures("newsroom")
@pytest.mark.parametrize("after", [2, 4711, 2**63 - 1])
def test_a_cursor_that_is_not_kept_is_gone(reader: TestClient, after: int) -> None:
    for path in ("/v1/changes", "/v1/stream"):
        answer = reader.get(path, params={"after": after})
        assert answer.status_code == 410
        assert "from 1 to 1" in answer.json()["detail"]


def test_changes_are_forgotten_after_a_week_but_the_cursor_goes_on(
    reader: TestClient, engine: Engine, newsroom: Newsroom
) -> None:
    newsroom.publish(4, 1000)
    published(engine, 5)
    with engine.begin() as connection:
        connection.execute(text("UPDATE published_changes SET published_at = now() - interval '8 days'"))
        store.forget_changes(connection)
    assert cursors(poll(reader, after=0)) == [5]
    assert reader.get("/v1/changes", params={"after": 3}).status_code == 410
    assert poll(reader, after=4)["next_cursor"] == 5
    newsroom.publish(1, 1000)
    assert cursors(poll(reader, after=5, wait=10)) == [6]


def test_a_filter_leaves_out_what_is_not_wanted_and_the_cursor_goes_past_it(
    reader: TestClient, engine: Engine, newsroom: Newsroom
) -> None:
    newsroom.publish(2, 1000)
    published(engine, 3)
    assert cursors(poll(reader, after=0, country="PK", attack_type="bombing_explosion", killed_at_least=5)) == [1, 2, 3]
    assert poll(reader, after=0, country="AF") == {"items": [], "next_cursor": 3, "more": False}
    misspelt = reader.get("/v1/changes", params={"after": 0, "contry": "AF"})
    assert misspelt.status_code == 422
    assert "contry" in misspelt.json()["errors"][0]["where"]


def test_a_change_that_takes_an_event_out_of_a_filter_is_wanted() -> None:
    def snapshot(country: str) -> dict[str, Any]:
        return {"place": {"country": country}, "killed": None, "perpetrators": [], "attack_types": [], "status": "new"}

    left = Published(2, None, {"snapshot": snapshot("AF")}, snapshot("PK"))  # type: ignore[arg-type]
    assert Filter(country=["PK"]).wants(left)
    assert Filter(country=["AF"]).wants(left)
    assert not Filter(country=["IR"]).wants(left)
    assert not Filter(country=["PK"], killed_at_least=1).wants(left)


def test_a_stream_has_the_changes_and_says_why_it_ends(reader: TestClient, engine: Engine, newsroom: Newsroom) -> None:
    newsroom.publish(2, 1000)
    published(engine, 3)
    answer = reader.get("/v1/stream", params={"after": 99}, headers={"Last-Event-ID": "1"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [dict(line.split(": ", 1) for line in one.splitlines()) for one in answer.text.strip().split("\n\n")]
    assert int(events[0]["retry"]) >= 500
    assert [one["id"] for one in events if one.get("event") == "change"] == ["2", "3"]
    assert (events[-1]["event"], json.loads(events[-1]["data"])) == ("end", {"reason": "lifetime"})


@pytest.mark.usefixtures("newsroom")
def test_a_quiet_line_shows_that_it_is_alive(reader: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.2)
    answer = reader.get("/v1/stream")
    assert answer.text.count(": still here\nid: 1\n\n") >= 2


@pytest.mark.usefixtures("newsroom")
def test_a_client_that_takes_nothing_is_let_go(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "SLOW_SECONDS", 0.2)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        if message.get("body", b"").startswith(b"event: change"):
            await asyncio.Event().wait()
        sent.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    stream = event_stream.EventStream(Tail(engine, 1), 0, Filter())
    asyncio.run(asyncio.wait_for(stream({"type": "http"}, receive, send), 10))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert all(message.get("more_body", True) for message in sent), "it must not look complete"


def test_no_more_clients_than_a_process_can_bear(reader: TestClient, newsroom: Newsroom) -> None:
    waiting = [in_background(poll_quietly, reader) for _ in range(3)]
    time.sleep(0.5)
    answers = [reader.get(path) for path in ("/v1/changes", "/v1/stream")]
    for thread in waiting:
        thread.join()
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(503, "5"), (503, "5")]
    assert reader.get("/v1/changes").status_code == 200


def poll_quietly(client: TestClient) -> None:
    client.get("/v1/changes", params={"wait": 2})


@pytest.mark.parametrize(
    ("clients", "changes", "per_second"),
    [
        pytest.param(20, 150, 50.0, marks=pytest.mark.timeout(120)),
        pytest.param(200, 1500, 50.0, marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
def test_each_client_gets_every_change_once_while_the_server_restarts_twice(
    engine: Engine, database_url: str, newsroom: Newsroom, clients: int, changes: int, per_second: float
) -> None:
    key = new_key(engine, "read")
    seconds = changes / per_second
    with Server(database_url, API_REQUESTS_PER_SECOND="10000", API_BURST="10000") as server:
        listeners = [Listener(server.url, key, after="0") for _ in range(clients)]
        beside = (lambda: newsroom.publish(changes, per_second), lambda: restart_twice(server, seconds))
        asyncio.run(listen_all(listeners, changes + 1, beside))
    assert all(listener.got == list(range(1, changes + 2)) for listener in listeners)
    assert all(listener.breaks >= 1 for listener in listeners), "the restarts broke no line"
    assert any(listener.ends for listener in listeners), "the server never said why it ended"


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_thousand_idle_clients_all_get_the_next_change(engine: Engine, database_url: str, newsroom: Newsroom) -> None:
    key = new_key(engine, "read")
    allow_files(3000)
    with Server(database_url, API_REQUESTS_PER_SECOND="10000", API_BURST="10000") as server:
        listeners = [Listener(server.url, key) for _ in range(1000)]
        published_at: list[float] = []

        def publish_when_all_listen() -> None:
            deadline = time.monotonic() + 120
            while server.metric("tocsin_api_listeners") < len(listeners):
                assert time.monotonic() < deadline, "they never all listened"
                time.sleep(0.2)
            published_at.append(time.monotonic())
            newsroom.publish(1, 1)

        asyncio.run(listen_all(listeners, 2, [publish_when_all_listen]))
        seconds, megabytes = time.monotonic() - published_at[0], server.megabytes()
    assert all(listener.got == [2] and listener.breaks == 0 for listener in listeners)
    print(f"1,000 clients: told after {seconds:.2f} s, the server had {megabytes:.0f} MB")
    assert megabytes < 400


def allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def restart_twice(server: Server, seconds: float) -> None:
    for _ in range(2):
        time.sleep(seconds / 4)
        assert server.stop() < 15, "it waited for its listeners"
        server.start()


async def listen_all(listeners: list[Listener], until: int, beside: Iterable[Callable[[], None]]) -> None:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
    ) as session:
        listening = [listener.listen(session, until) for listener in listeners]
        await asyncio.gather(*listening, *(asyncio.to_thread(work) for work in beside))
