"""The batch mode: order, streaming, bad lines, crashes."""

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.batch import Record, run_batch

ROOT = Path(__file__).parents[3]


def double(record: Record) -> Record:
    match record.get("do"):
        case "sleep":
            time.sleep(0.05)
        case "refuse":
            raise ValueError("no number")
        case "crash":
            os._exit(3)
        case "bug":
            raise KeyError("missing")
    return {"id": record["id"], "twice": 2 * record["n"]}


def run(lines: list[bytes], jobs: int) -> tuple[int, list[Record]]:
    out = io.BytesIO()
    status = run_batch(double, lines, out, jobs)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


def line(number: int, **more: object) -> bytes:
    return json.dumps({"id": str(number), "n": number, **more}).encode() + b"\n"


@pytest.mark.parametrize("jobs", [1, 2])
def test_answers_come_in_order(jobs: int) -> None:
    lines = [line(n, do="sleep" if n % 7 == 0 else None) for n in range(100)]
    assert run(lines, jobs) == (0, [{"id": str(n), "twice": 2 * n} for n in range(100)])


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("bad", "record_id", "why"),
    [
        (b"{not json\n", None, "not JSON"),
        (b"\n", None, "not JSON"),
        (b"\xff\xfe\n", None, "not JSON"),
        (b"[" * 100_000 + b"\n", None, "not JSON"),
        (b"[1]\n", None, 'not an object with an "id"'),
        (b'{"n": 1}\n', None, 'not an object with an "id"'),
        (line(1, do="refuse"), "1", "no number"),
        (line(1, do="bug"), "1", "KeyError: 'missing'"),
    ],
)
def test_a_bad_line_is_told_in_its_place(jobs: int, bad: bytes, record_id: str | None, why: str) -> None:
    status, answers = run([line(0), bad, line(2)], jobs)
    assert status == 1
    assert [answers[0]["twice"], answers[2]["twice"]] == [0, 4]
    assert answers[1]["id"] == record_id
    assert answers[1]["line"] == 2
    assert why in answers[1]["error"]


def test_a_crash_costs_only_its_line() -> None:
    status, answers = run([line(n, do="crash" if n in (3, 20) else None) for n in range(30)], jobs=2)
    assert status == 1
    assert [answer.get("twice") for answer in answers] == [None if n in (3, 20) else 2 * n for n in range(30)]
    assert "died" in answers[3]["error"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_line_is_answered_before_the_next_is_given(jobs: int) -> None:
    out, answered = io.BytesIO(), threading.Event()

    class Out(io.BytesIO):
        def flush(self) -> None:
            answered.set()

    def patient() -> Iterator[bytes]:
        for n in range(3):
            yield line(n)
            assert answered.wait(5)
            answered.clear()

    out = Out()
    assert run_batch(double, patient(), out, jobs) == 0
    assert out.getvalue().count(b"\n") == 3


def test_reads_only_a_few_lines_ahead() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        for n in range(10_000):
            read = n
            yield line(n)

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            time.sleep(0.2)
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_batch(double, endless(), Full(), 2)
    assert read < 100


def test_the_second_step_sees_answers_in_order_in_one_process() -> None:
    seen: list[str] = []

    def remember(record: Record) -> Record:
        if record["id"] == "5":
            raise ValueError("five is out")
        seen.append(record["id"])
        return {**record, "before": len(seen) - 1}

    out = io.BytesIO()
    assert run_batch(double, [line(n) for n in range(20)], out, 2, then=remember) == 1
    assert seen == [str(n) for n in range(20) if n != 5]
    assert json.loads(out.getvalue().splitlines()[19])["before"] == 18


PROGRAM = """
import os, sys
from shared.batch import run_stdio

def handle(record):
    return {"id": record["id"], "pid": os.getpid()}

if __name__ == "__main__":
    sys.exit(run_stdio(handle, 2))
"""


def start(tmp_path: Path) -> "subprocess.Popen[bytes]":
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    return subprocess.Popen(
        [sys.executable, str(program)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_killed_parent_leaves_no_process(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b'{"id": 1}\n')
        process.stdin.flush()
        worker = json.loads(process.stdout.readline())["pid"]
        assert worker != process.pid
        process.kill()
    deadline = time.monotonic() + 5
    while alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b'{"id": 1}\n' * 100)
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(b'{"id": 1}\n' * 5000)
            process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(10) == 1
