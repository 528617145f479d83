"""Before an escalation: does somebody look after the incident where it is kept? Then nobody else is told.

Asked only when an escalation is due; where no answer can be had, it goes on.
"""

import time

import structlog

from services.alerting.channels.line import Line
from services.alerting.channels.outcome import Dead, Retry, Unknown
from services.alerting.delivery import Desk
from services.alerting.domain.destinations import KEEP_INCIDENTS
from services.alerting.store import escalations, reactions
from services.alerting.store.rules import destinations

log = structlog.get_logger(__name__)

MOST = 50  # incidents that are asked about at a time
ANSWER_SECONDS = 5.0
SECONDS = 10.0  # for all of them together


def ask(desk: Desk) -> None:
    """Write down who acknowledged elsewhere, of what is due to be escalated."""
    with desk.engine.begin() as connection:
        due = escalations.incidents(connection, KEEP_INCIDENTS, MOST)
        known = {one.id: one for one in destinations(connection)} if due else {}
    until = time.monotonic() + SECONDS
    with Line(desk.allowed, min(desk.answer, ANSWER_SECONDS)) as line:
        for row in due:
            destination = known.get(row.destination_id)
            asked = desk.channels[destination.channel].acknowledged_by if destination else None
            if destination is None or asked is None or time.monotonic() > until:
                continue
            try:
                by = asked(row.root, destination.config, line)
            except (Retry, Unknown, Dead) as error:
                log.warning("not known whether it was acknowledged", destination=destination.id, why=str(error))
                continue
            if by is not None:
                with desk.engine.begin() as connection:
                    reactions.acknowledge(connection, row.id, by)
