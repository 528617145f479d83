"""Slack Web API: posts, answers in threads, and can be asked whether it took a message.

https://docs.slack.dev/reference/methods/chat.postMessage; each message carries its delivery id as metadata.
"""

import logging
import socket
import ssl
from collections.abc import Callable, Collection
from http.client import HTTPException
from typing import Any, cast
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from services.alerting.channels.http import retry_after
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Dead, Ref, Retry, Sent, Unknown
from services.alerting.channels.secrets import resolve
from services.alerting.domain import rendering
from services.alerting.domain.destinations import SlackConfig

ANSWER_SECONDS = 10
LOOK_BACK_SECONDS = 60  # Slack's clock and ours may differ
PAGE, MOST_PAGES = 200, 10

# Errors after which the message may have been posted all the same.
PERHAPS = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
BUSY = {"ratelimited", "rate_limited"}
NOT_CONNECTED = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)

_quiet = logging.getLogger(f"{__name__}.sdk")  # the library logs each failure; ours are kept with the delivery
_quiet.setLevel(logging.CRITICAL)


def send(message: Message, config: SlackConfig, allowed: Collection[str]) -> Sent:
    thread = {"thread_ts": message.root["ts"]} if message.root and "ts" in message.root else {}
    answer = _call(
        lambda: _client(config, allowed).chat_postMessage(
            channel=resolve(config.channel),
            text=rendering.slack_text(message.alert),
            blocks=rendering.slack_blocks(message.alert),
            metadata={"event_type": "tocsin_alert", "event_payload": message.labels},
            unfurl_links=False,
            unfurl_media=False,
            mrkdwn=False,
            **thread,
        )
    )
    return Sent({"channel": answer["channel"], "ts": answer["ts"]})


def find(message: Message, config: SlackConfig, allowed: Collection[str]) -> Ref | None:
    """What Slack calls the message, if it took it; None if it did not. Raises `Retry` where it does not say."""
    channel = resolve(config.channel)
    oldest = f"{message.created_at.timestamp() - LOOK_BACK_SECONDS:.6f}"
    client = _client(config, allowed)
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        about: dict[str, Any] = {"channel": channel, "oldest": oldest, "limit": PAGE, "include_all_metadata": True}
        about |= {"cursor": cursor} if cursor else {}
        page = _ask(client, about, message.root)
        for posted in page.get("messages", []):
            if posted.get("metadata", {}).get("event_payload", {}).get("delivery_id") == str(message.delivery_id):
                return {"channel": channel, "ts": posted["ts"]}
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return None
    raise Retry(f"not among the newest {MOST_PAGES * PAGE} messages of {channel}, and there are more")


def _ask(client: WebClient, about: dict[str, Any], root: Ref | None) -> dict[str, Any]:
    """A question changes nothing: whatever goes wrong, it can be asked again."""
    try:
        if root and "ts" in root:
            return _call(lambda: client.conversations_replies(ts=root["ts"], **about))
        return _call(lambda: client.conversations_history(**about))
    except Unknown as error:
        raise Retry(str(error)) from error


def _client(config: SlackConfig, allowed: Collection[str]) -> WebClient:
    base_url = resolve(config.base_url)
    if base_url != SlackConfig.model_fields["base_url"].default and _host(base_url) not in allowed:
        raise Dead(f"base_url is neither Slack's nor among ALERT_ALLOWED_HOSTS: {_host(base_url)}")
    return WebClient(
        token=resolve(config.token),
        base_url=base_url,
        timeout=ANSWER_SECONDS,
        retry_handlers=[],  # trying again is the delivery table's work
        logger=_quiet,
    )


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _call(method: Callable[[], SlackResponse]) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], method().data)
    except SlackApiError as error:
        raise _failure(error.response) from error
    except URLError as error:
        if isinstance(error.reason, NOT_CONNECTED):
            raise Retry(f"no connection to Slack: {error.reason}") from error
        raise Unknown(f"no answer from Slack: {error.reason}") from error
    except (OSError, HTTPException, UnicodeDecodeError) as error:
        raise Unknown(f"no answer from Slack: {type(error).__name__}: {error}") from error
    except SlackRequestError as error:
        raise Dead(str(error)) from error


def _failure(answer: SlackResponse) -> Retry | Unknown | Dead:
    """What an answer that is no success means; https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
    error = str(answer.get("error"))
    said = f"Slack: {error} (HTTP {answer.status_code})"
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.status_code == 429 or error in BUSY:
        return Retry(said, retry_after(headers.get("retry-after")))
    if answer.status_code >= 500 or error in PERHAPS:
        return Unknown(said)
    return Dead(said)
