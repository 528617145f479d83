"""Links in messages and Slack's buttons, on a real database: to look changes nothing, to act needs a signature."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from services.alerting.domain.links import Action, make_token
from services.api.app import Options
from shared.clock import wall
from tests.api_client import api

KEY, SECRET = "k" * 40, "slack-secret"
SUBJECT = '5 killed in <Peshawar> & "elsewhere"'
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    with api(engine, None, Options(link_key=KEY, slack_secret=SECRET)) as client:
        yield client


@pytest.fixture
def delivery(engine: Engine) -> UUID:
    """A message to two addresses."""
    return message(engine, "mail", ["one@example.org", "Two@example.org"])


def message(engine: Engine, destination: str, to: list[str]) -> UUID:
    delivery = uuid4()
    config = {"host": "127.0.0.1", "sender": "Tocsin <alerts@example.org>", "to": to}
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO destinations (id, channel, config) VALUES (:id, 'email', CAST(:config AS jsonb))"),
            {"id": destination, "config": json.dumps(config)},
        )
        connection.execute(
            text("""
                INSERT INTO deliveries (id, event_id, revision, destination_id, kind, state, rule_ids, content,
                                        message_ref, message_time)
                VALUES (:id, :event, 1, :destination, 'alert', 'sent', '{blasts}', CAST(:content AS jsonb), 'x', now())
            """),
            {"id": delivery, "event": uuid4(), "destination": destination, "content": json.dumps({"subject": SUBJECT})},
        )
    return delivery


def link(action: Action, delivery: UUID, expires_in: timedelta = timedelta(days=1), key: str = KEY) -> str:
    return f"/a/{make_token(key, action, delivery, wall() + expires_in)}"


def rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    with engine.begin() as connection:
        return [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]  # noqa: S608


def test_to_look_at_a_link_changes_nothing_and_to_send_its_form_acts(
    client: TestClient, engine: Engine, delivery: UUID
) -> None:
    path = link(Action.ACKNOWLEDGE, delivery)
    page = client.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "&lt;Peshawar&gt; &amp; &quot;elsewhere&quot;" in page.text
    assert "<Peshawar>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert rows(engine, "acknowledgements") == []
    for _ in range(2):
        done = client.post(path, data={"who": "<b>Ann</b>"})
        assert done.status_code == 200
        assert "Acknowledged" in done.text
    (row,) = rows(engine, "acknowledgements")
    assert (row["delivery_id"], row["by"]) == (delivery, "<b>Ann</b>")


def test_the_last_word_of_feedback_counts(client: TestClient, engine: Engine, delivery: UUID) -> None:
    assert client.post(link(Action.USEFUL, delivery)).status_code == 200
    assert client.post(link(Action.FALSE_ALARM, delivery)).status_code == 200
    assert [row["verdict"] for row in rows(engine, "feedback")] == ["false_alarm"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (link(Action.USEFUL, uuid4(), key="x" * 40), 404, "not valid"),
        (link(Action.USEFUL, uuid4())[:-9], 404, "not valid"),
        (link(Action.USEFUL, uuid4(), timedelta(seconds=-1)), 410, "expired"),
        (link(Action.USEFUL, uuid4()), 409, "no longer have"),
    ],
    ids=["forged", "cut off", "expired", "forgotten"],
)
def test_a_link_that_is_no_good_is_a_clear_page(client: TestClient, path: str, status: int, words: str) -> None:
    for answer in (client.get(path), client.post(path, data={"who": "Ann"})):
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert words in answer.text


def test_without_a_key_of_the_deployment_no_link_is_valid(engine: Engine, delivery: UUID) -> None:
    with api(engine, None) as client:
        assert client.post(link(Action.USEFUL, delivery)).status_code == 404


def test_one_click_unsubscribes_the_only_address(client: TestClient, engine: Engine) -> None:
    path = link(Action.UNSUBSCRIBE, message(engine, "solo", ["Only@example.org"]))
    assert client.get(path).status_code == 200
    assert rows(engine, "destinations")[0]["unsubscribed"] == []
    for _ in range(2):
        done = client.post(path, content="List-Unsubscribe=One-Click", headers=FORM)
        assert done.status_code == 200, done.text
    assert rows(engine, "destinations")[0]["unsubscribed"] == ["only@example.org"]
    assert [row["action"] for row in rows(engine, "audit_log")] == ["destination.unsubscribe"]


def test_of_several_addresses_only_the_one_that_is_named_is_unsubscribed(
    client: TestClient, engine: Engine, delivery: UUID
) -> None:
    path = link(Action.UNSUBSCRIBE, delivery)
    assert client.post(path, content="List-Unsubscribe=One-Click", headers=FORM).status_code == 409
    assert client.post(path, data={"who": "mallory@example.org"}).status_code == 409
    assert client.post(path, data={"who": " two@EXAMPLE.org "}).status_code == 200
    assert rows(engine, "destinations")[0]["unsubscribed"] == ["two@example.org"]
    assert client.post(path, data={"who": "two@example.org"}).status_code == 200


# --- Slack ------------------------------------------------------------------------------------------------------------


def press(
    client: TestClient,
    token: str,
    at: datetime | None = None,
    secret: str = SECRET,
    answer_to: str = "",
    unsigned: dict[str, str] | None = None,
) -> Any:
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ann"},
        "response_url": answer_to,
        "actions": [{"action_id": "tocsin_acknowledge", "value": token}, {"action_id": "theirs", "value": "x"}],
    }
    body = urlencode({"payload": json.dumps(payload)})
    stamp = str(int((at or wall()).timestamp()))
    signature = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signature}"}
    return client.post("/slack/actions", content=body, headers=FORM | signed | (unsigned or {}))


def test_a_button_acts_and_who_pressed_it_is_told(engine: Engine, delivery: UUID) -> None:
    token = link(Action.ACKNOWLEDGE, delivery).removeprefix("/a/")
    with slack() as (address, told):
        with api(engine, None, Options(link_key=KEY, slack_secret=SECRET, slack_answers=address)) as client:
            assert press(client, token, answer_to=f"{address}/answers").status_code == 200
        (answer,) = told
    assert answer["response_type"] == "ephemeral"
    assert "Acknowledged" in answer["text"]
    assert [row["by"] for row in rows(engine, "acknowledgements")] == ["ann (Slack U1)"]


def test_only_slack_is_told(engine: Engine, delivery: UUID) -> None:
    token = link(Action.ACKNOWLEDGE, delivery).removeprefix("/a/")
    with slack() as (address, told):
        with api(engine, None, Options(link_key=KEY, slack_secret=SECRET)) as client:
            assert press(client, token, answer_to=f"{address}/answers").status_code == 200
        assert told == []


def test_what_slack_did_not_sign_just_now_is_refused(client: TestClient, engine: Engine, delivery: UUID) -> None:
    token = link(Action.ACKNOWLEDGE, delivery).removeprefix("/a/")
    for refused in (
        press(client, token, secret="other"),
        press(client, token, at=wall() - timedelta(minutes=6)),
        press(client, token, at=wall() + timedelta(minutes=6)),
        press(client, token, unsigned={"X-Slack-Signature": "v0="}),
        client.post("/slack/actions", content="payload={}", headers=FORM),
    ):
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
    assert rows(engine, "acknowledgements") == []


@contextmanager
def slack() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that takes answers to buttons."""
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
