"""Mail over TLS and with a password, against a real SMTP server with a certificate of its own authority."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from deploy.local.ports import free_port
from services.alerting.channels import email
from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Dead, Retry
from services.alerting.domain.alert import compose
from shared.codes import MessageKind
from tests.alerts import NOON, change, destination, rule

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
PASSWORD = "open sesame"


class Mailbox:
    """Takes mail; `secure`: for each, whether it came over TLS, and who had logged in."""

    def __init__(self) -> None:
        self.secure: list[tuple[bool, Any]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        transport: Any = server.transport
        secure = session.ssl is not None or transport.get_extra_info("ssl_object") is not None
        self.secure.append((secure, session.auth_data))
        return "250 2.0.0 Taken"


def _login(server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = LoginPassword(b"tocsin", PASSWORD.encode())
    return AuthResult(success=data == known, auth_data="tocsin" if data == known else None, handled=False)


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """Trusted by this test alone."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@pytest.fixture
def relay(authority: trustme.CA) -> Callable[..., Any]:
    @contextmanager
    def running(
        name: str = "127.0.0.1", *, implicit: bool = False, starttls: bool = False
    ) -> Iterator[tuple[Mailbox, int]]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)
        mailbox, port = Mailbox(), free_port()
        controller = Controller(
            mailbox,
            hostname="127.0.0.1",
            port=port,
            ssl_context=context if implicit else None,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            authenticator=_login,
            auth_required=True,
            auth_require_tls=not implicit,  # a connection that is TLS from its first byte is no STARTTLS to aiosmtpd
        )
        controller.start()
        try:
            yield mailbox, port
        finally:
            controller.stop()

    return running


def send(port: int, monkeypatch: pytest.MonkeyPatch, *, given: str = PASSWORD, **config: Any) -> None:
    monkeypatch.setenv("TEST_SMTP_PORT", str(port))
    monkeypatch.setenv("TEST_SMTP_PASSWORD", given)
    config = {"user": "tocsin", "password": "env:TEST_SMTP_PASSWORD", **config}
    delivery = uuid4()
    alert = compose(change(), MessageKind.ALERT, [rule()])
    message = Message(delivery, f"<{delivery}@tocsin.example>", "desk", alert, None, NOON)
    with Line() as line:
        email.send(message, destination("desk", "email", **config).config, line)  # type: ignore[arg-type]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_mail_goes_over_tls_with_a_password(relay: Any, tls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with relay(implicit=tls == "tls", starttls=tls == "starttls") as (mailbox, port):
        send(port, monkeypatch, tls=tls)
    assert mailbox.secure == [(True, "tocsin")]


def test_a_wrong_password_is_final_and_is_not_told(relay: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with relay(starttls=True) as (mailbox, port), pytest.raises(Dead, match="535") as caught:
        send(port, monkeypatch, given="guessed", tls="starttls")
    assert "guessed" not in str(caught.value)
    assert mailbox.secure == []


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_relay_under_another_name_gets_neither_password_nor_mail(
    relay: Any, tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with relay("10.0.0.1", implicit=tls == "tls", starttls=tls == "starttls") as (mailbox, port):
        with pytest.raises(Retry, match="CERTIFICATE_VERIFY_FAILED"):
            send(port, monkeypatch, tls=tls)
        assert mailbox.secure == []


def test_a_relay_without_starttls_gets_nothing_in_the_clear(relay: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with relay() as (mailbox, port), pytest.raises(Retry, match="STARTTLS"):
        send(port, monkeypatch, tls="starttls")
    assert mailbox.secure == []
