"""An ntfy server: POST / with {topic, title, message}; https://docs.ntfy.sh/publish/#publish-as-json."""

import re

from aiohttp import web

from deploy.local.sinks.faults import Faults, answer
from deploy.local.sinks.record import Record, labels_of

_DELIVERY = re.compile(r"^Message ([0-9a-f-]{36})$", re.MULTILINE)


def routes(record: Record, faults: Faults) -> list[web.RouteDef]:
    async def publish(request: web.Request) -> web.Response:
        try:
            body = await request.json()
            topic, title, message = body["topic"], body.get("title", ""), body["message"]
        except (ValueError, KeyError, TypeError):
            return web.json_response({"code": 40024, "http": 400, "error": "invalid request"}, status=400)

        def take() -> web.Response:
            found = _DELIVERY.search(message)
            labels = labels_of({"delivery_id": found[1] if found else None})
            ref = labels["delivery_id"] or ""
            record.add("ntfy", topic, ref=ref, labels=labels, text=f"{title}\n{message}", raw=body)
            return web.json_response({"id": "hwQ2YpKdmg", "event": "message", "topic": topic})

        return await answer(request, faults.draw("ntfy"), take)

    return [web.post("/", publish)]
