"""Every channel against a receiver that speaks its protocol: what arrives, and what each failure means."""

import json
import smtplib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_string, policy
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.sinks.server import Sinks
from services.alerting.channels import CHANNELS, http, slack
from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Dead, Retry, Sent, Unknown
from services.alerting.domain.alert import check_message, compose
from services.alerting.domain.links import NO_LINKS, Action, Signer, read_token
from services.alerting.service import message_ref
from shared.codes import Change, MessageKind
from tests.alerts import EVENT, NOON, change, destination, report, rule
from tests.builders import toll
from tests.receivers import receivers, scripted

ALL = ["slack", "slack_webhook", "email", "webhook", "teams", "pagerduty", "apprise"]
SINKS = {"apprise": "ntfy"}  # others have their channel's name


URLS = ("TEST_SLACK_API_URL", "TEST_SLACK_WEBHOOK_URL", "TEST_WEBHOOK_URL", "TEST_TEAMS_URL", "TEST_PAGERDUTY_URL")

SIGNER = Signer("0123456789abcdef" * 2, "https://tocsin.example", buttons=False)


class Room:
    """Sinks, and how to send to them."""

    def __init__(self, sinks: Sinks, environment: dict[str, str]) -> None:
        self.sinks = sinks
        self.allowed = environment["ALERT_ALLOWED_HOSTS"].split(",")
        self.seconds = 10.0

    def message(
        self, channel: str, root: Any = None, delivery: UUID | None = None, linked: bool = False, **values: Any
    ) -> Message:
        delivery = delivery or uuid4()
        alert = compose(change(**values), MessageKind.UPDATE if root else MessageKind.ALERT, [rule()])
        links = SIGNER.links(delivery, alert.kind, NOON) if linked else NO_LINKS
        return Message(delivery, message_ref(destination("desk", channel), delivery), "desk", alert, root, NOON, links)

    def send(self, channel: str, message: Message, **config: Any) -> Sent:
        with self.line() as line:
            return CHANNELS[channel].send(message, destination("desk", channel, **config).config, line)

    def line(self) -> Line:
        return Line(self.allowed, self.seconds)

    def find(self, message: Message) -> Any:
        with self.line() as line:
            return slack.find(message, destination("desk", "slack").config, line)  # type: ignore[arg-type]

    def got(self, channel: str) -> list[Any]:
        return [message for message in self.sinks.record.messages if message.sink == SINKS.get(channel, channel)]


@pytest.fixture
def fault() -> str | None:
    """What goes wrong with the first message; tests give theirs as a parameter."""
    return None


