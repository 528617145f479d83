"""Starts child processes, shows when they are ready, and leaves none behind.

Every child leads a process group of its own, so Ctrl-C reaches only the supervisor and a stop reaches a child's
children. A watchdog process ends them all, and removes a throwaway folder, when the supervisor itself is killed.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local import watchdog
from deploy.local.errors import StackError
from deploy.local.program import Program

START_LIMIT = 60.0  # seconds until a child must be ready
STOP_LIMIT = 15.0  # seconds until a child that was asked to end is killed


def say(line: str) -> None:
    """Show one line of progress; stdout is left to what the user asked for."""
    print(line, file=sys.stderr, flush=True)


class Supervisor:
    """Runs named programs; use it as a context manager.

    Their logs go to `folder/NAME.log`. A `throwaway` folder is removed at the end, however that end comes.
    A child that dies stays dead until `restart`: `died` tells.
    """

    def __init__(self, folder: Path, *, throwaway: bool = False, say: Callable[[str], None] = say) -> None:
        self.folder = folder
        self._throwaway = throwaway
        self._say = say
        self._programs: dict[str, Program] = {}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._starting: dict[str, float] = {}  # name -> when it was started, seconds on the monotonic clock
        orders, self._orders = os.pipe()
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__], stdin=orders, start_new_session=True
        )
        os.close(orders)
        if throwaway:
            self._order(f"folder {folder}")

    def start(
        self, name: str, argv: Iterable[str], env: Mapping[str, str], ready: Callable[[], bool] | None = None
    ) -> None:
        """Start one program and wait until it is ready."""
        self.launch(Program(name, tuple(argv), env, ready))
        self.wait()

    def launch(self, *programs: Program) -> None:
        """Start programs without waiting; `wait` does."""
        for program in programs:
            if program.name in self.alive():
                raise ValueError(f"{program.name} runs already")
            if program.name in self._children:
                self._bury(program.name)
            self._programs[program.name] = program
            self._children[program.name] = self._spawn(program)
            self._starting[program.name] = time.monotonic()

    def wait(self, *names: str, limit: float = START_LIMIT) -> None:
        """Wait until the named programs, or all, are ready; raise when one dies or takes over `limit` seconds."""
        deadline = time.monotonic() + limit
        while waiting := set(self._starting) & set(names or self._starting):
            for name in waiting:
                self._look(name)
            if time.monotonic() > deadline and (late := waiting & set(self._starting)):
                name = min(late)
                raise StackError(f"{name} is not ready after {limit:.0f} s; its last words:\n{self.last_words(name)}")
            time.sleep(0.05)

    def _look(self, name: str) -> None:
        ready = self._programs[name].ready
        if (code := self._children[name].poll()) is not None:
            raise StackError(f"{name} ended with {code} while starting; its last words:\n{self.last_words(name)}")
        if ready is None or ready():
            self._say(f"{name:<12} ready in {time.monotonic() - self._starting.pop(name):.1f} s")

    def stop(self, *names: str, limit: float = STOP_LIMIT) -> None:
        """Ask the named programs to end, all at once; after `limit` seconds they are killed."""
        for name in names:
            self._signal(name, self._programs[name].stop_signal)
        deadline = time.monotonic() + limit
        for name in names:
            try:
                self._children[name].wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(f"{name} did not end within {limit:.0f} s: killed")
            self._bury(name)

    def kill(self, name: str) -> None:
        """End a program as a crash would: SIGKILL to it and its children."""
        self._bury(name)

    def restart(self, name: str) -> None:
        """Start a program again, ending it first if it runs, and wait until it is ready."""
        if name in self._children:
            self.stop(name)
        self.launch(self._programs[name])
        self.wait()

    def alive(self) -> set[str]:
        """Return the names of the programs that run."""
        return {name for name, child in self._children.items() if child.poll() is None}

    def died(self) -> dict[str, int]:
        """Return the programs that ended unasked, with their exit codes (negative: killed by that signal)."""
        codes = {name: child.poll() for name, child in self._children.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def pid(self, name: str) -> int:
        """Return the process id of a program."""
        return self._children[name].pid

    def log(self, name: str) -> Path:
        """Return the file that holds what a program printed."""
        return self.folder / f"{name.replace(' ', '-')}.log"

    def last_words(self, name: str, lines: int = 15) -> str:
        """Return the end of a program's log."""
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-lines:]) or "(nothing)"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop(*self._children)
            if self._throwaway:
                shutil.rmtree(self.folder, ignore_errors=True)
        finally:  # an end of orders makes the watchdog end whatever a second Ctrl-C left
            os.close(self._orders)
            self._watchdog.wait()

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with self.log(program.name).open("ab") as log:
            child = subprocess.Popen(
                program.argv,
                env={**os.environ, **program.env},
                stdin=subprocess.DEVNULL,
                stdout=None if program.shown else log,
                stderr=log,
                start_new_session=True,
                user=program.user,
                group=program.user,
                extra_groups=None if program.user is None else [],
            )
        self._order(f"guard {child.pid} {program.stop_signal:d}")
        return child

    def _signal(self, name: str, number: int) -> None:
        if self._children[name].poll() is None:
            self._children[name].send_signal(number)

    def _bury(self, name: str) -> None:
        child = self._children.pop(name)
        self._starting.pop(name, None)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # what a child left of its own children goes too
        child.wait()
        self._order(f"release {child.pid}")

    def _order(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # a killed watchdog keeps nobody from ending the children
            os.write(self._orders, f"{line}\n".encode())
