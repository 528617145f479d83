"""An SMTP server that takes every mail: aiosmtpd with a handler that keeps what comes."""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.sinks.faults import HANG_SECONDS, Fault, Faults, reset
from deploy.local.sinks.record import Record

HEADERS = {
    "delivery_id": "X-Tocsin-Delivery",
    "event_id": "X-Tocsin-Event",
    "kind": "X-Tocsin-Kind",
    "article_id": "X-Tocsin-Article",
    "fetched_at": "X-Tocsin-Fetched-At",
    "published_at": "X-Tocsin-Published-At",
}


class Mailbox:
    """Handler of aiosmtpd, which calls it for each mail."""

    def __init__(self, record: Record, faults: Faults) -> None:
        self._record = record
        self._faults = faults

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        fault = self._faults.draw()
        if fault is Fault.BUSY:
            return "451 4.3.2 Try again later"
        if fault is Fault.ERROR:
            return "451 4.3.0 Local error in processing"
        if fault is Fault.HANG:
            await asyncio.sleep(HANG_SECONDS)
            return "421 4.4.2 Timed out"
        self._keep(envelope)
        if fault is Fault.LOST and server.transport is not None:
            reset(server.transport)
        return "250 2.0.0 Taken"

    def _keep(self, envelope: Envelope) -> None:
        source = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        mail = message_from_bytes(source, policy=policy.default)
        self._record.add(
            "email",
            ", ".join(envelope.rcpt_tos),
            ref=_header(mail, "Message-ID") or "",
            thread=_header(mail, "In-Reply-To"),
            labels={name: _header(mail, header) for name, header in HEADERS.items()},
            text=_plain(mail),
            raw={"from": envelope.mail_from, "source": source.decode("utf-8", "replace")},
        )


async def listen(mailbox: Mailbox, host: str, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: SMTP(mailbox, hostname="sink.invalid", loop=loop), host, port)


def _header(mail: EmailMessage, name: str) -> str | None:
    """A header's value, None where it is absent or empty."""
    return str(mail[name]).strip() or None if mail[name] is not None else None


def _plain(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain", "html"))
    return str(part.get_content()) if part is not None else ""
