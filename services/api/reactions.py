"""What the reader of a message answers, by a link or by a button of Slack's: the same actions, the same words."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from services.alerting.domain.destinations import Destination, EmailConfig
from services.alerting.domain.links import Action, Token
from services.alerting.store import reactions
from services.alerting.store.rules import read_destination
from services.api import store
from shared.database import tables

SOMEBODY = "a reader"


class Refusal(Exception):
    """What was asked cannot be done; the message is for whoever asked."""


@dataclass(frozen=True)
class Told:
    """The message that a token is about."""

    subject: str
    destination: str


def told(connection: Connection, token: Token) -> Told:
    table = tables.Delivery
    query = select(table.content["subject"].astext.label("subject"), table.destination_id)
    row = connection.execute(query.where(table.id == token.delivery)).one_or_none()
    if row is None:
        raise Refusal("we no longer have the message that this is about")
    return Told(row.subject or "(no subject)", row.destination_id)


def react(connection: Connection, token: Token, who: str) -> str:
    """Do what the token allows; returns what was done, in a sentence. `who`: a name, or for mail an address."""
    message = told(connection, token)
    if token.action is Action.ACKNOWLEDGE:
        reactions.acknowledge(connection, token.delivery, who or SOMEBODY)
        return "Acknowledged: nobody else is told for want of an answer."
    if token.action is Action.UNSUBSCRIBE:
        return _unsubscribe(connection, message.destination, who)
    reactions.feedback(connection, token.delivery, reactions.Verdict(token.action), who or SOMEBODY)
    return "Thank you, this is noted. You may change your mind: the last answer counts."


def _unsubscribe(connection: Connection, destination: str, address: str) -> str:
    """A message to one address needs no address; of one to several it must be said whose."""
    row = connection.execute(select(tables.Destination).where(tables.Destination.id == destination)).one()
    found = read_destination(row)
    if not isinstance(found, Destination) or not isinstance(found.config, EmailConfig):
        raise Refusal("this message came by no mail; ask whoever runs this channel")
    addresses = {each.strip().casefold() for each in found.config.to}
    gone = set(row.unsubscribed)
    chosen = address.strip().casefold() or (addresses.pop() if len(addresses) == 1 else "")
    if chosen in gone or (not chosen and not addresses and gone):
        return "This address gets no more mail of this kind."
    if chosen not in {each.strip().casefold() for each in found.config.to}:
        raise Refusal("several people get this mail: say which address should get no more" if not chosen
                      else "this address gets none of this mail")  # fmt: skip
    reactions.unsubscribe(connection, destination, chosen)
    store.audit(connection, f"link ({chosen})", "destination.unsubscribe", destination, None, {"address": chosen})
    return "Unsubscribed: this address gets no more mail of this kind."
