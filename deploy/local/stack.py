"""The parts Tocsin stands on, started together: PostgreSQL, Valkey and a broker."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import kafka, postgres, tansu, valkey
from deploy.local.broker import Kind, choose
from deploy.local.cache import cache_folder, stack_folder
from deploy.local.prepare import prepare_database, prepare_topics
from deploy.local.supervisor import Supervisor, say


@dataclass(frozen=True)
class Parts:
    """Where the parts listen, and what keeps them."""

    database_url: str
    bootstrap: str
    celery_broker_url: str
    broker_kind: Kind | None  # None: one that ran already, given by KAFKA_BOOTSTRAP_SERVERS
    supervisor: Supervisor  # of the parts that were started: `postgres`, `valkey`, and `kafka` or `tansu`
    folder: Path  # their data, logs and secrets

    @property
    def environ(self) -> dict[str, str]:
        """The addresses as the settings that every service reads."""
        return {
            "DATABASE_URL": self.database_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "CELERY_BROKER_URL": self.celery_broker_url,
        }


@contextmanager
def parts(
    folder: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    say: Callable[[str], None] = say,
    prepared: bool = False,
) -> Iterator[Parts]:
    """Run the parts and yield their addresses; stop them at the end.

    `prepared`: with the newest migration in the database and all topics on the broker.
    Data stays in `folder`, for a later start to find; without one it goes to a new folder that is removed at the end.
    DATABASE_URL, KAFKA_BOOTSTRAP_SERVERS and CELERY_BROKER_URL name parts that run already: those are used as they are.
    """
    database_url = environ.get("DATABASE_URL")
    bootstrap = environ.get("KAFKA_BOOTSTRAP_SERVERS") or ""
    celery_broker_url = environ.get("CELERY_BROKER_URL")
    kind = None if bootstrap else choose(environ)
    if kind == "kafka":
        kafka.install(environ)
    home = folder or stack_folder(cache_folder(environ))
    with Supervisor(home, throwaway=folder is None, say=say) as supervisor:
        # The slowest first: each starts while the next is being prepared.
        if kind is not None:
            program, bootstrap = kafka.program(home, environ) if kind == "kafka" else tansu.program()
            supervisor.launch(program)
        if not database_url:
            program, database_url = postgres.program(home, environ)
            supervisor.launch(program)
        if not celery_broker_url:
            program, celery_broker_url = valkey.program(home)
            supervisor.launch(program)
        if prepared:
            supervisor.wait("postgres")
            prepare_database(database_url)  # while the broker is still starting
        supervisor.wait()
        if prepared:
            prepare_topics(bootstrap)
        yield Parts(database_url, bootstrap, celery_broker_url, kind, supervisor, home)
