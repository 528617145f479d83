"""The outbox: messages that are sent if, and only if, the transaction that wrote them is committed.

One relay at a time for each service (an advisory lock) takes rows in id order, sends them, awaits all
acknowledgements, deletes the rows and commits. There is no cursor: ids do not follow commit order, so `id > last`
would lose rows. After a crash between send and delete the rows are sent again, with the same ids.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, cast

import psycopg
import structlog
from sqlalchemy import Connection, Engine, Row, insert, text
from sqlalchemy.exc import SQLAlchemyError

from shared import failpoints, telemetry
from shared.brokers.interface import Broker, BrokerError, Producer, Record
from shared.consuming import pause
from shared.database.tables import Outbox
from shared.envelope import Incoming, M, Outgoing, encode

log = structlog.get_logger(__name__)

OnPublished = Callable[[Connection, Sequence[Row[Any]]], None]  # rows: id, topic, key, headers, value, created_at

CHANNEL = "outbox"
ROWS, BYTES = 500, 16 * 2**20  # the most that is taken at a time; a single larger row goes alone
IDLE_SECONDS = 0.5  # between looks at the outbox when no notification comes

_NOTIFY = text("SELECT pg_notify(:channel, :service)")
_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('outbox/' || :service, 0))")
_TAKE = text("""
    SELECT id, topic, key, headers, value, created_at FROM outbox WHERE id IN (
        SELECT id FROM (
            SELECT id, sum(octet_length(value)) OVER (ORDER BY id) - octet_length(value) AS bytes_before
            FROM (SELECT id, value FROM outbox WHERE service = :service ORDER BY id LIMIT :rows) AS oldest
        ) AS sized WHERE bytes_before < :bytes
    ) ORDER BY id FOR UPDATE SKIP LOCKED
""")
_DELETE = text("DELETE FROM outbox WHERE id = ANY(:ids)")


def enqueue(
    connection: Connection, service: str, messages: Sequence[Outgoing], cause: Incoming[M] | None = None
) -> None:
    """Send `messages` when the transaction of `connection` is committed. Without a `cause` they need a time."""
    put(connection, service, [encode(message, service, cause) for message in messages])


def put(connection: Connection, service: str, records: Sequence[Record]) -> None:
    """`enqueue` for messages that are encoded already."""
    if not records:
        return
    rows = [
        {"service": service, "topic": r.topic, "key": r.key or b"", "headers": dict(r.headers), "value": r.value}
        for r in records
    ]
    connection.execute(insert(Outbox), rows)
    connection.execute(_NOTIFY, {"channel": CHANNEL, "service": service})


class Relay:
    """Sends the outbox of one service from a thread of its own.

    `on_published` is called in the relay's transaction with the rows that were just acknowledged, in order.
    """

    def __init__(self, engine: Engine, broker: Broker, service: str, on_published: OnPublished | None = None) -> None:
        self._engine, self._broker, self._service, self._on_published = engine, broker, service, on_published
        self._stop = threading.Event()
        self._failures = 0  # since something was last published
        self._thread = threading.Thread(target=self._run, name=f"relay-{service}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the batch, then end."""
        self._stop.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with closing(self._broker.producer()) as producer, self._engine.connect() as connection:
                    connection.detach()  # closed at the end, not pooled: lock and LISTEN go with the session
                    self._relay(connection, producer)
            except Exception as error:  # whatever it is, rows stay until they are acknowledged
                expected = isinstance(error, BrokerError | SQLAlchemyError)
                log.warning("relay will try again", service=self._service, error=str(error), exc_info=not expected)
                self._stop.wait(pause(self._failures))
                self._failures += 1

    def _relay(self, connection: Connection, producer: Producer) -> None:
        if not self._lock(connection):
            return
        _listen(connection)
        while not self._stop.is_set():
            while self._publish(connection, producer) and not self._stop.is_set():
                pass
            _await_notification(connection, IDLE_SECONDS)

    def _lock(self, connection: Connection) -> bool:
        """Wait until no other relay of the service is at work; False when stopped. The session holds the lock."""
        while not self._stop.is_set():
            locked = connection.scalar(_LOCK, {"service": self._service})
            connection.commit()
            if locked:
                return True
            self._stop.wait(IDLE_SECONDS)
        return False

    def _publish(self, connection: Connection, producer: Producer) -> bool:
        """Send what there is, up to the limits; False when there was nothing."""
        limits = {"service": self._service, "rows": ROWS, "bytes": BYTES}
        with connection.begin():
            rows = connection.execute(_TAKE, limits).all()
            age = (time.time() - rows[0].created_at.timestamp()) if rows else 0
            telemetry.OUTBOX_AGE.labels(self._service).set(age)
            if not rows:
                return False
            producer.send([Record(row.topic, row.key, row.value, row.headers) for row in rows])
            failpoints.hit("relay.after_send")
            if self._on_published:
                self._on_published(connection, rows)
            connection.execute(_DELETE, {"ids": [row.id for row in rows]})
        self._failures = 0
        telemetry.RELAYED.labels(self._service).inc(len(rows))
        return True


def _listen(connection: Connection) -> None:
    connection.execute(text(f"LISTEN {CHANNEL}"))
    connection.commit()


def _await_notification(connection: Connection, seconds: float) -> None:
    """Return when a transaction that filled the outbox was committed since the last call, or after `seconds`."""
    session = cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)
    for _ in session.notifies(timeout=seconds, stop_after=1):
        pass
