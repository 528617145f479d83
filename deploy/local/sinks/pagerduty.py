"""PagerDuty's Events API v2: incidents by dedup_key. What is sent twice changes nothing, as with the real one.

POST /v2/enqueue and /v2/change/enqueue; https://developer.pagerduty.com/docs/send-alert-event
"""

import hmac
from typing import Any

from aiohttp import web

from deploy.local.sinks.faults import Faults, answer
from deploy.local.sinks.record import Record, labels_of

SEVERITIES = ("critical", "error", "warning", "info")
STATES = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}


class PagerDuty:
    """`incidents`: state by dedup_key."""

    def __init__(self, record: Record, faults: Faults, routing_key: str) -> None:
        self.incidents: dict[str, str] = {}
        self._record, self._faults, self._key = record, faults, routing_key
        self._seen: set[tuple[str, str | None]] = set()

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v2/enqueue", self.enqueue), web.post("/v2/change/enqueue", self.change)]

    async def enqueue(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        if body is None or body.get("event_action") not in STATES or not _sound(body):
            return _refused()
        return await answer(request, self._faults.draw("pagerduty"), lambda: self._take(body))

    async def change(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        if body is None or not (body.get("payload") or {}).get("summary"):
            return _refused()
        return await answer(request, self._faults.draw("pagerduty"), lambda: self._keep(body, "change", None))

    def _take(self, body: dict[str, Any]) -> web.Response:
        key, action = str(body.get("dedup_key")), str(body["event_action"])
        if action == "trigger" or self.incidents.get(key) not in (None, "resolved"):
            self.incidents[key] = STATES[action]
        return self._keep(body, action, key)

    def _keep(self, body: dict[str, Any], action: str, key: str | None) -> web.Response:
        payload = body.get("payload") or {}
        labels = labels_of(payload.get("custom_details") or {})
        about = (action, labels["delivery_id"] or key)
        if about not in self._seen:
            self._seen.add(about)
            if payload:
                text = f"{payload['summary']}\n" + "\n".join(map(str, payload.get("custom_details", {}).items()))
                self._record.add("pagerduty", action, ref=key or "", thread=None, labels=labels, text=text, raw=body)
        return web.json_response({"status": "success", "message": "Event processed", "dedup_key": key}, status=202)

    async def _read(self, request: web.Request) -> dict[str, Any] | None:
        try:
            body = await request.json()
        except ValueError:
            return None
        given = body.get("routing_key") if isinstance(body, dict) else None
        return body if isinstance(given, str) and hmac.compare_digest(given, self._key) else None


def _sound(body: dict[str, Any]) -> bool:
    """What a trigger needs."""
    if len(str(body.get("dedup_key", ""))) > 255:
        return False
    if body["event_action"] != "trigger":
        return bool(body.get("dedup_key"))
    payload = body.get("payload") or {}
    return (
        isinstance(payload, dict)
        and 0 < len(payload.get("summary") or "") <= 1024
        and bool(payload.get("source"))
        and payload.get("severity") in SEVERITIES
    )


def _refused() -> web.Response:
    errors = ["'routing_key', 'event_action' or 'payload' is missing or wrong"]
    return web.json_response(
        {"status": "invalid event", "message": "Event object is invalid", "errors": errors}, status=400
    )
