"""Microsoft Teams: a workflow's webhook takes an Adaptive Card. It knows no threads and cannot be asked what it took.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using (429: too many)
"""

import json

from services.alerting.channels.http import check, post
from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Sent
from services.alerting.channels.secrets import resolve
from services.alerting.domain.cards import card
from services.alerting.domain.destinations import TeamsConfig

CARD = "application/vnd.microsoft.card.adaptive"


def send(message: Message, config: TeamsConfig, line: Line) -> Sent:
    attachment = {"contentType": CARD, "contentUrl": None, "content": card(message.alert, message.links)}
    # `tocsin` is for workflows that want to know what they post; Teams itself leaves it aside.
    body = {"type": "message", "attachments": [attachment], "tocsin": message.labels}
    headers = {"Content-Type": "application/json", "User-Agent": "Tocsin"}
    check(post(resolve(config.url), json.dumps(body).encode(), headers, line))
    return Sent({"delivery_id": message.ref})
