"""Generic webhook: a signed JSON POST. Any 2xx is an acknowledgement.

Body: `Body` below (the schema: `python -m services.alerting schema`). Headers:

Tocsin-Delivery   the delivery's id, the same when it is sent again: a receiver drops what it has seen
Tocsin-Signature  t=UNIX,v1=HEX: HMAC-SHA256 with the shared secret over `t.body`, over the bytes as received.
                  Compare in constant time, and refuse a `t` further than five minutes from your clock.
"""

import hashlib
import hmac
import time

from pydantic import Field

from services.alerting.channels.http import check, post
from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Sent
from services.alerting.channels.secrets import resolve
from services.alerting.domain import rendering
from services.alerting.domain.alert import Alert
from services.alerting.domain.destinations import WebhookConfig


class Body(Alert):
    """What is posted: the alert, in words and in values."""

    delivery_id: str
    destination: str
    text: str
    actions: dict[str, str] = Field(description="links by which a person acknowledges or judges it; they expire")


def send(message: Message, config: WebhookConfig, line: Line) -> Sent:
    body = Body(
        **dict(message.alert),
        delivery_id=message.ref,
        destination=message.destination_id,
        text=rendering.text(message.alert, message.links),
        actions=dict(message.links.offered),
    )
    content = body.model_dump_json().encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Tocsin",
        "Tocsin-Delivery": message.ref,
        "Tocsin-Signature": sign(content, resolve(config.secret), int(time.time())),
    }
    check(post(resolve(config.url), content, headers, line))
    return Sent({"delivery_id": message.ref})


def sign(content: bytes, secret: str, at: int) -> str:
    """The value of Tocsin-Signature; `at` in Unix seconds."""
    signature = hmac.new(secret.encode(), f"{at}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={at},v1={signature}"
