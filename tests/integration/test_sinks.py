"""The sinks, spoken to by the clients that alerting uses: slack_sdk, smtplib, HTTP."""

import hashlib
import hmac
import json
import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage
from http.client import RemoteDisconnected
from pathlib import Path

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from deploy.local.sinks.faults import Fault, Faults
from deploy.local.sinks.record import Record, read
from deploy.local.sinks.server import Settings, Sinks, running

LABELS = {"delivery_id": "d1", "event_id": "e1", "kind": "alert", "article_id": "a1"}
METADATA = {"event_type": "tocsin_alert", "event_payload": LABELS}


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    with running(Settings(interval=0)) as started:
        yield started


def client(sinks: Sinks, token: str | None = None) -> WebClient:
    return WebClient(token=token or sinks.settings.slack_token, base_url=sinks.slack_api, retry_handlers=[])


def mail(ref: str = "<d1@tocsin>") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["Message-ID"] = "Bombing in Quetta", ref
    message["X-Tocsin-Delivery"], message["X-Tocsin-Kind"] = "d1", "alert"
    message["In-Reply-To"] = "<root@tocsin>"
    message.set_content("What: Bombing à Quetta")
    message.add_alternative("<p>What: Bombing</p>", subtype="html")
    return message


def send(sinks: Sinks, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", sinks.smtp_port, timeout=5) as smtp:
        smtp.send_message(message, "alerts@example.org", ["desk@example.org", "night@example.org"])


def signature(secret: str, content: bytes, at: int) -> str:
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + content, hashlib.sha256).hexdigest()}"


def hook(sinks: Sinks, content: bytes, header: str) -> int:
    headers = {"Tocsin-Signature": header, "Tocsin-Delivery": "d1"}
    return httpx.post(sinks.webhook, content=content, headers=headers).status_code


def test_slack_posts_threads_and_finds_by_delivery(sinks: Sinks) -> None:
    slack = client(sinks)
    root = slack.chat_postMessage(channel="C1", text="alert", metadata=METADATA)["ts"]
    slack.chat_postMessage(channel="C1", text="update", thread_ts=root)
    slack.chat_update(channel="C1", ts=root, text="alert, corrected")
    history = slack.conversations_history(channel="C1", include_all_metadata=True)["messages"]
    assert [message["metadata"]["event_payload"]["delivery_id"] for message in history] == ["d1"]
    replies = slack.conversations_replies(channel="C1", ts=root)["messages"]
    assert [message["text"] for message in replies] == ["alert, corrected", "update"]
    kept = sinks.record.messages
    assert [(message.sink, message.text, message.thread) for message in kept] == [
        ("slack", "alert", None),
        ("slack", "update", root),
        ("slack_edit", "alert, corrected", None),
    ]
    assert kept[0].labels == LABELS | {"fetched_at": None, "published_at": None}


def test_slack_refuses_a_wrong_token(sinks: Sinks) -> None:
    with pytest.raises(SlackApiError, match="invalid_auth"):
        client(sinks, "xoxb-wrong").chat_postMessage(channel="C1", text="x")
    assert httpx.post(f"{sinks.slack_api}chat.postMessage", json={}).json()["error"] == "not_authed"
    assert sinks.record.messages == []


def test_slack_limits_the_rate_with_retry_after() -> None:
    with running(Settings(interval=1.0)) as limited:
        slack = client(limited)
        slack.chat_postMessage(channel="C1", text="first")
        with pytest.raises(SlackApiError) as refused:
            slack.chat_postMessage(channel="C1", text="second")
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "1"
        assert len(limited.record.messages) == 1


def test_incoming_webhook(sinks: Sinks) -> None:
    assert httpx.post(sinks.slack_webhook, json={"text": "alert", "metadata": METADATA}).text == "ok"
    assert httpx.post(sinks.slack_webhook, content=b"{").status_code == 400
    assert httpx.post(sinks.slack_webhook, json={"text": ""}).text == "no_text"
    assert httpx.post(f"{sinks.slack_webhook}x", json={"text": "alert"}).status_code == 403
    assert [(message.sink, message.labels["kind"]) for message in sinks.record.messages] == [("slack_webhook", "alert")]


