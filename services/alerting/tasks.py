"""Celery tasks: hints to look at a delivery, and the sweep that finds what hints have missed."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from celery import Celery

from services.alerting.delivery import Desk, Hint, deliver
from services.alerting.store import deliveries
from shared.tasks import celery_app, hint

log = structlog.get_logger(__name__)

SERVICE = "alerting"
DELIVER = "alerting.deliver"
SWEEP = "alerting.sweep"
SWEEP_LIMIT, SWEEP_PER_DESTINATION = 2000, 200  # hints a sweep gives; the rest waits for the next one


def wake(app: Celery, delivery: UUID) -> None:
    """Hint at a delivery; raises where the broker is away (then the sweep finds it)."""
    hint(app, DELIVER, str(delivery))


def make_app(broker_url: str, desk: Desk, sweep_seconds: float) -> Celery:
    """The worker's app."""
    app = celery_app(SERVICE, broker_url)

    @app.task(name=DELIVER)
    def deliver_one(delivery: str) -> None:
        _give(app, deliver(desk, UUID(delivery)))

    @app.task(name=SWEEP, expires=sweep_seconds)
    def sweep() -> None:
        with desk.engine.begin() as connection:
            found = deliveries.due(connection, SWEEP_LIMIT, SWEEP_PER_DESTINATION)
        _give(app, [Hint(delivery) for delivery in found])

    app.conf.beat_schedule = {SWEEP: {"task": SWEEP, "schedule": sweep_seconds, "options": {"expires": sweep_seconds}}}
    return app


def _give(app: Celery, hints: Sequence[Hint]) -> None:
    """Hints may be lost: the broker's being away is no reason to fail what is committed."""
    for delivery, seconds in hints:
        try:
            hint(app, DELIVER, str(delivery), delay=seconds)
        except app.connection_for_write().connection_errors as error:
            log.warning("no hint given, the sweep will find it", delivery=str(delivery), error=str(error))
            return
