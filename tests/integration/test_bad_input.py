"""What is bad gets a clear error where its owner looks, and the rest goes on: the services as processes, on real parts.

A feed of garbage and a page of 50 MB stand in `test_fetcher.py`, a missing secret in `test_alerting_delivery.py`, a
disk that is full and a cache that cannot be written in `test_local_stack.py`.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.local.services import SERVICES, Service, programs
from deploy.local.supervisor import Supervisor
from shared.broker import KafkaBroker, Record, create_topics
from shared.contracts import ARTICLES_ENRICHED, ARTICLES_FETCHED, ARTICLES_PARSED, DEAD_LETTERS, EVENTS_CHANGED, Topic
from shared.database.session import make_engine
from tests.waiting import until

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parents[1] / "contract" / "golden"
READS = {
    "parser": ARTICLES_FETCHED,
    "extract": ARTICLES_PARSED,
    "link": ARTICLES_ENRICHED,
    "alerting": EVENTS_CHANGED,
}
NOWHERE = {
    "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1",
}
KAFKA, DATABASE = {"KAFKA_BOOTSTRAP_SERVERS"}, {"DATABASE_URL"}
NEEDS = {
    "fetcher": KAFKA | DATABASE,
    "parser": KAFKA,
    "extract": KAFKA,
    "link": KAFKA | DATABASE,
    "alerting": set(NOWHERE),
    "delivery": set(NOWHERE),
    "api": DATABASE,
}


def sound(topic: Topic) -> Record:
    """The topic's golden message."""
    message = json.loads((GOLDEN / f"{topic.event_type}.json").read_text(encoding="utf-8"))
    return Record(topic.name, message["key"].encode(), json.dumps(message["body"]).encode(), message["headers"])


def junk(topic: Topic, name: str, body: bytes = b"\xff\x00 no JSON") -> Record:
    """A message that is none, on the partition of the sound one."""
    sample = sound(topic)
    return Record(topic.name, sample.key, body, {**sample.headers, "ce_id": name})


@pytest.fixture
def environ(database_url: str, kafka_bootstrap: str, valkey_url: str, topic_prefix: str) -> dict[str, str]:
    create_topics(kafka_bootstrap, topic_prefix)
    return {
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "CELERY_BROKER_URL": valkey_url,
        "TOPIC_PREFIX": topic_prefix,
    }


@pytest.fixture
def supervisor(environ: dict[str, str], tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path, say=lambda line: None) as supervisor:
        supervisor.launch(*programs(environ, READS))
        supervisor.wait()
        yield supervisor


@pytest.mark.timeout(150)  # starts four services
def test_a_message_that_is_not_json_dies_alone_on_every_topic(
    environ: dict[str, str], supervisor: Supervisor, topic_prefix: str
) -> None:
    broker = KafkaBroker(environ["KAFKA_BOOTSTRAP_SERVERS"], topic_prefix)
    with closing(broker.producer()) as producer:
        for stage, topic in READS.items():
            producer.send([junk(topic, f"{stage}-before"), sound(topic), junk(topic, f"{stage}-after", b"")])

    def dead() -> dict[str, dict[str, str]]:
        letters = [json.loads(record.value) for record in broker.read(DEAD_LETTERS.name)]
        return {letter["message_id"]: {"stage": letter["stage"], "reason": letter["reason"]} for letter in letters}

    until(lambda: len(dead()) == 2 * len(READS), "all of them died")
    for stage, topic in READS.items():
        for name in (f"{stage}-before", f"{stage}-after"):
            assert dead()[name]["stage"] == stage
            assert dead()[name]["reason"].startswith(f"body is no {topic.message.__name__}: body: Invalid JSON")
            assert name in supervisor.log(stage).read_text(), "its owner finds it in the log"
    until(lambda: handled(environ, broker) == set(READS), "their neighbours were handled")
    assert supervisor.alive() == set(READS)

    again = command(environ, "shared.replay", "dead", "--stage", "parser", "--reason", "Invalid JSON")
    assert "2 dead letters put back" in again.stdout, again.stderr
    ids = [record.headers["ce_id"] for record in broker.read(ARTICLES_FETCHED.name)]
    assert (ids.count("parser-before"), ids.count("parser-after")) == (2, 2)


def handled(environ: dict[str, str], broker: KafkaBroker) -> set[str]:
    """The stages in which the sound message of their topic came to its end."""
    golden = {stage: sound(topic).headers["ce_id"] for stage, topic in READS.items()}
    after = {"parser": ARTICLES_PARSED.name, "extract": ARTICLES_ENRICHED.name}
    sent = {
        stage
        for stage, topic in after.items()
        if any(one.headers.get("ce_causationid") == golden[stage] for one in broker.read(topic))
    }
    engine = make_engine(environ["DATABASE_URL"])
    with engine.connect() as connection:
        taken = connection.execute(text("SELECT consumer, message_id FROM inbox WHERE outcome <> 'dead'")).all()
    engine.dispose()
    return sent | {row.consumer for row in taken if golden.get(row.consumer) == row.message_id}


def command(environ: dict[str, str], module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def start_without_settings(service: Service, folder: Path) -> subprocess.CompletedProcess[str]:
    """Start a service where no `.env` helps it, and wait for its end."""
    env = {name: value for name, value in os.environ.items() if name not in NOWHERE}
    argv = [sys.executable, "-m", *service.command]
    return subprocess.run(
        argv, env={**env, "PYTHONPATH": str(ROOT)}, cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.timeout(120)
def test_a_service_without_its_settings_names_them_and_ends(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda service: start_without_settings(service, tmp_path), SERVICES))
    for service, end in zip(SERVICES, ends, strict=True):
        lines = dict(line.split(": ", 1) for line in end.stderr.splitlines())
        assert (end.returncode, set(lines)) == (2, NEEDS[service.name]), (service.name, end.stderr)
        assert all(words.startswith("missing; it says where ") and "for example" in words for words in lines.values())


@pytest.mark.timeout(120)
def test_a_service_whose_port_is_taken_names_it_and_ends() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        parser = command({**NOWHERE, "HEALTH_PORT": port}, "services.parser")
        assert (parser.returncode, parser.stderr) == (
            2,
            f"HEALTH_PORT: cannot listen on 127.0.0.1:{port}: Address already in use; free it or give another\n",
        )
        api = command({**NOWHERE, "API_PORT": port}, "services.api")
        assert api.returncode != 0
        assert f"('127.0.0.1', {port}): address already in use" in api.stderr
        assert "Traceback" not in api.stderr
