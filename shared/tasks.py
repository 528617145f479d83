"""Celery, for chores inside one service. A task is a hint: what must not be lost is a row in Postgres."""

import threading
from contextlib import suppress
from queue import Empty, Full, Queue

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
    """Asks for tasks from a thread of its own, so that a broker that is away holds nobody up.

    A hint that cannot be given is dropped: a sweeper finds what it was about.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._waiting: Queue[tuple[str, str, float | None]] = Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="hinter", daemon=True)
        self._started = threading.Lock()

    def hint(self, task: str, argument: str, delay: float | None = None) -> None:
        """`delay`: seconds, a few at most; what is due later is for a sweeper to find."""
        if self._started.acquire(blocking=False):
            self._thread.start()
        with suppress(Full):
            self._waiting.put_nowait((task, argument, delay))

    def _run(self) -> None:
        while True:
            task, argument, delay = self._waiting.get()
            try:
                self._app.send_task(task, args=(argument,), countdown=delay, retry=False, ignore_result=True)
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread must live, and a hint may be lost
                dropped = 1 + self._drop()
                log.warning("broker is away, hints were dropped", dropped=dropped, error=str(error))

    def _drop(self) -> int:
        """While the broker is away each hint would cost seconds."""
        dropped = 0
        with suppress(Empty):
            while True:
                self._waiting.get_nowait()
                dropped += 1
        return dropped
