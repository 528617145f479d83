"""Ends the children of a process that was killed before it could end them itself.

Started by `supervisor` as a plain script, in a session of its own, with orders on stdin, one a line:

    guard GROUP SIGNAL     end this process group with this signal when the parent dies
    release GROUP          it has ended
    folder PATH            remove this folder when the parent dies
    keep PATH              it is gone already

An end of stdin, or another parent process, means that the parent is dead.
"""

import os
import select
import shutil
import signal
import time
from collections.abc import Callable, Iterator

GRACE = 5.0  # seconds between the polite signal and SIGKILL


def main() -> None:
    """Follow the orders until the parent is dead, then clean up after it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    folders: set[str] = set()
    for word, rest in orders(os.getppid()):
        if word == "guard":
            group, number_text = rest.split()
            groups[int(group)] = int(number_text)
        elif word == "release":
            groups.pop(int(rest), None)
        elif word == "folder":
            folders.add(rest)
        elif word == "keep":
            folders.discard(rest)
    end(groups)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def orders(parent: int) -> Iterator[tuple[str, str]]:
    """Yield (word, rest) for each line until the parent is gone."""
    buffer = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.5)
        if ready:
            chunk = os.read(0, 65536)
            if not chunk:
                return
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                word, _, rest = line.decode().partition(" ")
                yield word, rest
        elif os.getppid() != parent:  # a fork of the parent may still hold the pipe open
            return


def end(groups: dict[int, int]) -> None:
    """Ask the leader of every group to end, wait, and kill what is left."""
    for group, number in groups.items():
        send(os.kill, group, number)
    deadline = time.monotonic() + GRACE
    while any(send(os.killpg, group, 0) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        send(os.killpg, group, signal.SIGKILL)


def send(kill: Callable[[int, int], None], target: int, number: int) -> bool:
    """Signal a process or a group; tell whether there was one."""
    try:
        kill(target, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
