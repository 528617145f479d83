"""PagerDuty Events API v2: one incident for each event, under one dedup_key: what is sent twice is one incident.

An alert triggers it, what follows adds to its log, a retraction resolves it; what a reader acknowledges anywhere is
acknowledged here. A digest is a change event, which pages nobody.
https://developer.pagerduty.com/docs/events-api-v2-overview

Whether somebody acknowledged an incident there, the REST API tells (GET /incidents by its dedup_key).
https://developer.pagerduty.com/api-reference/9d0b4b12e36f9-list-incidents
"""

import json
from typing import Any
from urllib.parse import urlencode

from services.alerting.channels.http import check, get, post
from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Dead, Ref, Sent
from services.alerting.channels.secrets import resolve
from services.alerting.domain import rendering
from services.alerting.domain.alert import Alert
from services.alerting.domain.destinations import PagerDutyConfig
from services.alerting.domain.wording import clip
from shared.codes import EventStatus, MessageKind

SUMMARY_LIMIT = 1024
INCIDENTS_BYTES = 256 * 1024
SEVERITIES = {EventStatus.CONFIRMED: "critical", EventStatus.CORRECTED: "critical"}  # else: error


def send(message: Message, config: PagerDutyConfig, line: Line) -> Sent:
    if message.alert.kind is MessageKind.DIGEST:
        _call("v2/change/enqueue", {"payload": _payload(message)}, config, line)
        return Sent({"delivery_id": message.ref})
    key = _key(message)
    _call("v2/enqueue", {**_event(message, key), "event_action": _action(message)}, config, line)
    if message.alert.kind is MessageKind.TEST:
        _call("v2/enqueue", {"dedup_key": key, "event_action": "resolve"}, config, line)
    return Sent({"dedup_key": key})


def acknowledged_by(root: Ref, config: PagerDutyConfig, line: Line) -> str | None:
    """Who acknowledged or resolved the incident; None: nobody, or there is no token to ask with."""
    if config.api_token is None or "dedup_key" not in root:
        return None
    query = urlencode({"incident_key": root["dedup_key"], "date_range": "all"})
    headers = {
        "Accept": "application/vnd.pagerduty+json;version=2",
        "Authorization": f"Token token={resolve(config.api_token)}",
        "User-Agent": "Tocsin",
    }
    answer = get(f"{resolve(config.api_url).rstrip('/')}/incidents?{query}", headers, line, INCIDENTS_BYTES)
    check(answer)
    return _who(answer.body)


def _who(body: str) -> str | None:
    try:
        looked_after = [one for one in json.loads(body)["incidents"] if one["status"] in ("acknowledged", "resolved")]
        by = [str((one.get("last_status_change_by") or {}).get("summary") or "somebody") for one in looked_after]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Dead(f"the answer is no list of incidents: {body[:200]}") from None
    return f"{by[0]} in PagerDuty" if by else None


def _key(message: Message) -> str:
    if message.alert.kind is MessageKind.SYSTEM:
        return f"tocsin/{message.destination_id}/{message.alert.where}"[:255]  # its end has to find its begin
    if message.root and "dedup_key" not in message.root:  # its thread began in a digest, which opened no incident
        return f"tocsin/{message.destination_id}/{message.alert.event_id}"
    return str((message.root or {}).get("dedup_key", message.ref))


def _action(message: Message) -> str:
    alert = message.alert
    if alert.kind is MessageKind.ACKNOWLEDGEMENT:
        return "acknowledge"
    absorbed = alert.merged_into is not None and not (message.root or {}).get("goes_on")
    ended = alert.kind is MessageKind.RETRACTION or absorbed or alert.over
    return "resolve" if ended else "trigger"


def _event(message: Message, key: str) -> dict[str, Any]:
    alert = message.alert
    shown = [(f"{link.source}: {link.title}", link.url) for link in alert.links] + message.links.offered
    shown += [("Map", alert.map_url)] if alert.map_url else []
    payload = _payload(message)
    payload |= {
        "severity": _severity(alert),
        "component": "tocsin",
        "class": alert.what[:200],
        "group": alert.where[:200],
    }
    return {
        "dedup_key": key,
        "client": "Tocsin",
        "payload": payload,
        "links": [{"href": address, "text": words} for words, address in shown],
    }


def _payload(message: Message) -> dict[str, Any]:
    alert = message.alert
    details = {
        **dict(rendering.facts(alert)),
        "Changed": alert.changes or None,
        "Note": alert.note,
        "Quote": rendering.quote(alert) if alert.quote else None,
        "Why you get this": alert.why,
        **message.labels,
    }
    return {
        "summary": clip(f"{rendering.title(alert)}: {alert.toll}", SUMMARY_LIMIT),
        "source": "tocsin",
        "timestamp": message.created_at.isoformat(),
        "custom_details": {name: value for name, value in details.items() if value is not None},
    }


def _severity(alert: Alert) -> str:
    if alert.kind is MessageKind.TEST:
        return "info"
    return SEVERITIES.get(alert.event.status, "error") if alert.event else "error"


def _call(path: str, event: dict[str, Any], config: PagerDutyConfig, line: Line) -> None:
    body = {**event, "routing_key": resolve(config.routing_key)}
    url = f"{resolve(config.base_url).rstrip('/')}/{path}"
    headers = {"Content-Type": "application/json", "User-Agent": "Tocsin"}
    check(post(url, json.dumps(body).encode(), headers, line))
