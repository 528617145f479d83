"""A stateless stage on the broker in memory."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from shared.broker import BrokerError, MemoryBroker, Received, Record
from shared.contracts import DEAD_LETTERS, DeadLetter, OutcomeRecorded
from shared.stage import Ceiling, Filtered, Incoming, Outgoing, Produced, Runtime, Stage, TooManyDead, run_stateless
from tests.toys import MESSAGE_TIME, PINGS, PONGS, STATELESS, TOY_TOPICS, Ping, Pong, answer, junk, ping, pong_id
from tests.waiting import until


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker(TOY_TOPICS)


@contextmanager
def running(stage: Stage[Ping], runtime: Runtime) -> Iterator[None]:
    thread = threading.Thread(target=run_stateless, args=(stage, runtime))
    thread.start()
    try:
        yield
    finally:
        runtime.stop.set()
        thread.join(10)
        assert not thread.is_alive()


def read(broker: MemoryBroker, topic: str) -> list[Received]:
    return list(broker.read(topic))


def committed(broker: MemoryBroker, group: str = "toy") -> int:
    return sum(broker.committed[group].values())


def run_to_end(broker: MemoryBroker, stage: Stage[Ping] = STATELESS, runtime: Runtime | None = None) -> None:
    runtime = runtime or Runtime(broker, poll_seconds=0.05)
    with running(stage, runtime):
        until(lambda: committed(broker, runtime.consumer_name(stage)) == len(read(broker, PINGS.name)))


def test_every_message_ends_in_exactly_one_outcome(broker: MemoryBroker) -> None:
    broker.producer().send([ping(1), ping(2, "filtered"), ping(3, "dead"), junk(4), ping(5)])
    run_to_end(broker)
    assert {one.headers["ce_causationid"] for one in read(broker, "test.pongs")} == {"ping-1", "ping-5"}
    outcomes = [OutcomeRecorded.model_validate_json(one.value) for one in read(broker, "pipeline.outcomes")]
    assert outcomes == [OutcomeRecorded(stage="toy", message_id="ping-2", reason="it_says_so")]
    dead = {one.headers["ce_causationid"] for one in read(broker, "dead.letters")}
    assert dead == {"ping-3", "junk-4"}


def test_what_comes_out_says_where_it_comes_from(broker: MemoryBroker) -> None:
    sent = ping(1)
    broker.producer().send([sent])
    run_to_end(broker)
    (pong,) = read(broker, "test.pongs")
    assert pong.headers["ce_id"] == pong_id(1)
    assert pong.headers["ce_causationid"] == "ping-1"
    assert pong.headers["ce_type"] == "tocsin.test.pong.v1"
    assert pong.headers["ce_source"] == "/tocsin/toy"
    assert datetime.fromisoformat(pong.headers["ce_time"]) == MESSAGE_TIME, "message time is handed on"
    assert pong.headers["traceparent"] == sent.headers["traceparent"]
    assert pong.key == b"1"


def test_a_dead_letter_keeps_everything_needed_to_put_it_back(broker: MemoryBroker) -> None:
    record = Record(PINGS.name, b"\xff", b"\x00{", {"ce_id": "x", "ce_type": PINGS.event_type})
    broker.producer().send([record])
    run_to_end(broker)
    (letter,) = read(broker, DEAD_LETTERS.name)
    body = DeadLetter.model_validate_json(letter.value)
    assert (body.stage, body.topic, body.message_id, body.offset) == ("toy", PINGS.name, "x", 0)
    assert (body.key, body.value, body.headers) == (b"\xff", b"\x00{", dict(record.headers))
    assert "body is no Ping" in body.reason


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("ce_type", "tocsin.test.ping.v2", "ce_type is 'tocsin.test.ping.v2'"),
        ("ce_id", "", "ce_id is missing"),
        ("ce_time", "yesterday", "ce_time is 'yesterday'"),
        ("ce_time", "2024-03-22T17:00:00", "its zone is missing"),
    ],
)
def test_bad_headers_are_told(broker: MemoryBroker, header: str, value: str, reason: str) -> None:
    good = ping(1)
    broker.producer().send([Record(good.topic, good.key, good.value, {**good.headers, header: value})])
    run_to_end(broker)
    (letter,) = read(broker, DEAD_LETTERS.name)
    assert reason in DeadLetter.model_validate_json(letter.value).reason


def test_what_passes_is_tried_again_in_order_and_holds_up_only_its_partition(broker: MemoryBroker) -> None:
    """Pings 1 and 11 share a key. Ping 1 fails three times."""
    failures = 3

    def fails_at_first(message: Incoming[Ping]) -> Produced | Filtered:
        nonlocal failures
        if message.id == "ping-1" and failures:
            failures -= 1
            raise OSError("the network is down")
        return answer(message)

    broker.producer().send([ping(1), ping(11), *(ping(n) for n in range(2, 10))])
    run_to_end(broker, Stage("toy", PINGS, (PONGS,), fails_at_first))
    assert failures == 0
    pongs = [int(Pong.model_validate_json(one.value).number) for one in broker.read("test.pongs")]
    assert sorted(pongs) == [*range(1, 10), 11], "each once"
    assert pongs.index(1) < pongs.index(11)
    assert not read(broker, DEAD_LETTERS.name)


def test_nothing_is_committed_before_the_broker_has_it(broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    committed_at_failure: list[int] = []
    producer = broker.producer()

    class Unreliable:
        def send(self, records: list[Record]) -> None:
            if len(committed_at_failure) < 2:
                committed_at_failure.append(committed(broker))
                raise BrokerError("not enough replicas")
            producer.send(records)

        def close(self) -> None: ...

    broker.producer().send([ping(n) for n in range(20)])
    monkeypatch.setattr(broker, "producer", Unreliable)
    run_to_end(broker)
    assert committed_at_failure == [0, 0]
    assert len({one.headers["ce_id"] for one in read(broker, "test.pongs")}) == 20


def test_too_many_dead_in_a_row_stop_the_stage(broker: MemoryBroker) -> None:
    broker.producer().send([ping(n, "dead") for n in range(0, 1000, 10)])  # one key, one partition
    runtime = Runtime(broker, batch_size=4, ceiling=Ceiling(run=10))
    with pytest.raises(TooManyDead, match=r"stage toy: 10 messages in a row .* DEAD_LETTER_RUN"):
        run_stateless(STATELESS, runtime)
    assert len(read(broker, DEAD_LETTERS.name)) == 8 == committed(broker), (
        "the batch that went too far was not committed"
    )


def test_too_large_a_share_of_dead_stops_the_stage(broker: MemoryBroker) -> None:
    broker.producer().send([ping(n * 10, "dead" if n % 2 else "produced") for n in range(500)])
    with pytest.raises(TooManyDead, match="50% of 40 messages"):
        run_stateless(STATELESS, Runtime(broker, ceiling=Ceiling(run=10, ratio=0.5, window=40)))


def test_an_output_too_large_for_its_topic_is_dead_not_stuck(broker: MemoryBroker) -> None:
    def swells(message: Incoming[Ping]) -> Produced:
        return Produced([Outgoing(PONGS, "1", Pong(number=1, note="x" * PONGS.max_message_bytes), "x")])

    broker.producer().send([ping(1)])
    run_to_end(broker, Stage("toy", PINGS, (PONGS,), swells))
    (letter,) = read(broker, DEAD_LETTERS.name)
    assert "too many for test.pongs" in DeadLetter.model_validate_json(letter.value).reason


def test_nothing_out_counts_as_filtered(broker: MemoryBroker) -> None:
    broker.producer().send([ping(1)])
    run_to_end(broker, Stage("toy", PINGS, (PONGS,), lambda message: Produced()))
    (outcome,) = read(broker, "pipeline.outcomes")
    assert OutcomeRecorded.model_validate_json(outcome.value).reason == "nothing"


def test_hooks_run_after_the_commit_and_their_errors_stop_nothing(broker: MemoryBroker) -> None:
    seen = []

    def hook() -> None:
        seen.append(committed(broker))
        raise RuntimeError("Celery is away")

    broker.producer().send([ping(1)])
    run_to_end(broker, Stage("toy", PINGS, (PONGS,), lambda message: Filtered("x", after_commit=[hook])))
    assert seen == [1]


def test_an_epoch_reads_everything_again_and_ends_where_it_is_told(broker: MemoryBroker) -> None:
    broker.producer().send([ping(n) for n in range(10)])
    run_to_end(broker)
    time.sleep(0.01)
    end = datetime.now(UTC)
    time.sleep(0.01)
    broker.producer().send([ping(n) for n in range(10, 20)])
    run_stateless(STATELESS, Runtime(broker, epoch=2, until=end, poll_seconds=0.05))
    assert committed(broker, "toy@2") == 10
    assert committed(broker) == 10, "the live consumer is where it was"


def test_a_handler_of_the_wrong_kind_is_found_at_the_start(broker: MemoryBroker) -> None:
    with pytest.raises(TypeError, match="stage toy: its handler must take"):
        run_stateless(Stage("toy", PINGS, (PONGS,), lambda message, connection: Produced()), Runtime(broker))


def test_missing_topics_keep_a_stage_waiting_and_not_ready() -> None:
    broker = MemoryBroker([PINGS])
    runtime = Runtime(broker)
    with running(STATELESS, runtime):
        until(lambda: "topics are missing" in str(runtime.health.readiness({})))
        assert not runtime.health.live()
