"""How fast deliveries leave: a burst over many webhooks, and one event at a time, from Kafka to the receiver's door.

Real parts: Kafka, Postgres, Valkey, the two alerting processes, receivers on loopback. `--against` runs the burst of
another commit in turn with this tree's, so that the ratio is of one machine in one state.

    python -m tests.benchmarks.delivery                              # a burst of 2,000 over 20 webhooks, and latency
    python -m tests.benchmarks.delivery --against HEAD~5 --rounds 3  # ... beside that commit's
    python -m tests.benchmarks.delivery --events 0 --deliveries 5000 --channel slack --destinations 100
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from deploy.local.program import Program
from deploy.local.services import ROOT, programs
from deploy.local.sinks.server import Sinks
from deploy.local.stack import parts
from deploy.local.supervisor import Supervisor
from services.alerting.domain.alert import compose
from services.alerting.domain.rulebook import read
from services.alerting.service import message_ref
from services.alerting.store import decisions
from services.alerting.store import rules as rule_store
from shared.broker import KafkaBroker
from shared.codes import MessageKind
from shared.contracts import EVENTS_CHANGED
from shared.database.session import make_engine
from shared.envelope import Outgoing, encode
from tests.alerts import NOON, change, destination, rule
from tests.receivers import receivers

# Gives hints as the deciding stage of a tree does: run in that tree, ids on stdin.
HINT = """
import sys, time
from uuid import UUID
from services.alerting import tasks
from shared.tasks import celery_app
import os
wake = tasks.waker(celery_app(tasks.SERVICE, os.environ["CELERY_BROKER_URL"]))
for line in sys.stdin:
    wake(UUID(line.strip()))
