"""The process that delivers: a Celery worker of threads, and the beat that asks for the sweeps.

Threads, for a delivery is mostly waiting. The beat is a thread too: it needs no state, several do no harm, and it
dies with its worker.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from celery import Celery, signals
from celery.beat import EmbeddedService, Scheduler

from services.alerting.domain.links import Signer
from shared.health import Health

log = structlog.get_logger(__name__)

STOP_SECONDS = 13.0  # then the process ends as it is: what it was sending is taken up after its lease
PULSE_SECONDS = 5.0


def give_way(nice: int) -> None:
    """Let other processes have the processor first: 0 not at all, 19 always.

    Where Linux shares the processor out by session, niceness counts only within one (sched(7), "The autogroup
    feature"), so that the session says it too, if it is the worker's own.
    """
    os.nice(nice)
    with suppress(OSError):  # no such feature
        if nice and os.getsid(0) == os.getpid():
            Path("/proc/self/autogroup").write_text(str(nice))


def run(app: Celery, threads: int, health: Health, stop: threading.Event) -> int:
    """Work until SIGTERM or SIGINT; returns the exit status."""
    worker = app.Worker(
        pool="threads",
        concurrency=threads,
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )

    def ready(**_: Any) -> None:
        health.ready()

    def ending(**_: Any) -> None:
        stop.set()
        timer = threading.Timer(STOP_SECONDS, os._exit, (1,))
        timer.daemon = True
        timer.start()

    signals.worker_ready.connect(ready)
    signals.worker_shutting_down.connect(ending)
    threading.Thread(target=_pulse, args=(health, stop), name="pulse", daemon=True).start()
    beat: Any = EmbeddedService(app, thread=True, scheduler_cls=Scheduler)
    beat.start()
    worker.start()
    return int(worker.exitcode or 0)


def tell_of_links(signer: Signer | None) -> None:
    """Once, where it is not as it could be."""
    if signer is None:
        log.warning(
            "messages carry no links to acknowledge or judge them",
            remedy="set TOCSIN_SECRET_KEY (openssl rand -hex 32) and TOCSIN_PUBLIC_URL, here and for the API",
        )
    elif not signer.buttons:
        log.info("messages in Slack carry links, no buttons", remedy="set SLACK_SIGNING_SECRET, here and for the API")


def broker_check(app: Celery) -> str | None:
    """For readiness: None when the broker answers, else what is wrong."""
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
    except Exception as error:  # noqa: BLE001 - the answer to "what is wrong" is this error, whatever it is
        return f"{type(error).__name__}: {error}"
    return None


def _pulse(health: Health, stop: threading.Event) -> None:
    """The worker's own loop also waits for a broker that is away, which must not fail liveness."""
    while not stop.wait(PULSE_SECONDS):
        health.turned()
