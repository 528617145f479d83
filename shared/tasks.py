"""Celery, for chores inside one service. A task is a hint: what must not be lost is a row in Postgres."""

import threading
import time

import structlog
from celery import Celery

log = structlog.get_logger(__name__)

TASK_SECONDS = 30  # no task may take longer: its own timeouts see to that
VISIBILITY_SECONDS = 4 * TASK_SECONDS  # then the broker hands an unacknowledged task to another worker
BROKER_SECONDS = 1.0  # to connect
ANSWER_SECONDS = 5.0  # longer than a worker's blocking read of its queue, 1 s
MOST_WAITING = 10_000  # hints that wait to be given


def celery_app(service: str, broker_url: str) -> Celery:
    """An app whose tasks go through a queue of the service's name; nothing is kept of their results."""
    app = Celery(service, broker=broker_url, set_as_current=False)
    app.conf.update(
        task_default_queue=service,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # the broker may be away for as long as it likes
        broker_connection_timeout=BROKER_SECONDS,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_SECONDS,
            "socket_connect_timeout": BROKER_SECONDS,
            "socket_timeout": ANSWER_SECONDS,
            "socket_keepalive": True,
        },
        enable_utc=True,
        timezone="UTC",
    )
    return app


class Hinter:
    """Asks for one kind of task from a thread of its own, so that a broker that is away holds nobody up.

    The task gets a list of arguments: whatever has come together while the last message was on its way, `together` at
    most. An argument that waits already is not put in a second time. A hint that cannot be given is dropped: a sweeper
    finds what it was about.
    """

    def __init__(self, app: Celery, task: str, together: int = 1) -> None:
        self._app, self._task, self._together = app, task, together
        self._due: dict[str, float] = {}  # argument -> when, on the monotonic clock
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def hint(self, argument: str, delay: float = 0.0) -> None:
        """`delay`: seconds, a few at most; what is due later is for a sweeper to find."""
        at = time.monotonic() + delay
        with self._changed:
            if len(self._due) < MOST_WAITING:
                self._due[argument] = min(at, self._due.get(argument, at))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"hinter-{self._task}", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            given = self._next()
            try:
                self._app.send_task(self._task, args=(given,), retry=False, ignore_result=True)
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread must live, and a hint may be lost
                dropped = len(given) + self._drop()
                log.warning("broker is away, hints were dropped", dropped=dropped, error=str(error))

    def _next(self) -> list[str]:
        """Wait for what is due; the one that has waited longest comes first."""
        with self._changed:
            while not (due := self._are_due()):
                first = min(self._due.values(), default=None)
                self._changed.wait(None if first is None else max(0.0, first - time.monotonic()))
            for argument in due:
                del self._due[argument]
            return due

    def _are_due(self) -> list[str]:
        now = time.monotonic()
        due = [argument for argument, at in self._due.items() if at <= now]
        return sorted(due, key=self._due.__getitem__)[: self._together]

    def _drop(self) -> int:
        """While the broker is away each hint would cost seconds."""
        with self._changed:
            dropped = len(self._due)
            self._due.clear()
            return dropped
