"""A webhook receiver that checks the signature: POST to any path, JSON, `Tocsin-Signature: t=UNIX,v1=HEX`."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass

from aiohttp import web

from deploy.local.sinks.faults import Faults, answer
from deploy.local.sinks.record import Record, labels_of

TOLERANCE = 300  # seconds that a signature's time may differ from ours


@dataclass(frozen=True)
class Webhook:
    record: Record
    faults: Faults
    secret: str


WEBHOOK = web.AppKey("webhook", Webhook)


def application(webhook: Webhook) -> web.Application:
    app = web.Application(client_max_size=2**20)
    app[WEBHOOK] = webhook
    app.add_routes([web.post("/{path:.*}", receive)])
    return app


async def receive(request: web.Request) -> web.Response:
    webhook = request.app[WEBHOOK]
    content = await request.read()
    if not signed(content, request.headers.get("Tocsin-Signature", ""), webhook.secret, time.time()):
        return web.Response(status=401, text="signature missing, wrong or too old")
    try:
        body = json.loads(content)
        labels = labels_of(body)
    except (ValueError, AttributeError, TypeError):
        return web.Response(status=400, text="body is no JSON object")

    def take() -> web.Response:
        raw = {"headers": dict(request.headers), "body": body}
        ref = request.headers.get("Tocsin-Delivery", "")
        webhook.record.add("webhook", request.path, ref=ref, labels=labels, text=body.get("text", ""), raw=raw)
        return web.Response(status=204)

    return await answer(request, webhook.faults.draw(request.path), take)


def signed(content: bytes, header: str, secret: str, now: float) -> bool:
    """Is `header` the signature of `content`, made not long before or after `now` (Unix seconds)?"""
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    if not parts.get("t", "").isdecimal() or abs(now - int(parts["t"])) > TOLERANCE:
        return False
    expected = hmac.new(secret.encode(), f"{parts['t']}.".encode() + content, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())
