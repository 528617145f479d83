"""A stateful stage on real Postgres; the broker is the one in memory, which passes the same suite as Kafka."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import OperationalError

from shared.broker import MemoryBroker, Record
from shared.contracts import DEAD_LETTERS
from shared.database.tables import Inbox, Outbox
from shared.envelope import RETRY
from shared.stage import (
    Ceiling,
    Filtered,
    Incoming,
    Outgoing,
    Produced,
    Rejected,
    Runtime,
    Stage,
    TooManyDead,
    run_stateful,
)
from tests.toys import (
    PINGS,
    PONGS,
    STATEFUL,
    TOY_TOPICS,
    Ping,
    Pong,
    answer,
    answer_and_write,
    junk,
    ping,
    written,
)
from tests.waiting import until


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker(TOY_TOPICS)


@contextmanager
def running(stage: Stage[Ping], runtime: Runtime, engine: Engine) -> Iterator[None]:
    thread = threading.Thread(target=run_stateful, args=(stage, runtime, engine))
    thread.start()
    try:
        yield
    finally:
        runtime.stop.set()
        thread.join(10)
        assert not thread.is_alive()


def run_to_end(
    broker: MemoryBroker, engine: Engine, stage: Stage[Ping] = STATEFUL, runtime: Runtime | None = None
) -> None:
    runtime = runtime or Runtime(broker, poll_seconds=0.05)
    name = runtime.consumer_name(stage)
    with running(stage, runtime, engine):
        until(lambda: sum(broker.committed[name].values()) == len(list(broker.read(PINGS.name))))


def inbox(engine: Engine, consumer: str = "toy") -> dict[str, tuple[str, str | None, int]]:
    with engine.connect() as connection:
        rows = connection.execute(
            select(Inbox.message_id, Inbox.outcome, Inbox.reason, Inbox.redeliveries).where(Inbox.consumer == consumer)
        )
        return {row.message_id: (row.outcome, row.reason, row.redeliveries) for row in rows}


def outbox(engine: Engine) -> list[tuple[str, str]]:
    """Topic and cause of what waits to be sent."""
    with engine.connect() as connection:
        rows = connection.execute(select(Outbox.topic, Outbox.headers).order_by(Outbox.id))
        return [(row.topic, row.headers["ce_causationid"]) for row in rows]


def effects(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return written(connection)


def test_effects_inbox_and_outbox_are_written_together(broker: MemoryBroker, engine: Engine) -> None:
    broker.producer().send([ping(1), ping(11, "filtered"), ping(21, "dead"), junk(31), ping(41)])
    run_to_end(broker, engine)
    assert inbox(engine) == {
        "ping-1": ("produced", None, 0),
        "ping-11": ("filtered", "it_says_so", 0),
        "ping-21": ("dead", "it says so", 0),
        "junk-31": ("dead", inbox(engine)["junk-31"][1], 0),
        "ping-41": ("produced", None, 0),
    }
    assert outbox(engine) == [
        (PONGS.name, "ping-1"),
        (DEAD_LETTERS.name, "ping-21"),
        (DEAD_LETTERS.name, "junk-31"),
        (PONGS.name, "ping-41"),
    ]
    assert effects(engine) == ["ping-1", "ping-11", "ping-41"], "what was rejected left nothing"


class InTheEnd:
    """Notes the messages that it answers, and leaves rows for all in the end; `poison` fails there."""

    def __init__(self, poison: str = "") -> None:
        self.poison = poison
        self.noted: list[Incoming[Ping]] = []
        self.batches: list[int] = []

    def prepare(self, messages: Sequence[Incoming[Ping]], connection: Connection) -> None:
        self.noted = []

    def handle(self, message: Incoming[Ping], connection: Connection) -> Produced | Filtered:
        answered = answer(message)
        self.noted.append(message)
        return answered

    def finish(self, connection: Connection) -> None:
        self.batches.append(len(self.noted))
        for message in self.noted:
            assert message.id != self.poison
            answer_and_write(message, connection)


def test_a_stage_that_writes_in_the_end_leaves_the_same(broker: MemoryBroker, engine: Engine) -> None:
    broker.producer().send([ping(1), ping(11, "filtered"), ping(21, "dead"), junk(31), ping(41)])
    toy = InTheEnd()
    run_to_end(broker, engine, Stage("toy", PINGS, (PONGS,), toy.handle, toy.prepare, toy.finish))
    assert toy.batches == [3]
    assert effects(engine) == ["ping-1", "ping-11", "ping-41"]
    assert [outcome for outcome, _, _ in inbox(engine).values()].count("dead") == 2
    assert len(outbox(engine)) == 4


def test_what_fails_in_the_end_holds_up_only_itself(broker: MemoryBroker, engine: Engine) -> None:
    broker.producer().send([ping(1), ping(11), ping(21)])
    toy = InTheEnd(poison="ping-21")
    stage = Stage("toy", PINGS, (PONGS,), toy.handle, toy.prepare, toy.finish)
    with running(stage, Runtime(broker, poll_seconds=0.05), engine):
        until(lambda: len(effects(engine)) == 2)
    assert set(inbox(engine)) == {"ping-1", "ping-11"}
    assert [cause for _, cause in outbox(engine)] == ["ping-1", "ping-11"]


def test_what_comes_again_is_counted_and_dropped(broker: MemoryBroker, engine: Engine) -> None:
    broker.producer().send([ping(1), ping(1), ping(11)])  # twice in one batch
    run_to_end(broker, engine)
    broker.producer().send([ping(1), ping(11)])
    run_to_end(broker, engine)
    assert effects(engine) == ["ping-1", "ping-11"]
    assert [cause for _, cause in outbox(engine)] == ["ping-1", "ping-11"]
    assert {key: row[2] for key, row in inbox(engine).items()} == {"ping-1": 1, "ping-11": 1}


def test_offsets_lost_after_the_commit_do_no_harm(broker: MemoryBroker, engine: Engine) -> None:
    broker.producer().send([ping(n) for n in range(20)])
    run_to_end(broker, engine)
    broker.committed.clear()
    run_to_end(broker, engine)
    assert len(effects(engine)) == 20
    assert len(outbox(engine)) == 20


def test_an_epoch_takes_everything_in_again(broker: MemoryBroker, engine: Engine) -> None:
    broker.producer().send([ping(1)])
    run_to_end(broker, engine)
    run_to_end(broker, engine, runtime=Runtime(broker, epoch=1, poll_seconds=0.05))
    assert effects(engine) == ["ping-1", "ping-1"]
    assert inbox(engine, "toy@1") == inbox(engine, "toy")


def test_a_message_that_died_is_taken_again_only_when_put_back(broker: MemoryBroker, engine: Engine) -> None:
    cured = False

    def handle(message: Incoming[Ping], connection: Connection) -> Produced | Filtered:
        if not cured:
            raise Rejected("a bug")
        return answer_and_write(message, connection)

    stage = Stage("toy", PINGS, (PONGS,), handle)
    record = ping(1)
    broker.producer().send([record])
    run_to_end(broker, engine, stage)
    cured = True
    broker.producer().send([record])
    run_to_end(broker, engine, stage)
    assert inbox(engine)["ping-1"] == ("dead", "a bug", 1), "an ordinary redelivery"
    put_back = Record(record.topic, record.key, record.value, {**record.headers, RETRY: "1"})
    broker.producer().send([put_back, put_back])
    run_to_end(broker, engine, stage)
    assert inbox(engine)["ping-1"][0] == "produced"
    assert effects(engine) == ["ping-1"]


def test_what_passes_holds_up_only_what_comes_after_it(broker: MemoryBroker, engine: Engine) -> None:
    """Four messages of one partition in one batch; the third fails twice as a batch and alone, then once more."""
    failures = 3
    attempts: list[str] = []

    def handle(message: Incoming[Ping], connection: Connection) -> Produced | Filtered:
        nonlocal failures
        attempts.append(message.id)
        result = answer_and_write(message, connection)
        if message.id == "ping-21" and failures:
            failures -= 1
            raise ConnectionError("a service is away")
        return result

    broker.producer().send([ping(n) for n in (1, 11, 21, 31)])
    run_to_end(broker, engine, Stage("toy", PINGS, (PONGS,), handle))
    assert effects(engine) == ["ping-1", "ping-11", "ping-21", "ping-31"], "each once, whatever was rolled back"
    assert [cause for _, cause in outbox(engine)] == ["ping-1", "ping-11", "ping-21", "ping-31"]
    assert attempts.index("ping-31") > max(n for n, one in enumerate(attempts) if one == "ping-21")


def test_a_statement_that_fails_spoils_only_its_message(broker: MemoryBroker, engine: Engine) -> None:
    """A handler that answers a database error by `Rejected`: the savepoint goes, the transaction stays usable."""

    def handle(message: Incoming[Ping], connection: Connection) -> Produced | Filtered:
        if message.id == "ping-11":
            try:
                connection.execute(text("SELECT 1 / 0"))
            except Exception as error:
                raise Rejected("impossible") from error
        return answer_and_write(message, connection)

    broker.producer().send([ping(n) for n in (1, 11, 21)])
    run_to_end(broker, engine, Stage("toy", PINGS, (PONGS,), handle))
    assert effects(engine) == ["ping-1", "ping-21"]
    assert inbox(engine)["ping-11"][:2] == ("dead", "impossible")


def test_an_outage_of_the_database_is_waited_out(broker: MemoryBroker, engine: Engine, database_url: str) -> None:
    broker.producer().send([ping(n) for n in range(30)])
    cut = 0

    def handle(message: Incoming[Ping], connection: Connection) -> Produced | Filtered:
        nonlocal cut
        result = answer_and_write(message, connection)
        if cut < 3:
            cut += 1
            with pytest.raises(OperationalError):  # as if the server went away
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            raise OperationalError("terminated", None, Exception())
        return result

    run_to_end(broker, engine, Stage("toy", PINGS, (PONGS,), handle))
    assert len(effects(engine)) == 30
    assert len(outbox(engine)) == 30


def test_two_that_lock_crosswise_both_get_on(broker: MemoryBroker, engine: Engine) -> None:
    """Two consumers lock the same two things in opposite order: the deadlock costs time, no message."""
    both_hold_one = threading.Barrier(2)

    def stage(name: str, *keys: int) -> Stage[Ping]:
        first_time = True

        def handle(message: Incoming[Ping], connection: Connection) -> Produced | Filtered:
            nonlocal first_time
            for key in keys:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
                if first_time:
                    first_time = False
                    both_hold_one.wait(10)
            return answer_and_write(message, connection)

        return Stage(name, PINGS, (PONGS,), handle)

    broker.producer().send([ping(1)])
    with (
        running(stage("one", 1, 2), Runtime(broker, poll_seconds=0.05), engine),
        running(stage("other", 2, 1), Runtime(broker, poll_seconds=0.05), engine),
    ):
        until(lambda: len(effects(engine)) == 2)
    assert inbox(engine, "one") == inbox(engine, "other") == {"ping-1": ("produced", None, 0)}


def test_the_ceiling_leaves_the_last_batch_uncommitted(broker: MemoryBroker, engine: Engine) -> None:
    broker.producer().send([ping(n, "dead") for n in range(0, 1000, 10)])
    with pytest.raises(TooManyDead):
        run_stateful(STATEFUL, Runtime(broker, batch_size=4, ceiling=Ceiling(run=10)), engine)
    assert len(inbox(engine)) == len(outbox(engine)) == sum(broker.committed["toy"].values()) == 8


def test_hooks_run_after_everything_is_committed(broker: MemoryBroker, engine: Engine) -> None:
    seen: list[tuple[int, int]] = []

    def handle(message: Incoming[Ping], connection: Connection) -> Produced | Filtered:
        hook = lambda: seen.append((len(inbox(engine)), sum(broker.committed["toy"].values())))  # noqa: E731
        return Produced([Outgoing(PONGS, "1", Pong(number=1), "pong")], after_commit=[hook])

    broker.producer().send([ping(1)])
    run_to_end(broker, engine, Stage("toy", PINGS, (PONGS,), handle))
    assert seen == [(1, 1)]


def test_a_handler_of_the_wrong_kind_is_found_at_the_start(broker: MemoryBroker, engine: Engine) -> None:
    with pytest.raises(TypeError, match="connection"):
        run_stateful(Stage("toy", PINGS, (PONGS,), answer), Runtime(broker), engine)
