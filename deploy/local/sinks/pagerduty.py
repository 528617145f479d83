"""PagerDuty's Events API v2: incidents by dedup_key. What is sent twice changes nothing, as with the real one.

POST /v2/enqueue and /v2/change/enqueue; https://developer.pagerduty.com/docs/send-alert-event
GET /incidents?incident_key=KEY, of the REST API, with the same secret as its token;
https://developer.pagerduty.com/api-reference/9d0b4b12e36f9-list-incidents
"""

import hmac
from typing import Any

from aiohttp import web

from deploy.local.sinks.faults import Faults, answer
from deploy.local.sinks.record import Record, labels_of

SEVERITIES = ("critical", "error", "warning", "info")
STATES = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}


class PagerDuty:
    """`incidents`: state by dedup_key; `people`: who brought them there by hand."""

    def __init__(self, record: Record, faults: Faults, routing_key: str) -> None:
        self.incidents: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self._record, self._faults, self._key = record, faults, routing_key
        self._seen: set[tuple[str, str | None]] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v2/enqueue", self.enqueue),
            web.post("/v2/change/enqueue", self.change),
            web.get("/incidents", self.listed),
        ]

    def by_hand(self, key: str, action: str, who: str) -> None:
        """Somebody acknowledges or resolves an incident in PagerDuty."""
        self.incidents[key], self.people[key] = STATES[action], who

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

    async def listed(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Token token={self._key}".encode()):
            return web.json_response({"error": {"message": "Unauthorized", "code": 2006}}, status=401)
        key = request.query.get("incident_key", "")
        found = [self._incident(key)] if key in self.incidents else []
        shown = {"incidents": found, "limit": 25, "offset": 0, "more": False, "total": None}
        return await answer(request, self._faults.draw("pagerduty"), lambda: web.json_response(shown))

    def _incident(self, key: str) -> dict[str, Any]:
        person = self.people.get(key)
        by = {"type": "user_reference" if person else "service_reference", "summary": person or "Tocsin"}
        return {"type": "incident", "status": self.incidents[key], "incident_key": None, "last_status_change_by": by}

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
