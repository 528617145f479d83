"""Celery tasks: hints to look at a destination, and the sweep that finds what hints have missed."""

import threading
from uuid import UUID

from celery import Celery

from services.alerting import asking, heartbeats, metrics, outgoing
from services.alerting.delivery import MOST, Desk, deliver, serve
from services.alerting.service import Wake
from services.alerting.store import backlog
from shared.tasks import Hinter, celery_app

SERVICE = "alerting"
WAKE = "alerting.wake"  # deliveries that are new
DELIVER = "alerting.deliver"  # one that may not wait for its destination's turn
SERVE = "alerting.serve"  # a destination for which something may be due
SWEEP = "alerting.sweep"
CATCH_UP = "alerting.catch_up"
TOGETHER = 200  # new deliveries in one hint
SOON = 10.0  # seconds; what is due later is left to the sweeper


def waker(app: Celery) -> Wake:
    """What wakes a worker for a delivery."""
    hinter = Hinter(app, WAKE, TOGETHER)
    return lambda delivery: hinter.hint(str(delivery))


class Runs:
    """The runs of this worker, one for a destination: it gets what it gets in order, and peace when it asks for it.

    A hint for a destination that is being served is remembered.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, bool] = {}  # destination -> was there a hint meanwhile?

    def begin(self, destination: str) -> bool:
        with self._lock:
            if destination in self._running:
                self._running[destination] = True
                return False
            self._running[destination] = False
            return True

    def end(self, destination: str) -> bool:
        """Was there a hint meanwhile? What it was about may have come after this run's last look."""
        with self._lock:
            return self._running.pop(destination)


def make_app(broker_url: str, desk: Desk, sweep_seconds: float) -> Celery:
    """The worker's app."""
    app = celery_app(SERVICE, broker_url)
    hinter = Hinter(app, SERVE)
    _add_deliver(app, desk)
    _add_serve(app, desk, hinter)
    _add_sweep(app, desk, hinter)
    _add_catch_up(app, desk)
    # A sweep that nobody took before the next one is due is not worth taking.
    app.conf.beat_schedule = {
        task: {"task": task, "schedule": sweep_seconds, "options": {"expires": sweep_seconds}}
        for task in (SWEEP, CATCH_UP)
    }
    return app


def _add_deliver(app: Celery, desk: Desk) -> None:
    @app.task(name=DELIVER)
    def deliver_these(urgent: list[str]) -> None:
        for delivery in urgent:
            deliver(desk, UUID(delivery))


def _add_serve(app: Celery, desk: Desk, hinter: Hinter) -> None:
    first, runs = Hinter(app, DELIVER), Runs()

    def run(destination: str) -> None:
        if not runs.begin(destination):
            return
        try:
            seconds = serve(desk, destination)
        finally:
            again = runs.end(destination)
        if again:
            hinter.hint(destination)
        elif seconds is not None and seconds <= SOON:
            hinter.hint(destination, seconds)

    @app.task(name=WAKE)
    def wake(new: list[str]) -> None:
        deliveries = [UUID(delivery) for delivery in new]
        with desk.engine.begin() as connection:
            found = backlog.destinations(connection, deliveries)
            urgent = backlog.urgent(connection, deliveries, MOST)
        for delivery in urgent:  # not behind what waits for the same destination
            first.hint(str(delivery))
        for destination in found[1:]:
            hinter.hint(destination)
        for destination in found[:1]:
            run(destination)

    @app.task(name=SERVE)
    def serve_these(destinations: list[str]) -> None:
        for destination in destinations:
            run(destination)


def _add_sweep(app: Celery, desk: Desk, hinter: Hinter) -> None:
    @app.task(name=SWEEP)
    def sweep() -> None:
        heartbeats.look(desk.engine)
        with desk.engine.begin() as connection:
            found = backlog.due(connection)
            metrics.show_open(backlog.count_open(connection))
        for destination in found:
            hinter.hint(destination)


def _add_catch_up(app: Celery, desk: Desk) -> None:
    @app.task(name=CATCH_UP)
    def catch_up() -> None:
        """Digests that no message brought, and escalations; the sweep finds what they queue."""
        asking.ask(desk)
        outgoing.catch_up(desk.engine)
