"""The replay command on real Kafka and Postgres, with the toy stage."""

import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select

from shared import replay
from shared.broker import KafkaBroker, MemoryBroker, create_topics
from shared.contracts import ARTICLES_PARSED
from shared.database.tables import Inbox
from shared.dead import dead_letter
from shared.stage import Filtered, Incoming, Produced, Rejected, Runtime, Stage, run_stateful, run_stateless
from tests.toys import PINGS, PONGS, STATELESS, TOY_TOPICS, Ping, answer_and_write, junk, ping

ROOT = Path(__file__).parents[2]


def run_stateful_to_end(broker: MemoryBroker, stage: Stage[Ping], engine: Engine) -> None:
    """Up to now: `until` ends it."""
    time.sleep(0.01)
    run_stateful(stage, Runtime(broker, until=datetime.now(UTC), poll_seconds=0.05), engine)


def test_dead_letters_are_put_back_once_the_cause_is_mended(engine: Engine) -> None:
    broker = MemoryBroker(TOY_TOPICS)
    mended = False

    def handle(message: Incoming[Ping], connection: Connection) -> Produced | Filtered:
        if not mended and message.body.number < 3:
            raise Rejected(f"unknown number {message.body.number}")
        return answer_and_write(message, connection)

    stage = Stage("toy", PINGS, (PONGS,), handle)
    broker.producer().send([ping(n) for n in range(5)])
    run_stateful_to_end(broker, stage, engine)
    _relay_dead(broker, engine)
    assert [one.reason for one in replay.letters(broker, "toy", "number 1")] == ["unknown number 1"]
    assert list(replay.letters(broker, "another")) == []
    mended = True
    for letter in [*replay.letters(broker, "toy"), *replay.letters(broker, "toy")]:  # twice does no harm
        replay.put_back(broker.producer(), letter)
    run_stateful_to_end(broker, stage, engine)
    with engine.connect() as connection:
        outcomes = {row.message_id: row.outcome for row in connection.execute(select(Inbox))}
    assert outcomes == {f"ping-{n}": "produced" for n in range(5)}


def _relay_dead(broker: MemoryBroker, engine: Engine) -> None:
    """What the relay would have sent."""
    for n in range(3):
        received = next(one for one in broker.read(PINGS.name) if one.headers["ce_id"] == f"ping-{n}")
        letter = dead_letter("toy", received, f"unknown number {n}", lambda: datetime.now(UTC))
        broker.producer().send([letter])


def test_a_message_without_an_id_gets_the_place_where_it_lay() -> None:
    broker = MemoryBroker(TOY_TOPICS)
    bare = junk(1)
    broker.producer().send([type(bare)(bare.topic, bare.key, bare.value, {})])
    time.sleep(0.01)
    run_stateless(STATELESS, Runtime(broker, until=datetime.now(UTC), poll_seconds=0.05))
    (letter,) = replay.letters(broker, "toy")
    replay.put_back(broker.producer(), letter)
    ids = [one.headers.get("ce_id") for one in broker.read(PINGS.name)]
    assert ids == [None, f"{PINGS.name}/{letter.partition}/{letter.offset}"]


@pytest.fixture
def environ(kafka_bootstrap: str, topic_prefix: str) -> dict[str, str]:
    create_topics(kafka_bootstrap, topic_prefix)
    ours = {"KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap, "TOPIC_PREFIX": topic_prefix, "PYTHONPATH": str(ROOT)}
    return {**os.environ, **ours}


def command(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shared.replay", *arguments], env=environ, capture_output=True, text=True, timeout=50
    )


@pytest.mark.kafka_only
def test_the_command_lists_and_puts_back(environ: dict[str, str], kafka_bootstrap: str, topic_prefix: str) -> None:
    broker = KafkaBroker(kafka_bootstrap, topic_prefix)
    create_topics(kafka_bootstrap, topic_prefix, [PINGS])
    with closing(broker.producer()) as producer:
        producer.send([ping(1)])
        (received,) = broker.read(PINGS.name)
        producer.send([dead_letter("toy", received, "unknown country", lambda: datetime.now(UTC))])
    listed = command(environ, "dead", "--stage", "toy", "--dry-run")
    assert "ping-1" in listed.stdout and "unknown country" in listed.stdout, listed.stderr
    assert "1 dead letters found" in listed.stdout
    assert len(list(broker.read(PINGS.name))) == 1
    assert "1 dead letters put back" in command(environ, "dead", "--stage", "toy", "--reason", "country").stdout
    assert "0 dead letters put back" in command(environ, "dead", "--stage", "toy", "--reason", "weather").stdout
    again = list(broker.read(PINGS.name))
    assert [one.value for one in again] == [received.value] * 2
    assert again[1].headers["ce_id"] == "ping-1"


@pytest.mark.kafka_only
def test_the_command_starts_a_range_and_hands_over(
    environ: dict[str, str], kafka_bootstrap: str, topic_prefix: str
) -> None:
    tell = "import os; print(os.environ['CONSUMER_EPOCH'], os.environ['CONSUME_UNTIL'])"
    span = ("--since", "2024-03-22T12:00Z", "--until", "2024-03-22T18:00Z")
    done = command(environ, "range", "--topic", ARTICLES_PARSED.name, "--stage", "extract", "--epoch", "2", *span,
                   "--", sys.executable, "-c", tell)  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("extract@2 reads articles.parsed: partition 0 from 0, 1 from 0")
    assert second == "2 2024-03-22T18:00:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["dead"], "--stage"),
        (["dead", "--stage", "link", "--since", "noon"], "is no time such as"),
        (["dead", "--stage", "link", "--since", "2024-03-22T12:00"], "needs a zone"),
        (["range", "--topic", "x"], "invalid choice"),
    ],
)
def test_mistakes_are_told(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        replay.main(arguments)
    assert complaint in capsys.readouterr().err
