"""The channels by name. One more channel is one more file here, its configuration in `domain/destinations.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.alerting.channels import apprise, email, pagerduty, slack, slack_webhook, teams, webhook
from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Ref, Sent

Send = Callable[[Message, Any, Line], Sent]
Find = Callable[[Message, Any, Line], Ref | None]
AcknowledgedBy = Callable[[Ref, Any, Line], str | None]


@dataclass(frozen=True)
class Channel:
    """`send(message, config, line)` sends, or raises `Retry`, `Unknown` or `Dead`.

    `find` asks the receiver after an attempt without an answer: the reference if it was taken, None if it was not.
    None where the receiver cannot be asked: then the message is sent again under the same reference.

    `acknowledged_by` asks a channel that keeps incidents who looks after one, by the reference of its first message.
    """

    send: Send
    find: Find | None = None
    acknowledged_by: AcknowledgedBy | None = None


CHANNELS: dict[str, Channel] = {
    "slack": Channel(slack.send, slack.find),
    "slack_webhook": Channel(slack_webhook.send),
    "email": Channel(email.send),
    "webhook": Channel(webhook.send),
    "teams": Channel(teams.send),
    "pagerduty": Channel(pagerduty.send, acknowledged_by=pagerduty.acknowledged_by),
    "apprise": Channel(apprise.send),
}
