"""Buttons in Slack messages. Slack signs what it sends; each button carries the token of a link.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

import json
from typing import Any
from urllib.parse import urlsplit

import structlog
import urllib3
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from services.alerting.domain.links import BadToken, from_slack, read_token
from services.api import forms, reactions
from services.api.problems import responses
from services.api.reactions import Refusal
from shared.clock import wall

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/slack", tags=["links"])

SLACK = "https://hooks.slack.com"  # where a `response_url` may be
ANSWER_SECONDS = 3.0


class _User(BaseModel):
    id: str = Field(max_length=100)
    username: str = Field("", max_length=200)


class _Pressed(BaseModel):
    action_id: str = Field(max_length=255)
    value: str = Field("", max_length=100)


class _Payload(BaseModel):
    """What we need of https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""

    user: _User
    actions: list[_Pressed] = Field(max_length=25)
    response_url: str = ""


@router.post(
    "/actions",
    response_class=Response,
    response_description="Taken; what came of it is told to whoever pressed the button.",
    responses=responses(400, 401, 413),
    openapi_extra={
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
            for name in ("X-Slack-Request-Timestamp", "X-Slack-Signature")
        ],
        **forms.documented(required=True, payload="JSON"),
    },
)
async def slack_action(request: Request) -> Response:
    """A button of ours was pressed in Slack. Refused unless Slack has signed it in the last five minutes."""
    options, body, headers = request.app.state.options, await request.body(), request.headers
    stamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not from_slack(options.slack_secret, stamp, signature, body, wall()):
        raise HTTPException(401, "this was not signed by Slack, or too long ago")
    payload = _read(body)
    words = [await run_in_threadpool(_act, request, payload.user, pressed) for pressed in payload.actions]
    said = [word for word in words if word]
    if not said or not _is_slacks(payload.response_url, options.slack_answers):
        return Response(status_code=200)
    return Response(status_code=200, background=BackgroundTask(_tell, payload.response_url, "\n".join(said)))


def _read(body: bytes) -> _Payload:
    try:
        return _Payload.model_validate_json(forms.read(body)["payload"])
    except (KeyError, ValidationError):
        raise HTTPException(400, "no payload of Slack's") from None


def _act(request: Request, user: _User, pressed: _Pressed) -> str | None:
    """What came of one button, in words; None for a button that is not ours."""
    if not pressed.action_id.startswith("tocsin_"):
        return None
    try:
        allowed = read_token(request.app.state.options.link_key, pressed.value, wall())
        with request.app.state.engine.begin() as connection:
            return reactions.react(connection, allowed, f"{user.username or user.id} (Slack {user.id})")
    except (BadToken, Refusal) as error:
        return f"Not done: {error}."


def _is_slacks(url: str, expected: str) -> bool:
    parts, wanted = urlsplit(url), urlsplit(expected)
    return (parts.scheme, parts.netloc) == (wanted.scheme, wanted.netloc)


def _tell(url: str, words: str) -> None:
    """To whoever pressed the button, and to nobody else."""
    message: dict[str, Any] = {"response_type": "ephemeral", "replace_original": False, "text": words}
    try:
        with urllib3.PoolManager(retries=False, timeout=ANSWER_SECONDS) as pool:
            pool.request(
                "POST", url, body=json.dumps(message), headers={"Content-Type": "application/json"}, redirect=False
            )
    except urllib3.exceptions.HTTPError as error:
        log.warning("Slack was not told what came of a button", error=type(error).__name__)
