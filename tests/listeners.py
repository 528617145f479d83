"""For tests of the stream: the API as a process that can be stopped and started, changes that a relay publishes, and
clients that listen, come again after a break, and write down what they got."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

import aiohttp
from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from deploy.local.ports import free_port
from services.enricher.linker import on_published
from services.enricher.store.reviews import outgoing
from shared.broker import MemoryBroker
from shared.contracts import EVENTS_CHANGED, EventChanged
from shared.database.tables import Revision
from shared.outbox import Relay, enqueue
from tests.api_client import link
from tests.builders import NOON, enriched, frame, toll

ROOT = Path(__file__).parents[1]


class Server:
    """`python -m services.api` on a port that stays the same."""

    def __init__(self, database_url: str, **environ: str) -> None:
        self.port = free_port()
        self.health_port = free_port()
        ports = {"API_PORT": str(self.port), "HEALTH_PORT": str(self.health_port)}
        self._environ = os.environ | environ | ports | {"DATABASE_URL": database_url}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, seconds: float = 90) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.api"], cwd=ROOT, env=self._environ, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + seconds
        while True:
            try:
                with urlopen(f"{self.url}/health/ready", timeout=2):  # noqa: S310 - our own server
                    return
            except OSError:
                assert self.process.poll() is None, "the server has died"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Returns how many seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - began

    def metric(self, name: str) -> float:
        with urlopen(f"http://127.0.0.1:{self.health_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def megabytes(self) -> float:
        """What the process has in memory."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Newsroom:
    """Changes of one event, written as the linker writes them and published by a relay."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        link(engine, enriched("caravel/1", frame(killed=toll(5))))
        with engine.begin() as connection:
            body = connection.execute(select(Revision.body)).scalar_one()
            self._last = EventChanged.model_validate(body)
        self._put(self._last)

    def publish(self, many: int, per_second: float) -> None:
        began = time.monotonic()
        for n in range(many):
            time.sleep(max(0.0, began + n / per_second - time.monotonic()))
            self._next()

    def _next(self) -> None:
        number = self._last.revision + 1
        snapshot = self._last.snapshot.model_copy(update={"revision": number})
        self._last = self._last.model_copy(update={"revision": number, "snapshot": snapshot})
        with self._engine.begin() as connection:
            connection.execute(
                insert(Revision).values(
                    event_id=self._last.event_id,
                    revision=number,
                    change=self._last.change,
                    material=self._last.material,
                    alertable=self._last.alertable,
                    body=self._last.model_dump(mode="json"),
                    message_time=NOON,
                )
            )
            enqueue(connection, "link", [outgoing(self._last, NOON)])

    def _put(self, change: EventChanged) -> None:
        with self._engine.begin() as connection:
            enqueue(connection, "link", [outgoing(change, NOON)])


@contextmanager
def publishing(engine: Engine) -> Iterator[Newsroom]:
    relay = Relay(engine, MemoryBroker([EVENTS_CHANGED]), "link", on_published)
    relay.start()
    try:
        yield Newsroom(engine)
    finally:
        relay.stop()


class Listener:
    """One client: `got` has the cursor of every change, in the order they came; `ends`: why the server ended it."""

    def __init__(self, url: str, key: str, **asked: Any) -> None:
        self._url, self._asked = f"{url}/v1/stream", asked
        self._headers = {"Authorization": f"Bearer {key}"}
        self.got: list[int] = []
        self.ends: list[str] = []
        self.breaks = 0
        self._id: str | None = None

    async def listen(self, session: aiohttp.ClientSession, until: int) -> None:
        """Until the change with that cursor has come."""
        while not self.got or self.got[-1] < until:
            headers = self._headers | ({"Last-Event-ID": self._id} if self._id else {})
            try:
                async with session.get(self._url, params=self._asked, headers=headers) as answer:
                    if answer.status == 503:  # it is about to stop
                        self.breaks += 1
                        await asyncio.sleep(random.uniform(0.1, 0.5))
                        continue
                    assert answer.status == 200, await answer.text()
                    await self._read(answer, until)
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
                self.breaks += 1
                await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _read(self, answer: aiohttp.ClientResponse, until: int) -> None:
        """Quickly: many clients share this process with their server's machine."""
        rest = b""
        async for chunk in answer.content.iter_any():
            *events, rest = (rest + chunk).split(b"\n\n")
            for event in events:
                self._take(dict(line.split(b": ", 1) for line in event.split(b"\n")))
            if self.got and self.got[-1] >= until:
                return

    def _take(self, event: dict[bytes, bytes]) -> None:
        self._id = event[b"id"].decode() if b"id" in event else self._id
        if event.get(b"event") == b"change":
            assert event[b"data"].startswith(b'{"cursor":%b,' % event[b"id"])
            self.got.append(int(event[b"id"]))
        elif event.get(b"event") == b"end":
            self.ends.append(json.loads(event[b"data"])["reason"])


def in_background(work: Any, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments)
    thread.start()
    return thread
