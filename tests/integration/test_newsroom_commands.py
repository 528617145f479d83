"""The newsroom and the sinks as commands: what they say when they start, and when they cannot."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier

import httpx
import pytest

ROOT = Path(__file__).parents[2]
SECRETS = {"DEMO_SLACK_TOKEN": "xoxb-1", "DEMO_SLACK_HOOK": "hook", "DEMO_WEBHOOK_SECRET": "secret"}


@contextmanager
def started(*command: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
    argv = [sys.executable, "-m", *command]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def ends(*command: str, **environ: str) -> tuple[int, str]:
    with started(*command, **environ) as child:
        _, said = child.communicate(timeout=30)
        return child.returncode, said


def address(text: str, after: str = "") -> str:
    found = re.search(after + r"(http://\S+?)[,\s]", text)
    assert found, text
    return found[1]


def test_newsroom_serves_what_it_has_when_it_comes_up() -> None:
    with started("tests.newsroom", "--speed", "held") as child:
        assert child.stdout
        said = child.stdout.readline()
        assert "16 outlets, 99 stories" in said
        assert httpx.get(f"{address(said)}/-/state").json() == {"stories": 99, "released": 0, "read": 0}


def test_sinks_show_what_they_get(tmp_path: Path) -> None:
    file = tmp_path / "got.jsonl"
    with started("deploy.local.sinks", "--record", str(file), "--no-rate-limit", **SECRETS) as child:
        assert child.stdout
        assert child.stderr
        api = address(child.stderr.readline(), "slack ")
        httpx.post(api.replace("/api/", "/services/hook"), json={"text": "What: Bombing\nWhere: Quetta"})
        shown = [child.stdout.readline() for _ in range(4)]
        assert shown[0].startswith("── MESSAGE → slack_webhook")
        assert [line.strip() for line in shown[1:3]] == ["What: Bombing", "Where: Quetta"]
        assert "received" in shown[3]
        assert len(file.read_text().splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("command", ["tests.newsroom", "deploy.local.sinks"])
def test_told_to_stop_both_end_in_order_in_the_middle_of_their_work(command: str, number: signal.Signals) -> None:
    with started(command, **SECRETS) as child, ThreadPoolExecutor(4) as visitors:
        out = child.stderr if command == "deploy.local.sinks" else child.stdout
        assert out
        visited = address(out.readline())
        answered = Barrier(5, timeout=20)
        visits = [visitors.submit(_visit_until_it_closes, visited, answered) for _ in range(4)]
        answered.wait()
        child.send_signal(number)
        child.send_signal(signal.SIGTERM)  # as from a parent that the same Ctrl-C ended
        _, said = child.communicate(timeout=10)
        assert (child.returncode, said) == (0, "")
        for visit in visits:
            visit.result()


def _visit_until_it_closes(site: str, answered: Barrier) -> None:
    with httpx.Client() as client:
        client.get(site)
        answered.wait()
        with suppress(httpx.TransportError):
            while True:
                client.get(site)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("tests.newsroom", "--news", "no-such-file.jsonl"), "no-such-file.jsonl"),
        (("tests.newsroom", "--speed", "fast"), "'fast' is not all, held, waves:SIZE or a number"),
        (("tests.newsroom", "--speed", "waves:0"), "'waves:0' is not"),
        (("deploy.local.sinks", "--faults", "lost=2"), "chances of faults"),
        (("deploy.local.sinks", "--show", "fax"), "no such sink: fax"),
        (("deploy.local.sinks",), "DEMO_SLACK_TOKEN, DEMO_SLACK_HOOK, DEMO_WEBHOOK_SECRET must be set"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(command: tuple[str, ...], said: str) -> None:
    status, words = ends(*command)
    assert status != 0
    assert said in words
    assert "Traceback" not in words


def test_port_that_is_taken_is_named() -> None:
    with started("tests.newsroom") as child:
        assert child.stdout
        port = address(child.stdout.readline()).rpartition(":")[2]
        status, words = ends("tests.newsroom", "--port", port)
        assert status != 0
        assert f"port {port} on 127.0.0.1 is taken" in words