time.sleep(3)
"""


@dataclass
class Room:
    """What a run needs. `environ`: the settings of the services."""

    engine: Engine
    sinks: Sinks
    environ: dict[str, str]
    folder: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=2000, metavar="N", help="of the burst (default 2000)")
    parser.add_argument("--destinations", type=int, default=20, metavar="N", help="of the burst (default 20)")
    parser.add_argument("--channel", default="webhook", help="of the burst (default webhook)")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="bursts of each tree (default 1)")
    parser.add_argument("--against", metavar="COMMIT", help="a commit whose bursts are run in turn with this tree's")
    parser.add_argument("--events", type=int, default=100, metavar="N", help="one at a time (default 100; 0: none)")
    arguments = parser.parse_args()
    with room_of_parts() as room:
        _bursts(room, arguments)
        for channel in ("webhook", "slack") if arguments.events else ():
            _one_by_one(room, channel, arguments.events)


# --- the burst --------------------------------------------------------------------------------------------------------


def _bursts(room: Room, arguments: argparse.Namespace) -> None:
    with _tree(arguments.against) if arguments.against else nullcontext(None) as other:
        trees = {"this tree": ROOT, **({arguments.against: other} if other else {})}
        rates: dict[str, list[float]] = {name: [] for name in trees}
        for _ in range(arguments.rounds):
            for name, folder in trees.items():
                seconds = _burst(room, folder, arguments.channel, arguments.deliveries, arguments.destinations)
                rates[name].append(arguments.deliveries / seconds)
                print(f"burst, {name}: {rates[name][-1]:.0f} deliveries/s", flush=True)
        middle = {name: statistics.median(found) for name, found in rates.items()}
        if other:
            print(f"burst, ratio of medians: {middle['this tree'] / middle[arguments.against]:.1f}")


def _burst(room: Room, folder: Path, channel: str, count: int, spread: int) -> float:
    """Seconds from the first hint until the last delivery is settled as sent."""
    with running(room, folder, "delivery"):
        return send(room, prepare(room, channel, count, spread), folder)


def prepare(room: Room, channel: str, count: int, spread: int) -> list[UUID]:
    """Queue so many deliveries over so many destinations; nobody is woken."""
    _empty(room.engine)
    names = [f"desk-{number}" for number in range(spread)]
    _destinations(room.engine, channel, names)
    return _queue(room.engine, channel, names, count)


def send(room: Room, chosen: Sequence[UUID], folder: Path = ROOT) -> float:
    """Give hints for deliveries, as the stage that decides does; seconds until all are settled as sent."""
    before = len(room.sinks.record.messages)
    hinter = subprocess.Popen(
        [sys.executable, "-c", HINT], cwd=folder, env=_env(room, folder), stdin=subprocess.PIPE, text=True
    )
    assert hinter.stdin is not None
    started = time.perf_counter()
    hinter.stdin.write("".join(f"{delivery}\n" for delivery in chosen))
    hinter.stdin.close()
    _until_sent(room.engine, len(chosen), 60)
    seconds = time.perf_counter() - started
    hinter.wait()
    got = [message.labels["delivery_id"] for message in room.sinks.record.messages[before:]]
    assert sorted(filter(None, got)) == sorted(map(str, chosen)), f"{len(got)} messages of {len(chosen)} deliveries"
    return seconds


def _queue(engine: Engine, channel: str, names: Sequence[str], count: int) -> list[UUID]:
    chosen: list[UUID] = []
    with engine.begin() as connection:
        for number in range(count):
            name, delivery = names[number % len(names)], uuid4()
            content = compose(change(event=uuid4()), MessageKind.ALERT, [rule()])
            ref = message_ref(destination(name, channel), delivery)
            decisions.put_delivery(connection, delivery, name, content, ["all"], ref, NOON)
            chosen.append(delivery)
    return chosen


def _until_sent(engine: Engine, count: int, limit: float) -> None:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        with engine.begin() as connection:
            if connection.scalar(text("SELECT count(*) FROM deliveries WHERE state = 'sent'")) == count:
                return
        time.sleep(0.02)
    with engine.begin() as connection:
        states = connection.execute(text("SELECT state, count(*), max(error) FROM deliveries GROUP BY 1")).all()
    raise SystemExit(f"the burst did not end in time: {states}")


# --- one by one -------------------------------------------------------------------------------------------------------


def _one_by_one(room: Room, channel: str, count: int) -> None:
    """From the moment a record is given to the producer until its request is at the receiver."""
    _empty(room.engine)
    _destinations(room.engine, channel, ["desk"], {"id": "all", "owner": "desk", "route": {"now": "desk"}})
    producer = KafkaBroker(room.environ["KAFKA_BOOTSTRAP_SERVERS"], "").producer()
    waits: list[float] = []
    with running(room, ROOT, "alerting", "delivery"):
        for number in range(count + 5):
            seen = len(room.sinks.record.messages)
            body = change(event=uuid.uuid4())
            sent_at = datetime.now(UTC)
            message = Outgoing(EVENTS_CHANGED, str(body.event_id), body, str(body.event_id), sent_at)
            producer.send([encode(message, "bench")])
            deadline = time.monotonic() + 30
            while len(room.sinks.record.messages) == seen:
                if time.monotonic() > deadline:
                    raise SystemExit(f"no message came through {channel}")
                time.sleep(0.002)
            if number >= 5:  # the first ones open connections
                waits.append((room.sinks.record.messages[seen].received_at - sent_at).total_seconds() * 1000)
            time.sleep(0.05)
    producer.close()
    cuts = statistics.quantiles(waits, n=100)
    print(f"idle, {channel}: p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms over {count} events", flush=True)


# --- parts ------------------------------------------------------------------------------------------------------------


@contextmanager
def room_of_parts() -> Iterator[Room]:
    with parts(prepared=True) as running, receivers() as (sinks, addresses):
        environ = {**running.environ, **addresses, "ALERT_SLACK_PER_SECOND": "0"}
        engine = make_engine(running.database_url, "bench")
        yield Room(engine, sinks, environ, running.folder)
        engine.dispose()


@contextmanager
def running(room: Room, tree: Path, *names: str) -> Iterator[Supervisor]:
    """Services of a tree, for a while."""
    logs = Path(tempfile.mkdtemp(dir=room.folder))
    with Supervisor(logs) as supervisor:
        for program in programs(room.environ, names):
            environment = {**program.env, "PYTHONPATH": str(tree)}
            argv = ("env", "-C", str(tree), *program.argv)
            supervisor.launch(Program(program.name, argv, environment, program.ready))
        supervisor.wait()
        time.sleep(1.0)  # a consumer that has joined its group
        yield supervisor


def _env(room: Room, tree: Path) -> dict[str, str]:
    return {**os.environ, **room.environ, "PYTHONPATH": str(tree)}


@contextmanager
def _tree(commit: str) -> Iterator[Path]:
    """Another commit's services."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", commit, "services", "shared"], cwd=ROOT, check=True, capture_output=True
        )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def _destinations(engine: Engine, channel: str, names: Sequence[str], *rules: dict[str, object]) -> None:
    rooms = [{"channel": f"C{number}"} if channel == "slack" else {} for number in range(len(names))]
    found = [destination(name, channel, enabled=True, **room) for name, room in zip(names, rooms, strict=True)]
    document = {
        "rules": list(rules),
        "destinations": [
            {"id": one.id, "channel": channel, "config": one.config.model_dump(mode="json", exclude_defaults=True)}
            for one in found
        ],
    }
    with engine.begin() as connection:
        rule_store.save(connection, *read(document), by="benchmark")


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE deliveries, threads, decisions, rules, send_slots, destinations CASCADE"))


if __name__ == "__main__":
    main()
