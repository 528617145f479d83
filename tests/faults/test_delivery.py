"""Workers that are killed, a broker that is wiped: every delivery still ends, Slack's never twice."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from deploy.local import valkey
from deploy.local.services import programs
from deploy.local.sinks.faults import Faults
from deploy.local.sinks.server import Sinks
from deploy.local.supervisor import Supervisor
from services.alerting import tasks
from services.alerting.delivery import MOST
from shared.tasks import celery_app
from tests.alerting_stage import Stage
from tests.alerts import change
from tests.receivers import receivers

LEASE, SWEEP = 2, 1  # seconds


@dataclass
class Worker:
    """The worker's process, with a broker of its own."""

    stage: Stage
    sinks: Sinks
    supervisor: Supervisor
    environ: dict[str, str]

    def start(self, **environ: str) -> None:
        self.supervisor.launch(*programs(self.environ | environ, ["delivery"]))
        self.supervisor.wait()

    def wake(self, *chosen: UUID) -> None:
        wake = tasks.waker(celery_app(tasks.SERVICE, self.environ["CELERY_BROKER_URL"]))
        for delivery in chosen:
            wake(delivery)

    def until_dead(self) -> None:
        self._until(lambda: "delivery" in self.supervisor.died(), 20)

    def until_sent(self, number: int, seconds: float) -> None:
        self._until(lambda: len(self.rows("state = 'sent'")) == number, seconds)

    def rows(self, where: str) -> list[Any]:
        with self.stage.engine.begin() as connection:
            return list(connection.execute(text(f"SELECT * FROM deliveries WHERE {where}")))  # noqa: S608

    def _until(self, true: Any, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                pytest.fail(f"too late: {self.rows('true')}\n{self.supervisor.last_words('delivery')}")
            time.sleep(0.05)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def worker(engine: Engine, database_url: str, tmp_path: Path, faults: Faults) -> Iterator[Worker]:
    with receivers(faults=faults) as (sinks, environment), Supervisor(tmp_path, say=lambda line: None) as supervisor:
        program, broker_url = valkey.program(tmp_path)
        supervisor.launch(program)
        supervisor.wait()
        environ = {
            "DATABASE_URL": database_url,
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",  # the worker does without
            "CELERY_BROKER_URL": broker_url,
            "ALERT_LEASE_SECONDS": str(LEASE),
            "ALERT_SWEEP_SECONDS": str(SWEEP),
            "ALERT_FIRST_RETRY_SECONDS": "0.2",
            "ALERT_SLACK_PER_SECOND": "0",
            **environment,
        }
        yield Worker(Stage(engine), sinks, supervisor, environ)


def queue(worker: Worker, channel: str, number: int) -> list[UUID]:
    """Decide about so many events; nobody is woken."""
    worker.stage.rules({"id": "all", "route": {"now": "desk"}}, channel=channel)
    for event in range(1, number + 1):
        worker.stage.take(change(event=UUID(int=event)))
    return worker.stage.woken


@pytest.mark.parametrize(
    ("place", "sent_before", "channel"),
    [
        ("delivery.after_claim", 0, "webhook"),
        ("delivery.after_send", 1, "slack"),
        pytest.param("delivery.after_claim", 0, "slack", marks=pytest.mark.long),
        pytest.param("delivery.after_claim", 0, "email", marks=pytest.mark.long),
        pytest.param("delivery.after_send", 1, "webhook", marks=pytest.mark.long),
        pytest.param("delivery.after_send", 1, "email", marks=pytest.mark.long),
        pytest.param("delivery.after_send", 1, "pagerduty", marks=pytest.mark.long),
    ],
)
def test_a_worker_killed_in_the_middle_loses_nothing(
    worker: Worker, channel: str, place: str, sent_before: int
) -> None:
    (delivery,) = queue(worker, channel, 1)
    worker.start(TOCSIN_FAILPOINTS=f"{place}=kill")
    worker.wake(delivery)
    worker.until_dead()
    assert len(worker.sinks.record.messages) == sent_before
    assert [row.state for row in worker.rows("true")] == ["sending"]

    worker.start()
    worker.until_sent(1, seconds=LEASE + 2 * SWEEP + 8)
    (row,) = worker.rows("true")
    assert (row.attempts, row.ambiguous) == (2, 1)
    messages = worker.sinks.record.messages
    assert len(messages) == (1 if channel in ("slack", "pagerduty") else 1 + sent_before)
    assert {message.labels["delivery_id"] for message in messages} == {str(delivery)}


def test_a_broker_that_forgets_everything_delays_and_loses_nothing(worker: Worker) -> None:
    worker.start()
    queue(worker, "webhook", 40)  # hints that were never given: a broker wiped before anybody read them
    worker.until_sent(40, seconds=2 * SWEEP + LEASE + 8)
    assert len(worker.sinks.record.messages) == 40


def test_a_broker_that_crashes_empty_is_found_again(worker: Worker, tmp_path: Path) -> None:
    worker.start()
    (first,) = queue(worker, "webhook", 1)
    worker.wake(first)
    worker.until_sent(1, seconds=10)
    worker.supervisor.kill("valkey")
    for file in tmp_path.glob("appendonlydir/*"):
        file.unlink()
    queue(worker, "webhook", 40)
    worker.supervisor.restart("valkey")
    worker.until_sent(40, seconds=30)
    assert len({message.labels["delivery_id"] for message in worker.sinks.record.messages}) == 40
    assert len(worker.sinks.record.messages) == 40


def test_a_broker_emptied_under_a_running_worker_is_no_trouble(worker: Worker) -> None:
    worker.start()
    queue(worker, "webhook", 1)
    worker.until_sent(1, seconds=10)
    Redis.from_url(worker.environ["CELERY_BROKER_URL"]).flushall()
    queue(worker, "webhook", 20)
    worker.until_sent(20, seconds=2 * SWEEP + LEASE + 10)


def test_a_worker_killed_in_a_burst_sends_again_no_more_than_it_had_claimed(worker: Worker) -> None:
    chosen = queue(worker, "webhook", 30)
    worker.start(TOCSIN_FAILPOINTS="delivery.after_send=kill@13")
    worker.wake(*chosen)
    worker.until_dead()
    assert len(worker.sinks.record.messages) == 13
    worker.start()
    worker.until_sent(30, seconds=LEASE + 2 * SWEEP + 8)
    messages = [message.labels["delivery_id"] for message in worker.sinks.record.messages]
    ambiguous = sum(row.ambiguous for row in worker.rows("true"))
    assert set(messages) == {str(delivery) for delivery in chosen}
    assert 0 < len(messages) - 30 <= ambiguous <= MOST
