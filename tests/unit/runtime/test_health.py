import json
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from threading import Event

import pytest

from shared import health as module
from shared.health import Health, serve
from shared.telemetry import RELAYED


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def database() -> dict[str, str | None]:
    return {"fault": None}


@pytest.fixture
def base(health: Health, database: dict[str, str | None]) -> Iterator[str]:
    with serve(health, checks={"database": lambda: database["fault"]}) as port:
        yield f"http://127.0.0.1:{port}"


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_ready_once_it_has_work_and_the_database_answers(
    base: str, health: Health, database: dict[str, str | None]
) -> None:
    assert get(f"{base}/health/ready") == (503, '{"status": "failing", "faults": {"start": "starting"}}')
    health.ready()
    assert get(f"{base}/health/ready")[0] == 200
    database["fault"] = "connection refused"
    status, body = get(f"{base}/health/ready")
    assert (status, json.loads(body)["faults"]) == (503, {"database": "connection refused"})
    assert get(f"{base}/health/live")[0] == 200, "an outage is no reason to restart"


def test_a_loop_that_stands_still_is_not_alive(base: str, health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get(f"{base}/health/live")[0] == 200
    monkeypatch.setattr(module, "STUCK_AFTER", -1.0)
    status, body = get(f"{base}/health/live")
    assert status == 503
    assert "has not turned for" in body


def test_metrics_and_unknown_paths(base: str) -> None:
    RELAYED.labels("toy").inc()
    status, body = get(f"{base}/metrics")
    assert status == 200
    assert 'tocsin_relay_published_total{service="toy"}' in body
    assert get(f"{base}/etc/passwd")[0] == 404


def test_a_prober_that_gives_up_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    asked, gone = Event(), Event()

    def slow() -> None:
        asked.set()
        gone.wait(5)

    with serve(Health(), checks={"database": slow}) as port:
        with socket.create_connection(("127.0.0.1", port)) as prober:
            prober.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # it closes with a reset
            prober.sendall(b"GET /health/ready HTTP/1.1\r\n\r\n")
            assert asked.wait(5)
        gone.set()
        for thread in threading.enumerate():
            if "process_request_thread" in thread.name:
                thread.join(5)
        assert get(f"http://127.0.0.1:{port}/health/live")[0] == 200
    assert capsys.readouterr().err == ""


def test_a_port_that_is_taken_is_one_line_that_names_the_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as exit_, serve(Health(), port=port):
            pass
    assert exit_.value.code == 2
    assert capsys.readouterr().err == (
        f"HEALTH_PORT: cannot listen on 127.0.0.1:{port}: Address already in use; free it or give another\n"
    )
