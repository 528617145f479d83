"""Celery tasks: hints to look at a delivery, and the sweep that finds what hints have missed."""

from uuid import UUID

from celery import Celery

from services.alerting import metrics
from services.alerting.delivery import Desk, deliver
from services.alerting.service import Wake
from services.alerting.store import backlog
from shared.tasks import Hinter, celery_app

SERVICE = "alerting"
DELIVER = "alerting.deliver"
SWEEP = "alerting.sweep"
SWEEP_LIMIT, SWEEP_PER_DESTINATION = 2000, 200  # hints a sweep gives; the rest waits for the next one


def waker(app: Celery) -> Wake:
    """What wakes a worker for a delivery."""
    hinter = Hinter(app)
    return lambda delivery: hinter.hint(DELIVER, str(delivery))


def make_app(broker_url: str, desk: Desk, sweep_seconds: float) -> Celery:
    """The worker's app."""
    app = celery_app(SERVICE, broker_url)
    hinter = Hinter(app)

    @app.task(name=DELIVER)
    def deliver_one(delivery: str) -> None:
        for following, seconds in deliver(desk, UUID(delivery)):
            hinter.hint(DELIVER, str(following), seconds)

    @app.task(name=SWEEP)
    def sweep() -> None:
        with desk.engine.begin() as connection:
            found = backlog.due(connection, SWEEP_LIMIT, SWEEP_PER_DESTINATION)
            metrics.show_open(backlog.count_open(connection))
        for delivery in found:
            hinter.hint(DELIVER, str(delivery))

    # A sweep that nobody took before the next one is due is not worth taking.
    app.conf.beat_schedule = {SWEEP: {"task": SWEEP, "schedule": sweep_seconds, "options": {"expires": sweep_seconds}}}
    return app