@pytest.fixture
def room(fault: str | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with receivers(faults=scripted(fault)) as (sinks, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield Room(sinks, environment)


@pytest.mark.parametrize("channel", ALL)
def test_an_alert_arrives_with_its_labels(room: Room, channel: str) -> None:
    message = room.message(channel)
    room.send(channel, message)
    (got,) = room.got(channel)
    assert "Peshawar" in got.text[:300]
    if channel == "apprise":  # words are all it can carry
        assert got.labels["delivery_id"] == str(message.delivery_id)
        return
    assert got.labels == {
        "delivery_id": str(message.delivery_id),
        "event_id": str(EVENT),
        "kind": "alert",
        "article_id": str(report().article_id),
        "fetched_at": got.labels["fetched_at"],
        "published_at": got.labels["published_at"],
    }
    assert got.labels["published_at"].startswith("2023-01-30T12:00:00")


@pytest.mark.parametrize("channel", ["slack", "email"])
def test_an_update_joins_its_thread(room: Room, channel: str) -> None:
    root = room.send(channel, room.message(channel)).ref
    room.send(channel, room.message(channel, root, kind=Change.UPDATED, revision=2))
    first, second = room.got(channel)
    assert (first.thread, second.thread) == (None, first.ref)


@pytest.mark.parametrize("fault", ["busy"])
@pytest.mark.parametrize("channel", ALL)
def test_busy_is_surely_not_sent(room: Room, channel: str, fault: str) -> None:
    with pytest.raises(Retry) as caught:
        room.send(channel, room.message(channel))
    assert caught.value.after == (None if channel in ("email", "apprise") else 1.0)
    assert room.got(channel) == []


@pytest.mark.parametrize("fault", ["lost"])
@pytest.mark.parametrize("channel", ALL)
def test_taken_without_an_answer_is_unknown(room: Room, channel: str, fault: str) -> None:
    with pytest.raises(Unknown):
        room.send(channel, room.message(channel))
    assert len(room.got(channel)) == 1


@pytest.mark.parametrize("fault", ["hang"])
@pytest.mark.parametrize("channel", ALL)
def test_no_answer_in_time_is_unknown(room: Room, channel: str, fault: str) -> None:
    room.seconds = 0.3
    with pytest.raises(Unknown):
        room.send(channel, room.message(channel))
    assert room.got(channel) == []


@pytest.mark.parametrize(
    ("channel", "expected"), [(channel, Unknown if channel == "slack" else Retry) for channel in ALL]
)
@pytest.mark.parametrize("fault", ["error"])
def test_a_server_error(room: Room, channel: str, expected: type[Exception], fault: str) -> None:
    with pytest.raises(expected):
        room.send(channel, room.message(channel))


@pytest.mark.parametrize("channel", ALL)
def test_a_missing_secret_is_told_by_its_name(room: Room, channel: str) -> None:
    secrets = {"slack": "token", "email": "port", "webhook": "secret", "pagerduty": "routing_key"}
    reference = secrets.get(channel, "url")
    with pytest.raises(Dead, match="env:TEST_NOT_SET is not set"):
        room.send(channel, room.message(channel), **{reference: "env:TEST_NOT_SET"})


@pytest.mark.parametrize("channel", ALL)
def test_a_closed_port_is_surely_not_sent(room: Room, channel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    room.allowed.append(f"127.0.0.1:{port}")
    monkeypatch.setenv("TEST_SMTP_PORT", str(port))
    for name in URLS:
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}/")
    monkeypatch.setenv("TEST_APPRISE_URL", f"ntfy://127.0.0.1:{port}/desk")
    with pytest.raises(Unknown if channel == "apprise" else Retry):
        room.send(channel, room.message(channel))


@pytest.mark.parametrize("channel", sorted(set(ALL) - {"email"}))
def test_a_private_address_is_refused_unless_allowed_by_name(room: Room, channel: str) -> None:
    room.allowed.clear()
    with pytest.raises(Dead, match="ALERT_ALLOWED_HOSTS"):
        room.send(channel, room.message(channel))
    assert room.got(channel) == []


@pytest.mark.parametrize("channel", sorted(set(ALL) - {"email"}))
@pytest.mark.parametrize("host", ["localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "169.254.169.254"])
def test_no_other_spelling_of_a_private_address_gets_through(
    room: Room, channel: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in URLS:
        monkeypatch.setenv(name, f"http://{host}:{room.sinks.webhook_port}/")
    monkeypatch.setenv("TEST_APPRISE_URL", f"ntfy://{host}:{room.sinks.others_port}/desk")
    with pytest.raises((Dead, Retry)):
        room.send(channel, room.message(channel))
    assert room.got(channel) == []


def test_a_wrong_token_is_final(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SLACK_TOKEN", "xoxb-wrong")
    with pytest.raises(Dead, match="invalid_auth"):
        room.send("slack", room.message("slack"))


def test_slack_says_whether_it_took_a_message(room: Room) -> None:
    taken, never = room.message("slack"), room.message("slack")
    ref = room.send("slack", taken).ref
    assert room.find(taken) == ref
    assert room.find(never) is None
    root = {**ref, "delivery_id": str(taken.delivery_id), "kind": "alert"}
    update = room.message("slack", root, kind=Change.UPDATED, revision=2)
    assert room.find(update) is None
    second = room.send("slack", update).ref
    assert room.find(update) == second


def test_slack_is_asked_page_by_page(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "PAGE", 2)
    messages = [room.message("slack") for _ in range(5)]
    refs = [room.send("slack", message).ref for message in messages]
    assert room.find(messages[0]) == refs[0]


def test_the_alert_in_slack_is_edited_to_what_is_known_by_then(room: Room) -> None:
    first = room.message("slack")
    root = {**room.send("slack", first).ref, "delivery_id": str(first.delivery_id), "kind": "alert"}
    room.send("slack", room.message("slack", root, kind=Change.UPDATED, revision=2, killed=toll(15)))
    (edit,) = room.got("slack_edit")
    assert (edit.ref, edit.labels["delivery_id"]) == (root["ts"], str(first.delivery_id))
    assert "15 killed" in edit.text
    assert room.find(first) == {"channel": root["channel"], "ts": root["ts"]}  # its name is kept


def test_an_alert_that_was_deleted_in_slack_holds_nothing_up(room: Room) -> None:
    first = room.message("slack")
    root = {**room.send("slack", first).ref, "delivery_id": str(first.delivery_id), "kind": "alert"}
    room.sinks.workspace.locked.add(root["ts"])
    sent = room.send("slack", room.message("slack", root, kind=Change.UPDATED, revision=2))
    assert "cant_update_message" in str(sent.warning)
    assert len(room.got("slack")) == 2


def test_a_mail_is_what_mail_programs_expect(room: Room) -> None:
    root = room.send("email", room.message("email")).ref
    message = room.message("email", root, kind=Change.UPDATED, revision=2)
    room.send("email", message)
    mail = message_from_string(room.got("email")[1].raw["source"], policy=policy.default)
    assert mail["Subject"] == "Bombing in Peshawar, Pakistan: 12 killed"
    assert mail["Message-ID"] == message.ref == f"<{message.delivery_id}@tocsin.example>"
    assert mail["In-Reply-To"] == mail["References"] == root["message_id"]
    assert mail["List-Unsubscribe"] == "<mailto:alerts@tocsin.example?subject=unsubscribe>"
    assert "List-Unsubscribe-Post" not in mail
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "multipart/related"]


def test_a_mail_brings_its_map_with_it(room: Room) -> None:
    room.send("email", room.message("email"))
    room.send("email", room.message("email"), map=False)
    room.send("email", room.message("email", place=None))
    mails = [message_from_string(got.raw["source"], policy=policy.default) for got in room.got("email")]
    pictures = [[part for part in mail.walk() if part.get_content_type() == "image/png"] for mail in mails]
    assert [len(found) for found in pictures] == [1, 0, 0]
    ((one,), *_) = pictures
    assert one.get_content_disposition() == "inline"
    assert 2_000 < len(one.get_content()) < 40_000
    page = mails[0].get_body(("html",))
    assert page is not None
    assert f'src="cid:{one["Content-ID"][1:-1]}"' in page.get_content()
    assert 'alt="Map: Peshawar, Pakistan (within about 25 km)"' in page.get_content()


def test_a_mail_that_one_of_two_recipients_gets_is_sent_with_a_warning(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = smtplib.SMTP.rcpt
    monkeypatch.setattr(
        smtplib.SMTP, "rcpt", lambda self, to: (550, b"no such user") if "gone" in to else answer(self, to)
    )
    sent = room.send("email", room.message("email"), to=["duty@desk.example", "gone@desk.example"])
    assert sent.warning == "gone@desk.example refused: SMTP 550: no such user"
    with pytest.raises(Dead, match="no such user"):
        room.send("email", room.message("email"), to="gone@desk.example")


def test_a_webhook_is_signed_over_its_bytes(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_WEBHOOK_SECRET", "another")
    with pytest.raises(Dead, match="401"):  # the sink checks
        room.send("webhook", room.message("webhook"))


@pytest.mark.parametrize("channel", ALL)
def test_a_reader_can_answer_by_links(room: Room, channel: str) -> None:
    message = room.message(channel, linked=True)
    room.send(channel, message)
    raw = json.dumps(room.got(channel)[0].raw) if channel != "email" else room.got(channel)[0].text
    for action in (Action.ACKNOWLEDGE, Action.USEFUL, Action.FALSE_ALARM):
        assert str(message.links.url(action)) in raw
        assert read_token(SIGNER.key, message.links.tokens[action], NOON).delivery == message.delivery_id


def test_slack_has_buttons_where_they_can_be_answered(room: Room) -> None:
    message = room.message("slack", linked=True)
    room.send("slack", replace(message, links=replace(message.links, buttons=True)))
    (actions,) = [block for block in room.got("slack")[0].raw["blocks"] if block["type"] == "actions"]
    shown = {button["action_id"]: button["value"] for button in actions["elements"]}
    assert shown == {
        f"tocsin_{action}": message.links.tokens[action]
        for action in (Action.ACKNOWLEDGE, Action.USEFUL, Action.FALSE_ALARM)
    }


def test_one_click_unsubscribes_only_whom_the_mail_was_to(room: Room) -> None:
    """RFC 8058."""
    message = room.message("email", linked=True)
    room.send("email", message)
    room.send("email", message, to=["a@desk.example", "b@desk.example"])
    one, two = (message_from_string(got.raw["source"], policy=policy.default) for got in room.got("email"))
    link = message.links.url(Action.UNSUBSCRIBE)
    assert one["List-Unsubscribe"] == f"<{link}>, <mailto:alerts@tocsin.example?subject=unsubscribe>"
    assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert two["List-Unsubscribe"] == "<mailto:alerts@tocsin.example?subject=unsubscribe>"
    assert two["List-Unsubscribe-Post"] is None


def test_an_incident_is_opened_logged_and_resolved_once_each(room: Room) -> None:
    alert = room.message("pagerduty")
    root = room.send("pagerduty", alert).ref
    room.send("pagerduty", alert)  # in doubt, and so sent again
    assert room.sinks.pagerduty.incidents == {alert.ref: "triggered"}
    room.send("pagerduty", room.message("pagerduty", root, kind=Change.UPDATED, revision=2))
    assert len(room.got("pagerduty")) == 2
    gone = compose(change(Change.RETRACTED, 3), MessageKind.RETRACTION, [])
    room.send("pagerduty", replace(room.message("pagerduty", root), alert=gone))
    assert room.sinks.pagerduty.incidents == {alert.ref: "resolved"}


def test_an_event_that_a_digest_told_of_has_one_incident_too(room: Room) -> None:
    digest = {"kind": "digest", "delivery_id": str(uuid4())}
    for revision in (2, 3):
        room.send("pagerduty", room.message("pagerduty", digest, kind=Change.UPDATED, revision=revision))
    assert room.sinks.pagerduty.incidents == {f"tocsin/desk/{EVENT}": "triggered"}


def test_a_test_pages_nobody_for_long(room: Room) -> None:
    message = replace(room.message("pagerduty"), alert=check_message("desk"))
    room.send("pagerduty", message)
    (got,) = room.got("pagerduty")
    assert got.raw["payload"]["severity"] == "info"
    assert room.sinks.pagerduty.incidents == {message.ref: "resolved"}


@pytest.mark.parametrize("channel", ["email", "webhook", "slack"])
def test_a_line_keeps_its_connection_and_mends_one_that_broke(room: Room, channel: str) -> None:
    config = destination("desk", channel).config
    with room.line() as line:
        for _ in range(3):
            CHANNELS[channel].send(room.message(channel), config, line)
        if channel == "email":
            (smtp,) = line._kept.values()
            smtp.sock.shutdown(socket.SHUT_RDWR)  # as a relay does that takes so many mails a connection
            CHANNELS[channel].send(room.message(channel), config, line)
    assert len(room.got(channel)) == (4 if channel == "email" else 3)


def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with Line([f"127.0.0.1:{port}"]) as line:
            got = http.post(f"http://127.0.0.1:{port}/", b"{}", {}, line)
        thread.join()
    with pytest.raises(Dead, match="HTTP 302"):
        http.check(got)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Mon, 30 Jan 2023 12:00:30 GMT", 30.0),
        ("Mon, 30 Jan 2023 11:00:00 GMT", 0.0),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header: str | None, seconds: float | None) -> None:
    assert http.retry_after(header, NOON) == seconds
