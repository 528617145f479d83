"""Kafka and Postgres go away in the middle and come back: services wait, stay alive, and go on."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from deploy.local import kafka, postgres
from deploy.local.ports import free_port
from deploy.local.supervisor import Supervisor
from shared.broker import KafkaBroker, create_topics
from shared.database.session import make_engine, migrate
from shared.database.tables import Inbox, Outbox
from tests.toys import PONGS, TOY_TOPICS, ping
from tests.waiting import until

pytestmark = [pytest.mark.kafka_only, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]
COUNT = 400


@pytest.fixture
def parts(parts_supervisor: Supervisor) -> Iterator[tuple[Supervisor, str, str]]:
    """A Kafka and a Postgres of this test's own, to be killed."""
    kafka.install()
    folder = parts_supervisor.folder / "outage"
    folder.mkdir(mode=0o711)
    with Supervisor(folder, say=lambda line: None) as supervisor:
        kafka_program, bootstrap = kafka.program(folder)
        postgres_program, url = postgres.program(folder)
        supervisor.launch(kafka_program, postgres_program)
        supervisor.wait()
        yield supervisor, bootstrap, url


def test_outages_are_waited_out(parts: tuple[Supervisor, str, str]) -> None:
    supervisor, bootstrap, url = parts
    migrate(url)
    create_topics(bootstrap, "", TOY_TOPICS)
    broker = KafkaBroker(bootstrap)
    engine = make_engine(url)
    port = free_port()
    environ = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap, "DATABASE_URL": url, "BATCH_SIZE": "10", "HEALTH_PORT": str(port)}
    toy = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.toy", "stateful"],
        cwd=ROOT,
        env={**os.environ, **environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )

    def send(start: int, count: int) -> None:
        with closing(broker.producer()) as producer:
            producer.send([ping(n) for n in range(start, start + count)])

    def taken_in() -> int:
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(Inbox)) or 0

    def relayed() -> bool:
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(Outbox)) == 0

    try:
        send(0, 100)
        until(lambda: taken_in() == 100, seconds=60)
        supervisor.kill("kafka")
        time.sleep(2)
        assert alive(port)
        supervisor.restart("kafka")
        supervisor.wait()
        send(100, 100)
        until(lambda: taken_in() == 200, seconds=60)
        send(200, 100)
        supervisor.kill("postgres")
        time.sleep(2)
        assert alive(port), "an outage is no reason to restart"
        assert not ready(port)
        supervisor.restart("postgres")
        supervisor.wait()
        engine.dispose()
        send(300, 100)
        until(lambda: taken_in() == COUNT and relayed(), seconds=60)
        until(lambda: ready(port), seconds=60)
        causes = Counter(one.headers["ce_causationid"] for one in broker.read(PONGS.name))
        assert set(causes) == {f"ping-{n}" for n in range(COUNT)}, "nothing was lost"
    finally:
        toy.send_signal(signal.SIGTERM)
        assert toy.wait(15) == 0
        engine.dispose()


def alive(port: int) -> bool:
    return _status(f"http://127.0.0.1:{port}/health/live") == 200


def ready(port: int) -> bool:
    return _status(f"http://127.0.0.1:{port}/health/ready") == 200


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