def test_mail_is_kept_whole(sinks: Sinks) -> None:
    send(sinks, mail())
    [kept] = sinks.record.messages
    assert (kept.sink, kept.destination) == ("email", "desk@example.org, night@example.org")
    assert (kept.ref, kept.thread) == ("<d1@tocsin>", "<root@tocsin>")
    assert kept.labels["delivery_id"] == "d1"
    assert kept.text.strip() == "What: Bombing à Quetta"
    assert "<p>What: Bombing</p>" in kept.raw["source"]


def test_webhook_takes_only_what_is_signed(sinks: Sinks) -> None:
    content, now = json.dumps({"text": "alert", **LABELS}).encode(), int(time.time())
    secret = sinks.settings.webhook_secret
    good = signature(secret, content, now)
    assert hook(sinks, content, "") == 401
    assert hook(sinks, content, signature("wrong", content, now)) == 401
    assert hook(sinks, content, signature(secret, content, now - 301)) == 401
    assert hook(sinks, content + b" ", good) == 401
    assert hook(sinks, b"[]", signature(secret, b"[]", now)) == 400
    assert sinks.record.messages == []
    assert hook(sinks, content, good) == 204
    [kept] = sinks.record.messages
    assert (kept.sink, kept.ref, kept.text, kept.labels["event_id"]) == ("webhook", "d1", "alert", "e1")


def test_lost_answers_are_messages_taken() -> None:
    with running(Settings(interval=0), faults=Faults({Fault.LOST: 1.0})) as sinks:
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            client(sinks).chat_postMessage(channel="C1", text="alert")
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
            send(sinks, mail())
        content = json.dumps({"text": "alert"}).encode()
        with pytest.raises(httpx.TransportError):
            hook(sinks, content, signature(sinks.settings.webhook_secret, content, int(time.time())))
        assert [message.sink for message in sinks.record.messages] == ["slack", "email", "webhook"]


@pytest.mark.parametrize(("fault", "http_status", "smtp_code"), [(Fault.BUSY, 429, 451), (Fault.ERROR, 500, 451)])
def test_refusals_take_nothing(fault: Fault, http_status: int, smtp_code: int) -> None:
    with running(Settings(interval=0), faults=Faults({fault: 1.0})) as sinks:
        with pytest.raises(SlackApiError) as refused:
            client(sinks).chat_postMessage(channel="C1", text="alert")
        assert refused.value.response.status_code == http_status
        with pytest.raises(smtplib.SMTPDataError) as bounced:
            send(sinks, mail())
        assert bounced.value.smtp_code == smtp_code
        assert httpx.post(sinks.slack_webhook, json={"text": "alert"}).status_code == http_status
        assert sinks.record.messages == []


def test_hanging_takes_nothing_and_never_answers() -> None:
    with running(Settings(interval=0), faults=Faults({Fault.HANG: 1.0})) as sinks:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(sinks.slack_webhook, json={"text": "alert"}, timeout=0.3)
        assert sinks.record.messages == []


def test_record_file_has_a_line_for_each_message_at_once(tmp_path: Path) -> None:
    file = tmp_path / "got.jsonl"
    record = Record(file)
    with running(Settings(interval=0), record) as sinks:
        httpx.post(sinks.slack_webhook, json={"text": "alert\nwith two lines"})
        [line] = file.read_text().splitlines()
        assert json.loads(line)["text"] == "alert\nwith two lines"
        assert json.loads(line)["received_at"] == record.messages[0].received_at.isoformat()
    with file.open("a") as half:
        half.write('{"received_at": "2024-')
    assert read(file) == record.messages
    record.close()
