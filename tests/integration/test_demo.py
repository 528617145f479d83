"""`make demo` as a user sees it: alerts come, the API answers, Ctrl-C leaves nothing."""

import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import httpx
import pytest

ROOT = Path(__file__).parents[2]
MARK = "TOCSIN_TEST_RUN"


class Demo:
    """A running demo and what it says."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.demo"],
            cwd=ROOT,
            env={**os.environ, "BROKER": "light", MARK: self.mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def until(self, pattern: str, seconds: float) -> re.Match[str]:
        """Return the match in the first line that has one."""
        said = []
        while True:
            try:
                said.append(self._lines.get(timeout=seconds))
            except Empty:
                pytest.fail(f"no {pattern!r} after:\n{''.join(said)}")
            if found := re.search(pattern, said[-1]):
                return found

    def processes(self) -> set[int]:
        """Return the processes that carry this demo's mark in their environment."""
        return {int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal() and self._is_ours(path)}

    def _is_ours(self, path: Path) -> bool:
        try:
            return self.mark.encode() in (path / "environ").read_bytes()
        except OSError:  # it has just ended, or it is another user's
            return False

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def demo() -> Iterator[Demo]:
    demo = Demo()
    yield demo
    demo.close()


@pytest.mark.timeout(150)
def test_alerts_come_the_api_answers_and_ctrl_c_leaves_nothing(demo: Demo) -> None:
    curl = demo.until(r"Authorization: (Bearer \S+)' (http://\S+)", seconds=60)
    folder = Path(demo.until(r"logs +(\S+)", seconds=5)[1])
    demo.until(r"ALERT → slack", seconds=60)
    assert httpx.get(curl[2], headers={"Authorization": curl[1]}).json()["items"]
    assert len(demo.processes()) > 10
    demo.process.send_signal(signal.SIGINT)
    demo.until("nothing is left running", seconds=30)
    assert demo.process.wait(timeout=5) == 0
    assert demo.processes() == set()
    assert not folder.exists()
