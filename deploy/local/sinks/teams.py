"""A Teams workflow's webhook: takes a message with an Adaptive Card, answers 202 without a word.

POST /workflows/KEY; https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors
"""

import hmac
import json
from typing import Any

from aiohttp import web

from deploy.local.sinks.faults import Faults, answer
from deploy.local.sinks.record import Record, labels_of

CARD = "application/vnd.microsoft.card.adaptive"
LIMIT = 28 * 1024  # bytes a message may have


def routes(record: Record, faults: Faults, key: str) -> list[web.RouteDef]:
    async def post(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.match_info["key"], key):
            return web.json_response({"error": {"code": "DirectApiAuthorizationRequired"}}, status=401)
        content = await request.read()
        if len(content) > LIMIT:
            return web.Response(status=413)
        try:
            body = json.loads(content)
            (attachment,) = body["attachments"]
            card = attachment["content"]
            sound = (body["type"], attachment["contentType"], card["type"]) == ("message", CARD, "AdaptiveCard")
            words = text_of(card)
        except (ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            return web.json_response({"error": {"code": "InvalidTemplate"}}, status=400)

        def take() -> web.Response:
            labels = labels_of(body.get("tocsin") or {})
            ref = labels["delivery_id"] or ""
            record.add("teams", "workflow", ref=ref, labels=labels, text=words, raw=body)
            return web.Response(status=202)

        return await answer(request, faults.draw("teams"), take)

    return [web.post("/workflows/{key}", post)]


def text_of(card: dict[str, Any]) -> str:
    """The words of a card's text blocks, a line each."""
    runs = (block["inlines"] for block in card["body"] if block["type"] == "RichTextBlock")
    return "\n".join("".join(run["text"] for run in inlines) for inlines in runs)
