"""What readers answer: they acknowledge, they judge, they want no more mail.

Each function can be called again with the same effect. `NoSuchDelivery`, `NoSuchDestination`: for whoever followed the
link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Connection, Row, select, text
from sqlalchemy.dialects.postgresql import insert

from services.alerting.domain.alert import Alert, acknowledged
from services.alerting.domain.destinations import KEEP_INCIDENTS
from services.alerting.store import decisions
from shared.database import tables

NAME_LIMIT = 200


class Verdict(StrEnum):
    USEFUL = "useful"
    FALSE_ALARM = "false_alarm"


class NoSuchDelivery(Exception):
    pass


class NoSuchDestination(Exception):
    pass


@dataclass(frozen=True)
class Acknowledged:
    """`event_id` None: a digest or a test. `stopped`: how many escalations ended with it."""

    event_id: UUID | None
    stopped: int


def acknowledge(connection: Connection, delivery: UUID, by: str) -> Acknowledged:
    """Somebody looks after the event of this message: nobody else is told for want of an answer, and incidents about it
    say so."""
    event: UUID | None = _row(connection, delivery).event_id
    connection.execute(
        insert(tables.Acknowledgement)
        .values(delivery_id=delivery, by=by[:NAME_LIMIT], event_id=event)
        .on_conflict_do_nothing()
    )
    stopped = connection.execute(
        text("""
            UPDATE escalations e SET settled_at = clock_timestamp(), outcome = 'acknowledged by ' || :by
            FROM deliveries d
            WHERE d.id = e.delivery_id AND e.settled_at IS NULL AND (d.event_id = :event OR d.id = :delivery)
        """),
        {"by": by[:NAME_LIMIT], "event": event, "delivery": delivery},
    )
    if event is not None:
        _tell_of_acknowledgement(connection, event, by)
    return Acknowledged(event, stopped.rowcount)


def _tell_of_acknowledgement(connection: Connection, event: UUID, by: str) -> None:
    """Queue it, once, for every destination with an incident about the event; the next sweep finds it."""
    rows = connection.execute(
        text("""
            SELECT t.destination_id, newest.content, newest.message_time
            FROM threads t JOIN destinations g ON g.id = t.destination_id
            JOIN LATERAL (
                SELECT n.content, n.message_time FROM deliveries n
                WHERE n.event_id = t.event_id AND n.destination_id = t.destination_id AND n.kind <> 'acknowledgement'
                ORDER BY n.revision DESC LIMIT 1
            ) newest ON true
            WHERE t.event_id = :event AND t.closed IS NULL AND g.enabled AND g.channel = ANY(:channels)
        """),
        {"event": event, "channels": list(KEEP_INCIDENTS)},
    )
    for row in rows:
        delivery = uuid5(NAMESPACE_URL, f"tocsin/acknowledgement/{event}/{row.destination_id}")
        content = acknowledged(Alert.model_validate(row.content), by)
        decisions.put_delivery(connection, delivery, row.destination_id, content, [], str(delivery), row.message_time)


def feedback(connection: Connection, delivery: UUID, verdict: Verdict, by: str) -> None:
    """A reader's last word on a message counts."""
    _row(connection, delivery)
    statement = insert(tables.Feedback).values(delivery_id=delivery, by=by[:NAME_LIMIT], verdict=str(verdict))
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["delivery_id", "by"], set_={"verdict": statement.excluded.verdict, "at": text("now()")}
        )
    )


def unsubscribe(connection: Connection, destination: str, address: str) -> bool:
    """No more mail to this address of the destination, whatever is imported later; False where it gets none already.

    A destination without an address left is disabled by that.
    """
    table = tables.Destination
    row = connection.execute(select(table.unsubscribed).where(table.id == destination).with_for_update()).one_or_none()
    if row is None:
        raise NoSuchDestination(f"no destination {destination!r}")
    if address.strip().casefold() in row.unsubscribed:
        return False
    connection.execute(
        text("""
            UPDATE destinations SET unsubscribed = array_append(unsubscribed, :address), version = version + 1,
                   updated_at = clock_timestamp()
            WHERE id = :id
        """),
        {"address": address.strip().casefold(), "id": destination},
    )
    return True


def precision(connection: Connection, by: str) -> Sequence[Row[Any]]:
    """What readers said of the messages of each rule, or of each source: `name, useful, false_alarm`.

    `by`: "rule" or "source", the outlet whose report the message was about. Of a message that several readers judged,
    each judgement counts.
    """
    name = {
        "rule": "unnest(d.rule_ids)",
        "source": "coalesce(d.content #>> '{reasons,0,source}', d.content #>> '{event,reports,0,source}', 'unknown')",
    }[by]
    return connection.execute(
        text(f"""
            SELECT name, count(*) FILTER (WHERE verdict = 'useful') AS useful,
                   count(*) FILTER (WHERE verdict = 'false_alarm') AS false_alarm
            FROM (SELECT {name} AS name, f.verdict FROM feedback f JOIN deliveries d ON d.id = f.delivery_id) judged
            GROUP BY name ORDER BY count(*) DESC, name
        """)  # noqa: S608 - one of two constants
    ).all()


def _row(connection: Connection, delivery: UUID) -> Row[Any]:
    table = tables.Delivery
    row = connection.execute(select(table.event_id).where(table.id == delivery)).one_or_none()
    if row is None:
        raise NoSuchDelivery(f"no message {delivery}")
    return row
