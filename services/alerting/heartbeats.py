"""Tells destinations that asked for it that nothing is processed, or that messages die; and when that is over.

The worker looks with every sweep. That no worker runs, or no database answers, it cannot tell: readiness does.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, Engine

from services.alerting.domain.destinations import Destination
from services.alerting.domain.system import DEAD, QUIET, system_message
from services.alerting.outgoing import message_ref
from services.alerting.store import decisions, troubles
from services.alerting.store.rules import read_destination
from shared.clock import wall


def look(engine: Engine) -> None:
    """Queue what is to be told; the sweep that follows sends it."""
    with engine.begin() as connection:
        for row in troubles.askers(connection):
            destination = read_destination(row)
            if isinstance(destination, Destination) and destination.config.heartbeat:
                _look(connection, destination, row.updated_at)


def _look(connection: Connection, destination: Destination, asked_at: datetime) -> None:
    found = dict(_found(connection, destination, asked_at))
    for what, since in found.items():
        if troubles.begin(connection, destination.id, what, since):
            _tell(connection, destination, what, since, over=False)
    for what in set(troubles.open_troubles(connection, destination.id)) - set(found):
        begun = troubles.end(connection, destination.id, what)
        if begun is not None:
            _tell(connection, destination, what, begun, over=True)


def _found(connection: Connection, destination: Destination, asked_at: datetime) -> Iterator[tuple[str, datetime]]:
    """What is wrong now, and since when."""
    wanted = destination.config.heartbeat
    assert wanted is not None  # noqa: S101 - the caller has looked
    if wanted.quiet_minutes and (since := troubles.quiet_since(connection, wanted.quiet_minutes, asked_at)):
        yield QUIET, since
    for name in wanted.dead_of:
        if since := troubles.dying_since(connection, name):
            yield DEAD + name, since


def _tell(connection: Connection, destination: Destination, what: str, since: datetime, *, over: bool) -> None:
    content = system_message(what, since, over, destination.id, destination.config.timezone)
    name = f"tocsin/system/{destination.id}/{what}/{since.isoformat()}/{over}"
    delivery = uuid5(NAMESPACE_URL, name)
    ref = message_ref(destination, delivery)
    decisions.put_delivery(connection, delivery, destination.id, content, [], ref, wall())
