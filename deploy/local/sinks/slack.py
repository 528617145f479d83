"""Slack over HTTP: the Web API methods that alerting uses, and incoming webhooks.

POST /api/METHOD with `Authorization: Bearer TOKEN`; POST /services/KEY for the webhook.
"""

import hmac
import json
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any

from aiohttp import web

from deploy.local.sinks.faults import Faults, answer
from deploy.local.sinks.record import EDIT, Record, labels_of
from deploy.local.sinks.workspace import Fields, SlackError, Workspace

STRUCTURED = ("blocks", "metadata", "attachments")  # JSON texts where the arguments come as a form


@dataclass(frozen=True)
class Slack:
    """What the handlers need. `hook`: the secret last part of the incoming webhook's address."""

    workspace: Workspace
    record: Record
    faults: Faults
    token: str
    hook: str


SLACK = web.AppKey("slack", Slack)


def application(slack: Slack) -> web.Application:
    app = web.Application(client_max_size=2**20)
    app[SLACK] = slack
    app.add_routes(
        [web.post("/api/{method}", method), web.get("/api/{method}", method), web.post("/services/{hook}", hook)]
    )
    return app


async def method(request: web.Request) -> web.Response:
    slack = request.app[SLACK]
    try:
        _authorise(request, slack.token)
        fields = await _fields(request)
        match request.match_info["method"]:
            case "auth.test":
                return _ok({"user_id": "U0TOCSIN", "team_id": "T0TOCSIN"})
            case "chat.postMessage":
                return await answer(
                    request, slack.faults.draw(str(fields.get("channel"))), lambda: _posted(slack, fields)
                )
            case "chat.update":
                return _updated(slack, fields)
            case "conversations.history":
                return _ok(slack.workspace.history(fields))
            case "conversations.replies":
                return _ok(slack.workspace.replies(fields))
        raise SlackError("unknown_method")
    except SlackError as error:
        return _failed(error)


async def hook(request: web.Request) -> web.Response:
    """Incoming webhook: posts to the channel that it was made for; answers in plain text."""
    slack = request.app[SLACK]
    if not hmac.compare_digest(request.match_info["hook"], slack.hook):
        return web.Response(status=403, text="invalid_token")
    try:
        fields = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return web.Response(status=400, text="invalid_payload")
    return await answer(request, slack.faults.draw("hook"), lambda: _hooked(slack, fields))


def _posted(slack: Slack, fields: Fields) -> web.Response:
    try:
        message = slack.workspace.post(fields)
    except SlackError as error:
        return _failed(error)
    _keep(slack, "slack", fields["channel"], message)
    return _ok({"channel": fields["channel"], "ts": message["ts"], "message": message})


def _updated(slack: Slack, fields: Fields) -> web.Response:
    message = slack.workspace.update(fields)
    _keep(slack, EDIT, fields["channel"], message)
    return _ok({"channel": fields["channel"], "ts": message["ts"], "text": message.get("text", "")})


def _hooked(slack: Slack, fields: Any) -> web.Response:
    if not isinstance(fields, dict):
        return web.Response(status=400, text="invalid_payload")
    try:
        message = slack.workspace.post(fields | {"channel": f"hook:{slack.hook[:4]}"})
    except SlackError as error:
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
        return web.Response(status=429 if error.retry_after else 400, text=error.code, headers=headers)
    _keep(slack, "slack_webhook", "incoming webhook", message)
    return web.Response(text="ok")


def _keep(slack: Slack, sink: str, destination: str, message: Fields) -> None:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    slack.record.add(
        sink,
        destination,
        ref=message["ts"],
        thread=message.get("thread_ts"),
        labels=labels_of(payload),
        text=message.get("text", ""),
        raw=dict(message),
    )


def _authorise(request: web.Request, token: str) -> None:
    given = request.headers.get("Authorization", "")
    if not given:
        raise SlackError("not_authed")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise SlackError("invalid_auth")


async def _fields(request: web.Request) -> Fields:
    """The arguments, however they come: JSON, a form or a query."""
    if request.content_type == "application/json":
        try:
            fields = await request.json()
        except (JSONDecodeError, UnicodeDecodeError):
            raise SlackError("invalid_json") from None
        if not isinstance(fields, dict):
            raise SlackError("json_not_object")
        return fields
    form: Fields = {**request.query, **(await request.post())}
    try:
        return {name: json.loads(value) if name in STRUCTURED else value for name, value in form.items()}
    except (JSONDecodeError, TypeError):
        raise SlackError("invalid_arguments") from None


def _ok(body: Fields) -> web.Response:
    return web.json_response({"ok": True, **body})


def _failed(error: SlackError) -> web.Response:
    body = {"ok": False, "error": error.code}
    if error.retry_after is not None:
        return web.json_response(body, status=429, headers={"Retry-After": str(error.retry_after)})
    return web.json_response(body)
