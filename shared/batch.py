"""The batch mode of a service: JSON lines in, JSON lines out, in order, as they come.

Every line in gets one line out. A line that cannot be used gets `{"id": null, "line": n, "error": why}` in its place,
the rest goes on and the exit status is 1. Work is spread over forked processes; at most a few lines for each are read
ahead, so memory stays bounded and whoever feeds line by line gets answers line by line.
"""

import argparse
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from queue import Queue
from typing import Any, BinaryIO

from tqdm import tqdm

Record = dict[str, Any]
Handle = Callable[[Record], Record]
Answer = tuple[Record, bool]  # the line out, and whether it is an answer (not an error)

AHEAD_PER_JOB = 4


def run_batch(
    handle: Handle,
    lines_in: Iterable[bytes],
    lines_out: BinaryIO,
    jobs: int = 1,
    *,
    then: Handle | None = None,
    initializer: Callable[[], None] | None = None,
) -> int:
    """Answer each line by `handle`, in order; returns the exit status, 1 if any line had no answer.

    handle       runs in one of `jobs` processes, forked from this one: what is loaded before is shared
    then         runs in this process on each answer in order: for a second step that remembers what came before
    initializer  runs once in each process first: for what must not be loaded before a fork (threads, sessions)

    `ValueError` says that the line is at fault; any other error also costs only that line, and its traceback goes to
    stderr.
    """
    status = 0
    quiet = True if lines_out.isatty() else None  # None: tqdm itself is quiet where stderr is no terminal
    with tqdm(unit=" lines", disable=quiet) as bar:
        for number, (record, good) in enumerate(_answers(handle, lines_in, jobs, initializer), start=1):
            if good and then is not None:
                record, good = _guarded(then, number, record)
            lines_out.write(_encode(record) + b"\n")
            lines_out.flush()
            status = status if good else 1
            bar.update()
    return status


def run_stdio(
    handle: Handle,
    jobs: int,
    *,
    then: Handle | None = None,
    initializer: Callable[[], None] | None = None,
    lines_in: Iterable[bytes] | None = None,
) -> int:
    """`run_batch` from stdin (or `lines_in`) to stdout, for the `once` command of a service."""
    # A reader of its own: at exit Python must not wait for the lock of `sys.stdin`, which a reading thread holds.
    lines = lines_in if lines_in is not None else open(0, "rb", closefd=False)  # noqa: SIM115
    try:
        return run_batch(handle, lines, sys.stdout.buffer, jobs, then=then, initializer=initializer)
    except BrokenPipeError:  # whoever read us has seen enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def add_jobs_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N", help="processes (default: all cores)"
    )


def _positive(value: str) -> int:
    if (number := int(value)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _answers(
    handle: Handle, lines: Iterable[bytes], jobs: int, initializer: Callable[[], None] | None
) -> Iterator[Answer]:
    if jobs == 1:
        if initializer is not None:
            initializer()
        for number, line in enumerate(lines, start=1):
            yield _answer(handle, number, line)
        return
    crew = _Crew(handle, jobs, initializer)
    try:
        yield from _spread(crew, lines, jobs * AHEAD_PER_JOB)
    finally:
        crew.dismiss()


def _spread(crew: "_Crew", lines: Iterable[bytes], ahead: int) -> Iterator[Answer]:
    """A thread reads and hands out work, this one collects the answers in order."""
    under_way: Queue[tuple[int, bytes, Future[Answer]] | BaseException | None] = Queue(maxsize=ahead)

    def read() -> None:
        try:
            for number, line in enumerate(lines, start=1):
                under_way.put((number, line, crew.submit(number, line)))
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that can tell the user
            under_way.put(error)
        else:
            under_way.put(None)

    threading.Thread(target=read, name="batch-reader", daemon=True).start()
    while (work := under_way.get()) is not None:
        if isinstance(work, BaseException):
            raise work
        number, line, future = work
        try:
            yield future.result()
        except BrokenProcessPool:
            yield crew.alone(number, line)


class _Crew:
    """Forked worker processes; a new crew takes over when one of them dies (killed for memory, a crash in C code)."""

    def __init__(self, handle: Handle, jobs: int, initializer: Callable[[], None] | None) -> None:
        self._handle, self._jobs, self._initializer = handle, jobs, initializer
        self._pool = self._hire(jobs)

    def submit(self, number: int, line: bytes) -> Future[Answer]:
        try:
            return self._pool.submit(_work, number, line)
        except BrokenProcessPool:
            self._pool = self._hire(self._jobs)
            return self._pool.submit(_work, number, line)

    def alone(self, number: int, line: bytes) -> Answer:
        """The line once more in a process of its own: it may have been a neighbour that brought the crew down."""
        with self._hire(1) as pool:
            try:
                return pool.submit(_work, number, line).result()
            except BrokenProcessPool:
                return _error(number, None, "the process that worked on this line died (killed for memory?)"), False

    def dismiss(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _hire(self, jobs: int) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(jobs, get_context("fork"), _begin, (self._handle, self._initializer))
        pool.submit(int).result()  # forks now, before the reading thread runs, and tells at once if `initializer` fails
        return pool


_handle_of_this_process: Handle | None = None


def _begin(handle: Handle, initializer: Callable[[], None] | None) -> None:
    global _handle_of_this_process
    _handle_of_this_process = handle
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_die_with_parent, daemon=True).start()
    if initializer is not None:
        initializer()


def _die_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # noqa: S101 - this process was forked
    parent.join()
    os._exit(1)


def _work(number: int, line: bytes) -> Answer:
    assert _handle_of_this_process is not None  # noqa: S101 - set by _begin
    return _answer(_handle_of_this_process, number, line)


def _answer(handle: Handle, number: int, line: bytes) -> Answer:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _error(number, None, f"not JSON: {error}"), False
    if not isinstance(record, dict) or record.get("id") is None:
        return _error(number, None, 'not an object with an "id"'), False
    return _guarded(handle, number, record)


def _guarded(step: Handle, number: int, record: Record) -> Answer:
    try:
        return step(record), True
    except ValueError as error:
        return _error(number, record["id"], str(error)), False
    except Exception as error:  # noqa: BLE001 - one line must not cost its neighbours; told here and in the line out
        traceback.print_exc()
        return _error(number, record["id"], f"{type(error).__name__}: {error}"), False


def _error(number: int, record_id: object, why: str) -> Record:
    return {"id": record_id, "line": number, "error": why}


def _encode(record: Record) -> bytes:
    try:
        return json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair: JSON can say it, UTF-8 cannot
        return json.dumps(record).encode()
