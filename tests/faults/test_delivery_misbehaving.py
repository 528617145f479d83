"""Receivers that misbehave all at once: nothing lost, nothing twice where it can be known, nobody pressed.

10 % of what they take they answer with a reset, 10 % with "too many", 5 % with an error, 5 % never.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from deploy.local import valkey
from deploy.local.services import programs
from deploy.local.sinks.faults import Fault, Faults
from deploy.local.sinks.server import Sinks
from deploy.local.supervisor import Supervisor
from services.alerting import tasks
from services.alerting.domain.alert import compose
from services.alerting.domain.destinations import Destination
from services.alerting.domain.rulebook import read
from services.alerting.outgoing import message_ref
from services.alerting.store import decisions
from services.alerting.store import rules as rule_store
from shared.codes import MessageKind
from shared.database.session import make_engine
from shared.tasks import celery_app
from tests.alerts import NOON, change, destination, rule
from tests.receivers import receivers

CHANCES = {Fault.LOST: 0.1, Fault.BUSY: 0.1, Fault.ERROR: 0.05, Fault.HANG: 0.05}
LEASE, SWEEP = 20, 1  # seconds

# channel -> (destinations, deliveries to each)
FEW = {"slack": (8, 2), "webhook": (4, 9), "email": (6, 5), "pagerduty": (1, 9)}
MANY = {"slack": (100, 9), "webhook": (20, 33), "email": (50, 8), "pagerduty": (1, 40)}  # 2,000 in all


class Company:
    """Destinations of every kind, and a worker."""

    def __init__(self, engine: Engine, sinks: Sinks, faults: Faults, supervisor: Supervisor, environ: dict[str, str]):
        self.engine, self.sinks, self.faults, self.supervisor, self.environ = engine, sinks, faults, supervisor, environ

    def queue(self, spread: dict[str, tuple[int, int]]) -> dict[UUID, str]:
        """Deliveries with their channel."""
        places = [
            (where, number) for channel, (places, number) in spread.items() for where in self._places(channel, places)
        ]
        entries = [
            {"id": one.id, "channel": one.channel, "config": one.config.model_dump(mode="json", exclude_defaults=True)}
            for one, _ in places
        ]
        chosen: dict[UUID, str] = {}
        with self.engine.begin() as connection:
            rule_store.save(connection, *read({"destinations": entries}), by="test")
            for where, number in places:
                for _ in range(number):
                    delivery = uuid4()
                    alert = compose(change(event=uuid4()), MessageKind.ALERT, [rule()])
                    ref = message_ref(where, delivery)
                    decisions.put_delivery(connection, delivery, where.id, alert, ["all"], ref, NOON)
                    chosen[delivery] = where.channel
        return chosen

    def _places(self, channel: str, number: int) -> Iterator[Destination]:
        for place in range(number):
            config: dict[str, dict[str, Any]] = {
                "slack": {"channel": f"C{place:05}"},
                "webhook": {"url": f"{self.sinks.webhook}/{place}"},
                "email": {"to": f"desk-{place}@desk.example"},
            }
            yield destination(f"{channel}-{place}", channel, enabled=True, **config.get(channel, {}))

    def start(self, **environ: str) -> None:
        self.supervisor.launch(*programs(self.environ | environ, ["delivery"]))
        self.supervisor.wait()

    def wake(self, chosen: Any) -> None:
        wake = tasks.waker(celery_app(tasks.SERVICE, self.environ["CELERY_BROKER_URL"]))
        for delivery in chosen:
            wake(delivery)

    def until_dead(self) -> None:
        deadline = time.monotonic() + 60
        while "delivery" not in self.supervisor.died():
            assert time.monotonic() < deadline, self.states()
            time.sleep(0.05)

    def until_sent(self, number: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (found := self.states()) != {"sent": number}:
            assert time.monotonic() < deadline, f"{found}\n{self.supervisor.last_words('delivery')}"
            time.sleep(0.1)

    def states(self) -> dict[str, int]:
        with self.engine.begin() as connection:
            rows = connection.execute(text("SELECT state, count(*) AS many FROM deliveries GROUP BY state"))
            return {row.state: row.many for row in rows}

    def ambiguous(self) -> dict[str, int]:
        with self.engine.begin() as connection:
            rows = connection.execute(
                text("""
                    SELECT g.channel, sum(d.ambiguous) AS many
                    FROM deliveries d JOIN destinations g ON g.id = d.destination_id GROUP BY g.channel
                """)
            )
            return {row.channel: row.many for row in rows}


@pytest.fixture
def company(database_url: str, tmp_path: Path) -> Iterator[Company]:
    engine, faults = make_engine(database_url), Faults(CHANCES, seed=7)
    with (
        receivers(interval=1.0, faults=faults) as (sinks, addresses),
        Supervisor(tmp_path, say=lambda line: None) as supervisor,
    ):
        program, broker_url = valkey.program(tmp_path)
        supervisor.launch(program)
        supervisor.wait()
        environ = {
            **addresses,
            "DATABASE_URL": database_url,
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",  # the worker does without
            "CELERY_BROKER_URL": broker_url,
            "ALERT_LEASE_SECONDS": str(LEASE),
            "ALERT_SWEEP_SECONDS": str(SWEEP),
            "ALERT_FIRST_RETRY_SECONDS": "0.2",
            "ALERT_ANSWER_SECONDS": "2",
        }
        yield Company(engine, sinks, faults, supervisor, environ)
    engine.dispose()


@pytest.mark.parametrize(
    ("spread", "seconds"),
    [
        pytest.param(FEW, 90, id="few", marks=pytest.mark.timeout(150)),
        pytest.param(MANY, 420, id="two thousand", marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
def test_nothing_is_lost_or_sent_twice_where_it_can_be_known_and_nobody_is_pressed(
    company: Company, spread: dict[str, tuple[int, int]], seconds: float
) -> None:
    chosen = company.queue(spread)
    company.start()
    company.wake(chosen)
    company.until_sent(len(chosen), seconds)

    got: dict[str, Counter[str]] = defaultdict(Counter)
    refs: dict[str, set[str]] = defaultdict(set)
    for message in company.sinks.record.messages:
        delivery = str(message.labels["delivery_id"])
        got[message.sink][delivery] += 1
        refs[delivery].add(message.ref)
    ambiguous = company.ambiguous()
    for channel in spread:
        assert set(got[channel]) == {str(one) for one, where in chosen.items() if where == channel}, channel
        twice = got[channel].total() - len(got[channel])
        assert twice == 0 if channel in ("slack", "pagerduty") else twice <= ambiguous[channel], channel
        print(f"{channel}: {len(got[channel])} taken, {twice} twice, {ambiguous[channel]} in doubt for a while")
    assert sum(ambiguous.values()) > 0  # the receivers did misbehave
    assert all(len(names) == 1 for names in refs.values())  # what came twice came under one name
    assert company.faults.early == []
    _at_most_one_a_second(company.sinks)


def _at_most_one_a_second(sinks: Sinks) -> None:
    """The Slack of the tests refuses what is too early; nothing was."""
    by_channel: dict[str, list[float]] = defaultdict(list)
    for message in sinks.record.messages:
        if message.sink == "slack":
            by_channel[message.destination].append(message.received_at.timestamp())
    gaps = [after - before for times in by_channel.values() for before, after in pairwise(times)]
    assert gaps
    assert min(gaps) >= 0.99


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_broker_killed_and_wiped_with_a_thousand_waiting(company: Company, tmp_path: Path) -> None:
    company.faults.chances = {}
    chosen = company.queue({"webhook": (100, 10)})
    company.start()
    company.wake(list(chosen)[:200])
    time.sleep(0.3)
    company.supervisor.kill("valkey")
    for file in tmp_path.glob("appendonlydir/*"):
        file.unlink()
    company.supervisor.restart("valkey")
    started = time.monotonic()
    company.until_sent(1000, 2 * SWEEP + LEASE + 10)
    print(f"all ended {time.monotonic() - started:.1f} s after the broker was back")
    assert len({message.labels["delivery_id"] for message in company.sinks.record.messages}) == 1000
    assert len(company.sinks.record.messages) == 1000


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("place", ["delivery.after_claim=kill@20", "delivery.after_send=kill@300"])
def test_a_worker_killed_with_a_thousand_waiting(company: Company, place: str) -> None:
    company.faults.chances = {}
    chosen = company.queue({"webhook": (100, 10)})
    company.start(TOCSIN_FAILPOINTS=place)
    company.wake(chosen)
    company.until_dead()
    company.start()
    started = time.monotonic()
    company.until_sent(1000, 2 * SWEEP + LEASE + 10)
    got = [message.labels["delivery_id"] for message in company.sinks.record.messages]
    ambiguous = company.ambiguous()["webhook"]
    print(f"all ended {time.monotonic() - started:.1f} s after the worker was back; {ambiguous} in doubt")
    assert set(got) == {str(one) for one in chosen}
    assert len(got) - 1000 <= ambiguous
