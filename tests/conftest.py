"""Real parts for the tests: each is started once a session, when the first test asks for it."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
import structlog
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from deploy.local import broker, kafka, postgres, tansu, valkey
from deploy.local.cache import cache_folder, stack_folder
from deploy.local.errors import StackError
from deploy.local.supervisor import Supervisor

# Plain tracebacks: the colourful ones of a fresh structlog take seconds.
structlog.configure(
    processors=[structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
)

_WITHOUT_KAFKA = "skipped for want of Apache Kafka"


@pytest.fixture(scope="session")
def parts_supervisor() -> Iterator[Supervisor]:
    """Keeps the session's parts, each named as in deploy/local: postgres, valkey, kafka or tansu."""
    with Supervisor(stack_folder(cache_folder()), throwaway=True, say=lambda line: None) as supervisor:
        yield supervisor


@pytest.fixture(scope="session")
def postgres_url(parts_supervisor: Supervisor) -> str:
    """A PostgreSQL server; tests take a database of their own from `database_url`."""
    program, url = postgres.program(parts_supervisor.folder)
    parts_supervisor.launch(program)
    parts_supervisor.wait()
    return url


@pytest.fixture(scope="session")
def valkey_url(parts_supervisor: Supervisor) -> str:
    """A Valkey server."""
    program, url = valkey.program(parts_supervisor.folder)
    parts_supervisor.launch(program)
    parts_supervisor.wait()
    return url


@pytest.fixture(scope="session")
def broker_kind() -> broker.Kind:
    """Which broker `kafka_bootstrap` is: "kafka" or "light"."""
    return broker.choose()


@pytest.fixture(scope="session")
def kafka_bootstrap(parts_supervisor: Supervisor, broker_kind: broker.Kind) -> str:
    """A broker, shared by the session: give topics and groups names of your own by `topic_prefix`."""
    if broker_kind == "kafka":
        kafka.install()
        program, bootstrap = kafka.program(parts_supervisor.folder)
    else:
        program, bootstrap = tansu.program()
    parts_supervisor.launch(program)
    parts_supervisor.wait()
    return bootstrap


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics and consumer groups that no other test has, for the setting TOPIC_PREFIX."""
    return f"t{uuid.uuid4().hex[:12]}."


@pytest.fixture(scope="session")
def migrated_database(postgres_url: str) -> str:
    """The name of a database that went through all migrations; never connect to it, `database_url` copies it."""
    from shared.database.session import migrate  # imported here: tests without a database need not pay for it

    with _server(postgres_url) as server:
        server.execute("CREATE DATABASE migrated")
    migrate(_url(postgres_url, "migrated"))
    return "migrated"


@pytest.fixture
def database_url(postgres_url: str, migrated_database: str) -> Iterator[str]:
    """An empty database at the newest migration, for one test."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with _server(postgres_url) as server:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(copy.format(sql.Identifier(name), sql.Identifier(migrated_database)))
    yield _url(postgres_url, name)
    with _server(postgres_url) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connections to `database_url`."""
    from shared.database.session import make_engine  # imported here: tests without a database need not pay for it

    engine = make_engine(database_url, "test")
    yield engine
    engine.dispose()


def _server(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def _url(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what only Apache Kafka can do where this machine has none."""
    needing = [item for item in items if item.get_closest_marker("kafka_only")]
    if needing and broker.choose() != "kafka":
        for item in needing:
            item.add_marker(pytest.mark.skip(reason="needs Apache Kafka"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch Kafka before the first test: a download must not run into a test's time limit."""
    wanted = any("kafka_bootstrap" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and broker.choose() == "kafka":
        try:
            kafka.install()
        except StackError as error:
            pytest.exit(str(error))


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    """Count those skips by their own name in pytest's closing line."""
    if report.skipped and "kafka_only" in report.keywords and "needs Apache Kafka" in str(report.longrepr):
        return _WITHOUT_KAFKA, "k", _WITHOUT_KAFKA.upper()
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name them."""
    for report in terminalreporter.getreports(_WITHOUT_KAFKA):
        terminalreporter.write_line(f"{_WITHOUT_KAFKA}: {report.nodeid}")
