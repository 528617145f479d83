"""The outbox and its relay on real Postgres; the broker is the one in memory."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Row, func, select, text

from shared.broker import BrokerError, MemoryBroker, Record
from shared.database.tables import Outbox
from shared.outbox import OnPublished, Relay, enqueue, put
from shared.stage import Outgoing
from tests.toys import MESSAGE_TIME, PONGS, TOY_TOPICS, Pong
from tests.waiting import until


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker(TOY_TOPICS)


def pong(number: int, note: str = "") -> Outgoing:
    return Outgoing(PONGS, "key", Pong(number=number, note=note), f"pong-{number}", MESSAGE_TIME)


@contextmanager
def relaying(
    engine: Engine, broker: MemoryBroker, service: str = "toy", on_published: OnPublished | None = None
) -> Iterator[None]:
    relay = Relay(engine, broker, service, on_published)
    relay.start()
    try:
        yield
    finally:
        relay.stop()


def sent(broker: MemoryBroker) -> list[int]:
    return [Pong.model_validate_json(one.value).number for one in broker.read(PONGS.name)]


def waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Outbox)) or 0


def test_only_what_is_committed_is_sent_with_its_headers_in_order(broker: MemoryBroker, engine: Engine) -> None:
    with relaying(engine, broker):
        with engine.begin() as connection:
            enqueue(connection, "toy", [pong(n) for n in range(50)])
        with engine.connect() as connection:
            enqueue(connection, "toy", [pong(99)])
            connection.rollback()
        until(lambda: len(sent(broker)) == 50)
        until(lambda: waiting(engine) == 0)
    assert sent(broker) == list(range(50))
    first = next(iter(broker.read(PONGS.name)))
    assert first.headers["ce_id"] == "pong-0"
    assert first.headers["ce_source"] == "/tocsin/toy"
    assert datetime.fromisoformat(first.headers["ce_time"]) == MESSAGE_TIME
    assert first.key == b"key"


def test_without_a_cause_the_time_must_be_given(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(ValueError, match="message time must be given"):
        enqueue(connection, "toy", [Outgoing(PONGS, "key", Pong(number=1), "x")])


def test_a_message_leaves_within_milliseconds_of_its_commit(broker: MemoryBroker, engine: Engine) -> None:
    with relaying(engine, broker):
        with engine.begin() as connection:
            enqueue(connection, "toy", [pong(0)])
        until(lambda: sent(broker) == [0])
        delays = []
        for number in range(1, 21):
            time.sleep(0.02)
            with engine.begin() as connection:
                enqueue(connection, "toy", [pong(number)])
            committed = datetime.now(UTC)
            until(lambda: len(sent(broker)) == number + 1)  # noqa: B023 - awaited here
            delays.append((list(broker.read(PONGS.name))[-1].recorded_at - committed).total_seconds())
    median = sorted(delays)[10]
    assert median < 0.1, f"median {median * 1000:.0f} ms: it waited for its turn, not for the notification"


def test_a_row_committed_late_with_a_lower_id_is_not_lost(broker: MemoryBroker, engine: Engine) -> None:
    with relaying(engine, broker), engine.connect() as slow:
        enqueue(slow, "toy", [pong(1)])
        with engine.begin() as quick:
            enqueue(quick, "toy", [pong(2)])
        until(lambda: sent(broker) == [2])
        slow.commit()
        until(lambda: sent(broker) == [2, 1])


def test_one_relay_at_a_time_and_the_next_takes_over(broker: MemoryBroker, engine: Engine) -> None:
    published: list[str] = []

    def by(name: str) -> OnPublished:
        return lambda connection, rows: published.append(name)

    with relaying(engine, broker, on_published=by("first")):
        with engine.begin() as connection:
            enqueue(connection, "toy", [pong(1)])
        until(lambda: published == ["first"])
        with relaying(engine, broker, on_published=by("second")):
            for number in range(2, 6):
                with engine.begin() as connection:
                    enqueue(connection, "toy", [pong(number)])
                until(lambda: len(sent(broker)) == number)  # noqa: B023 - awaited here
            assert set(published) == {"first"}
    published.clear()
    with relaying(engine, broker, on_published=by("second")):
        with engine.begin() as connection:
            enqueue(connection, "toy", [pong(6)])
        until(lambda: published == ["second"])
    assert sent(broker) == [1, 2, 3, 4, 5, 6]


def test_a_relay_sends_only_its_own_services_rows(broker: MemoryBroker, engine: Engine) -> None:
    with relaying(engine, broker, service="toy"):
        with engine.begin() as connection:
            enqueue(connection, "other", [pong(1)])
            enqueue(connection, "toy", [pong(2)])
        until(lambda: sent(broker) == [2])
    assert waiting(engine) == 1


def test_on_published_is_part_of_the_transaction_and_sees_the_rows_in_order(
    broker: MemoryBroker, engine: Engine
) -> None:
    """As link gives out its cursor. The first time it fails: the rows stay, and are sent again."""
    fails = True

    def give_out_cursor(connection: Connection, rows: Sequence[Row[Any]]) -> None:
        nonlocal fails
        for row in rows:
            connection.execute(
                text("INSERT INTO audit_log (actor, action, target, detail) VALUES ('relay', :topic, :id, '{}')"),
                {"topic": row.topic, "id": row.headers["ce_id"]},
            )
        if fails:
            fails = False
            raise RuntimeError("a bug")

    with relaying(engine, broker, on_published=give_out_cursor):
        with engine.begin() as connection:
            enqueue(connection, "toy", [pong(n) for n in range(3)])
        until(lambda: sent(broker) == [0, 1, 2, 0, 1, 2] and waiting(engine) == 0)
    with engine.connect() as connection:
        targets = list(connection.scalars(text("SELECT target FROM audit_log ORDER BY id")))
    assert targets == ["pong-0", "pong-1", "pong-2"]


def test_a_broker_outage_is_waited_out(broker: MemoryBroker, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    up = broker.producer
    refused = threading.Event()

    def down() -> None:
        refused.set()
        raise BrokerError("no broker")

    monkeypatch.setattr(broker, "producer", down)
    with relaying(engine, broker):
        with engine.begin() as connection:
            enqueue(connection, "toy", [pong(1)])
        assert refused.wait(5)
        assert waiting(engine) == 1
        monkeypatch.setattr(broker, "producer", up)
        until(lambda: sent(broker) == [1] and waiting(engine) == 0)


def test_a_lost_database_connection_is_replaced(broker: MemoryBroker, engine: Engine) -> None:
    with relaying(engine, broker):
        with engine.begin() as connection:
            enqueue(connection, "toy", [pong(1)])
        until(lambda: sent(broker) == [1] and waiting(engine) == 0)
        with engine.begin() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                     " AND datname = current_database()")
            )  # fmt: skip
        engine.dispose()
        with engine.begin() as connection:
            enqueue(connection, "toy", [pong(2)])
        until(lambda: sent(broker) == [1, 2])


def test_a_pile_of_large_messages_leaves_in_portions(
    broker: MemoryBroker, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    portions: list[int] = []
    monkeypatch.setattr("shared.outbox.BYTES", 3_000_000)
    with engine.begin() as connection:
        put(connection, "toy", [Record(PONGS.name, b"key", b" " * 1_000_000, {}) for _ in range(7)])
    with relaying(engine, broker, on_published=lambda connection, rows: portions.append(len(rows))):
        until(lambda: waiting(engine) == 0)
    assert portions == [3, 3, 1]
