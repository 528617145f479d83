"""Celery, for chores inside one service. A task is a hint: what must not be lost is a row in Postgres."""

from celery import Celery

TASK_SECONDS = 30  # no task may take longer: its own timeouts see to that
VISIBILITY_SECONDS = 4 * TASK_SECONDS  # then the broker hands an unacknowledged task to another worker
BROKER_SECONDS = 1.0  # to connect or to be answered; whoever gives a hint must not wait long


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
            "socket_keepalive": True,
        },
        enable_utc=True,
        timezone="UTC",
    )
    return app


def hint(app: Celery, task: str, *arguments: str, delay: float | None = None) -> None:
    """Ask for a task, once and without waiting; raises where the broker is away.

    `delay`: seconds, a few at most; what is due later is for a sweeper to find.
    """
    app.send_task(task, args=arguments, countdown=delay, retry=False, ignore_result=True)
