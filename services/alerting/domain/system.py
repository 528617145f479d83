"""Messages about Tocsin itself: nothing is processed, messages to a destination die; and that it is over."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.alerting.domain.alert import Alert
from shared.codes import MessageKind

QUIET = "quiet"
DEAD = "dead:"  # and whose deliveries


def system_message(what: str, since: datetime, over: bool, destination_id: str, zone: str) -> Alert:
    """`what`: `QUIET`, or `DEAD` with a destination; `since`: when it began; `destination_id`: who asked to be told."""
    where, trouble, remedy = _words(what)
    begun = f"since {since.astimezone(UTC):%a %d %b %H:%M} UTC ({since.astimezone(ZoneInfo(zone)):%a %H:%M} {zone})"
    headline = f"Over: {trouble}" if over else f"{trouble[:1].upper()}{trouble[1:]}"
    return Alert(
        kind=MessageKind.SYSTEM,
        over=over,
        subject=f"Tocsin: {headline}",
        headline=headline,
        what=f"{trouble}; this is over" if over else trouble,
        where=where,
        when=f"it began {begun.removeprefix('since ')}" if over else begun,
        day="now",
        toll="no attack is reported here",
        who="nobody",
        how_sure="Tocsin's own books",
        note=None if over else remedy,
        why=[f"destination {destination_id} asked for it (heartbeat)"],
    )


def _words(what: str) -> tuple[str, str, str]:
    """Where it is, what is wrong, what to do."""
    if what == QUIET:
        remedy = "No alert may mean no news, or that none can reach you: look whether the services run and feeds answer"
        return "Tocsin, all of it", "nothing was processed", remedy
    name = what.removeprefix(DEAD)
    remedy = f"Look why (error of the delivery), then: python -m services.alerting resend --dead --destination {name}"
    return f"Tocsin's deliveries to {name}", f"messages to {name} do not arrive", remedy
