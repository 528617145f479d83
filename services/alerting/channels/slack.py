"""Slack Web API: posts, answers in threads, and can be asked whether it took a message.

https://docs.slack.dev/reference/methods/chat.postMessage; each message carries its delivery id as metadata. What
follows an alert is an answer in its thread, and the alert itself is edited to say what is known by then (a digest that
others stand in is left as it is).
"""

import json
from typing import Any, cast
from urllib.parse import urlencode

from services.alerting.channels import http
from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Dead, Ref, Retry, Sent, Unknown
from services.alerting.channels.secrets import resolve
from services.alerting.domain.blocks import slack_blocks, slack_text
from services.alerting.domain.destinations import SlackConfig
from shared.codes import MessageKind

LOOK_BACK_SECONDS = 60  # Slack's clock and ours may differ
PAGE, MOST_PAGES = 100, 20
ANSWER_BYTES = 8 * 2**20  # a page of messages with their blocks

# Errors after which the message may have been posted all the same.
PERHAPS = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
BUSY = {"ratelimited", "rate_limited"}
GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}  # the alert was deleted, or is locked


def send(message: Message, config: SlackConfig, line: Line) -> Sent:
    root = message.root if message.root and "ts" in message.root else None
    warning = _edit(message, root, config, line) if root and root.get("kind") == MessageKind.ALERT else None
    channel = root["channel"] if root else resolve(config.channel)
    answer = _call(
        "chat.postMessage",
        {
            **_content(message),
            "channel": channel,
            "metadata": _metadata(message.labels),
            "unfurl_links": False,
            "unfurl_media": False,
            **({"thread_ts": root["ts"], "reply_broadcast": message.breaks_news} if root else {}),
        },
        config,
        line,
    )
    return Sent({"channel": answer["channel"], "ts": answer["ts"]}, warning)


def find(message: Message, config: SlackConfig, line: Line) -> Ref | None:
    """Was it posted? Looks where it would be, since it was decided. Raises `Retry` where Slack cannot tell."""
    root = message.root if message.root and "ts" in message.root else None
    channel = root["channel"] if root else resolve(config.channel)
    method = "conversations.replies" if root else "conversations.history"
    about = {
        "channel": channel,
        "include_all_metadata": True,
        "limit": PAGE,
        "oldest": f"{message.created_at.timestamp() - LOOK_BACK_SECONDS:.6f}",
        **({"ts": root["ts"]} if root else {}),
    }
    cursor: str | None = ""
    for _ in range(MOST_PAGES):
        page = _ask(method, {**about, "cursor": cursor}, config, line)
        for posted in page.get("messages", []):
            if posted.get("metadata", {}).get("event_payload", {}).get("delivery_id") == str(message.delivery_id):
                return {"channel": channel, "ts": posted["ts"]}
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return None
    raise Retry(f"not among the newest {MOST_PAGES * PAGE} messages of {channel}, and there are more")


def _edit(message: Message, root: Ref, config: SlackConfig, line: Line) -> str | None:
    """Bring the alert up to date. The same edit twice is one, so no answer is no trouble; returns what to warn of."""
    fields = {
        **_content(message),
        "channel": root["channel"],
        "ts": root["ts"],
        "metadata": _metadata({**message.labels, "delivery_id": root["delivery_id"]}),
    }
    try:
        _call("chat.update", fields, config, line)
    except Unknown as error:
        raise Retry(f"while the alert was edited: {error}") from error
    except Dead as error:
        if error.args[0] not in {_said(code, 200) for code in GONE}:
            raise
        return f"the alert was not edited: {error}"
    return None


def _content(message: Message) -> dict[str, Any]:
    return {
        "text": slack_text(message.alert, message.links),
        "blocks": slack_blocks(message.alert, message.links),
        "mrkdwn": False,
    }


def _metadata(labels: dict[str, str]) -> dict[str, Any]:
    return {"event_type": "tocsin_alert", "event_payload": labels}


def _ask(method: str, fields: dict[str, Any], config: SlackConfig, line: Line) -> dict[str, Any]:
    """A question changes nothing: whatever goes wrong, it can be asked again."""
    try:
        return _call(method, fields, config, line)
    except Unknown as error:
        raise Retry(str(error)) from error


def _call(method: str, fields: dict[str, Any], config: SlackConfig, line: Line) -> dict[str, Any]:
    """https://docs.slack.dev/apis/web-api: arguments as a form, the bot's token as bearer."""
    form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Authorization": f"Bearer {resolve(config.token)}",
        "User-Agent": "Tocsin",
    }
    url = resolve(config.base_url).rstrip("/") + "/" + method
    if not url.startswith("https://") and http.place(url) not in line.allowed:
        raise Dead("base_url is not https: the token would go in the clear; ALERT_ALLOWED_HOSTS can allow the host")
    answer = http.post(url, urlencode(form).encode(), headers, line, ANSWER_BYTES)
    body = _json(answer.body)
    if answer.status == 200 and body.get("ok") is True:
        return body
    raise _failure(str(body.get("error", "no JSON")), answer)


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return cast(dict[str, Any], found) if isinstance(found, dict) else {}


def _failure(error: str, answer: http.Answer) -> Retry | Unknown | Dead:
    """What an answer that is no success means; https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
    said = _said(error, answer.status)
    if answer.status == 429 or error in BUSY:
        return Retry(said, answer.retry_after)
    if answer.status >= 500 or error in PERHAPS or (answer.status == 200 and error == "no JSON"):
        return Unknown(said)
    return Dead(said)


def _said(error: str, status: int) -> str:
    return f"Slack: {error} (HTTP {status})"
