"""kill -9 at the worst moments, on real Kafka and Postgres: nothing is lost, nothing is done twice, books balance."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from shared.broker import KafkaBroker, create_topics
from shared.contracts import DEAD_LETTERS, OUTCOMES
from shared.database.tables import Inbox, Outbox
from shared.failpoints import VARIABLE
from tests.toys import PONGS, TOY_TOPICS, ping, written
from tests.waiting import until

pytestmark = pytest.mark.kafka_only  # what is written is counted to the exact end of each topic

ROOT = Path(__file__).parents[2]
COUNT = 300
FATES = {"produced": 240, "filtered": 45, "dead": 15}  # of COUNT messages


@pytest.fixture
def broker(kafka_bootstrap: str, topic_prefix: str) -> KafkaBroker:
    create_topics(kafka_bootstrap, topic_prefix, TOY_TOPICS)
    broker = KafkaBroker(kafka_bootstrap, topic_prefix)
    with closing(broker.producer()) as producer:
        producer.send([ping(n, "dead" if n % 20 == 0 else "filtered" if n % 20 in (3, 6, 9) else "produced")
                       for n in range(COUNT)])  # fmt: skip
    return broker


class Toy:
    """Starts toy services; none outlives its test."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = environ
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, kind: str, failpoint: str = "") -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.toy", kind],
            cwd=ROOT,
            env={**os.environ, **self._environ, "PYTHONPATH": str(ROOT), VARIABLE: failpoint},
            stderr=subprocess.PIPE,
        )
        self.processes.append(process)
        return process

    def until_killed(self, kind: str, failpoint: str) -> None:
        process = self.start(kind, failpoint)
        _, log = process.communicate(timeout=40)
        assert process.returncode == -signal.SIGKILL, log.decode()

    def stop_all(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def toy(kafka_bootstrap: str, topic_prefix: str, database_url: str) -> Iterator[Toy]:
    toy = Toy(
        {
            "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
            "TOPIC_PREFIX": topic_prefix,
            "DATABASE_URL": database_url,
            "BATCH_SIZE": "20",
            "DEAD_LETTER_RATIO": "1",
        }
    )
    yield toy
    toy.stop_all()


def books(broker: KafkaBroker) -> dict[str, set[str]]:
    """Distinct causes of what lies on each topic: how a stateless stage's messages ended."""
    topics = {"produced": PONGS.name, "filtered": OUTCOMES.name, "dead": DEAD_LETTERS.name}
    return {how: {one.headers["ce_causationid"] for one in broker.read(topic)} for how, topic in topics.items()}


def sizes(books: dict[str, set[str]]) -> dict[str, int]:
    return {how: len(ids) for how, ids in books.items()}


def inbox(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return dict(Counter(connection.scalars(select(Inbox.outcome))))


def relayed(engine: Engine) -> bool:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Outbox)) == 0


def repeats(broker: KafkaBroker, topic: str) -> int:
    ids = [one.headers["ce_id"] for one in broker.read(topic)]
    return len(ids) - len(set(ids))


def test_stateless_killed_between_send_and_commit(broker: KafkaBroker, toy: Toy) -> None:
    toy.until_killed("stateless", "stage.after_produce=kill@3")
    toy.start("stateless")
    until(lambda: sizes(books(broker)) == FATES)
    assert repeats(broker, PONGS.name) > 0, "the kill came between send and commit: what was sent came again"


@pytest.mark.parametrize("place", ["stage.before_commit", "stage.after_commit"])
def test_stateful_killed_around_its_commit(broker: KafkaBroker, engine: Engine, toy: Toy, place: str) -> None:
    toy.until_killed("stateful", f"{place}=kill@4")
    toy.start("stateful")
    until(lambda: sum(inbox(engine).values()) == COUNT and relayed(engine))
    assert inbox(engine) == FATES
    with engine.connect() as connection:
        ids = written(connection)
        redelivered = connection.scalar(select(func.sum(Inbox.redeliveries))) or 0
    assert len(ids) == len(set(ids)) == COUNT - FATES["dead"], "each effect once"
    if place == "stage.after_commit":
        assert redelivered > 0, "offsets were not committed: the batch came again"
    assert sizes(books(broker)) == {**FATES, "filtered": 0}, "what is filtered stands in the inbox"


def test_relay_killed_between_send_and_delete(broker: KafkaBroker, engine: Engine, toy: Toy) -> None:
    toy.until_killed("stateful", "relay.after_send=kill@2")
    toy.start("stateful")
    until(lambda: sum(inbox(engine).values()) == COUNT and relayed(engine))
    assert inbox(engine) == FATES
    assert sizes(books(broker)) == {**FATES, "filtered": 0}
    assert repeats(broker, PONGS.name) > 0, "the kill came between send and delete: what was sent came again"


def test_two_processes_share_the_work_and_one_dies(broker: KafkaBroker, engine: Engine, toy: Toy) -> None:
    first = toy.start("stateful", "stage.after_commit=kill@2")
    toy.start("stateful")
    until(lambda: sum(inbox(engine).values()) == COUNT and relayed(engine))
    assert inbox(engine) == FATES
    assert sizes(books(broker)) == {**FATES, "filtered": 0}
    assert first.poll() in (None, -signal.SIGKILL)


def test_sigterm_ends_it_soon_with_everything_committed(broker: KafkaBroker, engine: Engine, toy: Toy) -> None:
    process = toy.start("stateful")
    until(lambda: sum(inbox(engine).values()) > 0)
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    _, log = process.communicate(timeout=15)
    assert process.returncode == 0, log.decode()
    assert time.monotonic() - started < 10
    toy.start("stateful")
    started = time.monotonic()
    until(lambda: sum(inbox(engine).values()) == COUNT and relayed(engine))
    assert time.monotonic() - started < 5, "it had left the group: nobody waited for its session to end"
    with engine.connect() as connection:
        assert connection.scalar(select(func.sum(Inbox.redeliveries))) == 0


def test_too_many_dead_letters_end_the_process_with_an_error(broker: KafkaBroker, toy: Toy) -> None:
    with closing(broker.producer()) as producer:
        producer.send([ping(n * 10, "dead") for n in range(100, 400)])
    process = toy.start("stateless")
    _, log = process.communicate(timeout=40)
    assert process.returncode == 1
    assert "50 messages in a row were rejected" in log.decode()
