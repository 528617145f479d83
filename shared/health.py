"""Health over HTTP: `/health/live` (the loop turned lately), `/health/ready` (it has work to do and what it needs
answers) and `/metrics`.

An outage of Kafka or Postgres makes a process not ready; it stays alive, for a restart would not help.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

STUCK_AFTER = 60.0  # seconds; every wait of the runtime is bounded well below

Check = Callable[[], str | None]  # None: fine, else what is wrong


class Health:
    """What the loop says of itself, read by the HTTP thread."""

    def __init__(self) -> None:
        self._turned_at = time.monotonic()
        self._not_ready: dict[str, str] = {"start": "starting"}

    def turned(self) -> None:
        """The loop got on: call it for each message or each turn."""
        self._turned_at = time.monotonic()

    def ready(self, part: str = "start") -> None:
        self._not_ready.pop(part, None)

    def not_ready(self, why: str, part: str = "start") -> None:
        self._not_ready[part] = why

    def live(self) -> Mapping[str, str]:
        """What is wrong, by part; empty: alive."""
        still = time.monotonic() - self._turned_at
        return {"loop": f"has not turned for {still:.0f} s"} if still > STUCK_AFTER else {}

    def readiness(self, checks: Mapping[str, Check]) -> Mapping[str, str]:
        """What is wrong, by part; empty: ready."""
        answers = {name: check() for name, check in checks.items()}
        return {**self._not_ready, **{name: answer for name, answer in answers.items() if answer}}


@contextmanager
def serve(
    health: Health, host: str = "127.0.0.1", port: int = 0, checks: Mapping[str, Check] | None = None
) -> Iterator[int]:
    """Answer on `host`:`port` (0: any free one) from a thread of its own; yields the port.

    A port that is taken is one line on stderr, and the exit status is 2, as for any other setting that is wrong.
    """
    try:
        server = _Server((host, port), _handler(health, checks or {}))
    except OSError as error:
        sys.stderr.write(f"HEALTH_PORT: cannot listen on {host}:{port}: {error.strerror}; free it or give another\n")
        raise SystemExit(2) from None
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="health", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A prober that gives up before the answer is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(health: Health, checks: Mapping[str, Check]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            if self.path == "/health/live":
                self._verdict(health.live())
            elif self.path == "/health/ready":
                self._verdict(health.readiness(checks))
            elif self.path == "/metrics":
                self._answer(HTTPStatus.OK, generate_latest(), CONTENT_TYPE_LATEST)
            else:
                self._verdict({"path": "/health/live, /health/ready or /metrics"}, HTTPStatus.NOT_FOUND)

        def _verdict(self, faults: Mapping[str, str], status: int = HTTPStatus.SERVICE_UNAVAILABLE) -> None:
            body = {"status": "failing", "faults": dict(faults)} if faults else {"status": "ok"}
            self._answer(status if faults else HTTPStatus.OK, json.dumps(body).encode(), "application/json")

        def _answer(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A probe every few seconds is no news."""

    return Handler
