"""E-mail over SMTP: text and HTML, one thread per event, the same Message-ID on every attempt."""

import smtplib
import ssl
from contextlib import ExitStack, suppress
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr

from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Dead, Retry, Sent, Unknown
from services.alerting.channels.secrets import resolve
from services.alerting.domain import rendering
from services.alerting.domain.destinations import EmailConfig
from services.alerting.domain.links import Action
from services.alerting.domain.maps.picture import picture
from services.alerting.domain.rendering import Map
from services.alerting.domain.wording import clip
from shared.codes import MessageKind


def send(message: Message, config: EmailConfig, line: Line) -> Sent:
    """Hand the mail to the relay, which is the operator's own and often private: no address is refused here."""
    mail = compose(message, config).as_bytes(policy=SMTP_POLICY)
    sender, recipients = _address(resolve(config.sender)), [_address(resolve(to)) for to in config.to]
    key = ("smtp", config.host, config.port, config.tls, config.user)
    reused = key in line
    smtp = line.keep(key, lambda: _connect(config, line.seconds), _part)
    try:
        try:
            refused = _envelope(smtp, sender.addr_spec, [to.addr_spec for to in recipients])
        except Retry:
            if not reused:
                raise
            line.forget(key)  # the relay takes so many mails a connection, or has closed it
            smtp = line.keep(key, lambda: _connect(config, line.seconds), _part)
            refused = _envelope(smtp, sender.addr_spec, [to.addr_spec for to in recipients])
        _hand_over(smtp, mail)
    except BaseException:
        line.forget(key)
        raise
    warning = "; ".join(f"{to} refused: {_said(*answer)}" for to, answer in refused.items())
    return Sent({"message_id": message.ref}, warning or None)


def compose(message: Message, config: EmailConfig) -> EmailMessage:
    """The mail. `EmailMessage` refuses headers of more than one line, and nothing unescaped gets into the HTML."""
    alert, mail = message.alert, EmailMessage()
    sender = _address(resolve(config.sender))
    mail["From"] = sender
    mail["To"] = [_address(resolve(to)) for to in config.to]
    mail["Subject"] = clip(alert.subject, 200)
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = message.ref
    if message.root and "message_id" in message.root:
        mail["In-Reply-To"] = mail["References"] = message.root["message_id"]
    _unsubscribe(mail, message, config, sender)
    mail["List-Id"] = f"<{message.destination_id}.tocsin.invalid>"
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in message.labels.items():
        mail[f"X-Tocsin-{HEADERS[name]}"] = value
    mail.set_content(rendering.text(alert, message.links))
    mapped = config.map and alert.event and alert.kind is not MessageKind.RETRACTION
    shown = picture(alert.event.place) if mapped and alert.event else None
    name = f"map.{message.delivery_id}@tocsin.invalid"
    found = Map(f"cid:{name}", shown.bar_km, shown.ring) if shown else None
    mail.add_alternative(rendering.html(alert, message.links, found), subtype="html")
    if shown:
        _enclose(mail, shown.png, name)
    return mail


def _enclose(mail: EmailMessage, png: bytes, name: str) -> None:
    """Put a picture beside the HTML that shows it (RFC 2387)."""
    page = mail.get_body(("html",))
    assert page is not None  # noqa: S101 - just added
    page.add_related(png, "image", "png", cid=f"<{name}>", disposition="inline", filename="map.png")


def _unsubscribe(mail: EmailMessage, message: Message, config: EmailConfig, sender: Address) -> None:
    """RFC 8058: one click of the mail program's own button. Only where the mail goes to one person: nobody must be
    able to unsubscribe the others by it."""
    mailto = resolve(config.unsubscribe) if config.unsubscribe else f"mailto:{sender.addr_spec}?subject=unsubscribe"
    link = message.links.url(Action.UNSUBSCRIBE) if len(config.to) == 1 else None
    ways = [clip(way, 500) for way in (link, mailto) if way]
    mail["List-Unsubscribe"] = ", ".join(f"<{way}>" for way in ways)
    if link:
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


HEADERS = {
    "delivery_id": "Delivery",
    "event_id": "Event",
    "kind": "Kind",
    "article_id": "Article",
    "fetched_at": "Fetched-At",
    "published_at": "Published-At",
}


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    try:
        return Address(display_name=name, addr_spec=address)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise Dead(f"not an e-mail address: {text!r}") from error


def _connect(config: EmailConfig, seconds: float) -> smtplib.SMTP:
    """Connect and log in; nothing of the mail has left before this returns."""
    host, port = resolve(config.host), int(resolve(str(config.port)))
    with ExitStack() as on_failure:
        try:
            smtp = _dial(config, host, port, seconds)
            on_failure.callback(smtp.close)
            smtp.ehlo_or_helo_if_needed()
            if config.tls == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if config.user and config.password:
                smtp.login(resolve(config.user), resolve(config.password))
        except smtplib.SMTPAuthenticationError as error:
            raise _failure(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Retry(f"no connection to {host}:{port}: {error}") from error
        on_failure.pop_all()
    return smtp


def _dial(config: EmailConfig, host: str, port: int, seconds: float) -> smtplib.SMTP:
    if config.tls == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=seconds, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=seconds)


def _part(smtp: smtplib.SMTP) -> None:
    with suppress(OSError):  # a goodbye: what was taken was taken, whatever becomes of the connection
        smtp.putcmd("quit")
    smtp.close()


def _hand_over(smtp: smtplib.SMTP, content: bytes) -> None:
    """Give the relay one mail."""
    try:
        code, said = smtp.data(content)
    except smtplib.SMTPDataError as error:
        raise _failure(error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unknown(f"no answer after the mail was sent: {error or type(error).__name__}") from error
    if code != 250:
        raise _failure(code, said)


def _envelope(smtp: smtplib.SMTP, sender: str, recipients: list[str]) -> dict[str, tuple[int, bytes]]:
    """Say from whom and to whom; returns the refusals. Raises if nobody is left."""
    try:
        code, said = smtp.mail(sender)
        if code != 250:
            raise _failure(code, said)
        answers = {to: smtp.rcpt(to) for to in recipients}
    except (OSError, smtplib.SMTPException) as error:
        raise Retry(f"the connection broke before the mail was sent: {error}") from error
    refused = {to: answer for to, answer in answers.items() if answer[0] >= 400}
    if len(refused) == len(answers):
        raise _failure(*min(refused.values()))  # one that may pass outweighs one that is final
    return refused


def _failure(code: int, said: bytes | str) -> Retry | Dead:
    """4xx: may pass; 5xx: final (RFC 5321, 4.2.1)."""
    return (Dead if 500 <= code < 600 else Retry)(_said(code, said))


def _said(code: int, said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"SMTP {code}: {words[:200]}"
