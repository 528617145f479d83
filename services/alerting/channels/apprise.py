"""The long tail of channels through Apprise: ntfy, Telegram, Matrix, Gotify and a hundred more, each by its URL.

Plain text, in one piece. Apprise says only yes or no; what it logs tells a refusal from an answer that never came.
https://appriseit.com/services/
"""

import logging
import re
from typing import Any

from services.alerting.channels import http
from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Dead, Retry, Sent, Unknown
from services.alerting.channels.secrets import resolve
from services.alerting.domain import rendering
from services.alerting.domain.destinations import AppriseConfig
from services.alerting.domain.wording import clip
from shared.codes import MessageKind

_STATUS = re.compile(r"error=(\d{3})\b")  # how its plugins end what they log of an HTTP answer
LOUD = {MessageKind.ALERT: "failure", MessageKind.CORRECTION: "warning", MessageKind.UPDATE: "warning"}
LOCAL = ("dbus", "qt", "glib", "kde", "gnome", "macosx", "windows", "syslog")  # would speak on our own machine


def send(message: Message, config: AppriseConfig, line: Line) -> Sent:
    said: list[str] = []
    plugin = _plugin(resolve(config.url), line, said)
    taken = plugin.notify(
        title=clip(rendering.title(message.alert), 200),
        body=f"{rendering.text(message.alert, message.links)}\nMessage {message.ref}",  # the same when it comes twice
        notify_type=LOUD.get(message.alert.kind, "info"),
        body_format="text",
    )
    if not taken:
        raise _failure("; ".join(said)[-500:])
    return Sent({"delivery_id": message.ref})


def _plugin(url: str, line: Line, said: list[str]) -> Any:
    import apprise  # imported here: it takes longer to load than all the rest, and few destinations need it

    schema = url.partition("://")[0].lower()
    plugin: Any = None if schema in LOCAL else apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if plugin is None:
        raise Dead(f"{schema}:// is no Apprise URL that can be used here")
    _check_host(plugin, line)
    plugin.redirects = False
    plugin.socket_connect_timeout, plugin.socket_read_timeout = http.CONNECT_SECONDS, line.seconds
    plugin.overflow_mode = "truncate"
    plugin.logger = logging.Logger("apprise")  # of this message alone: what is said belongs to its delivery
    plugin.logger.addHandler(_Keep(said))
    return plugin


def _check_host(plugin: Any, line: Line) -> None:
    """Its own servers may be private only where they are allowed by name; Apprise resolves the name once more."""
    host = getattr(plugin, "host", None)
    if not isinstance(host, str) or not host:
        return
    port = plugin.port or (443 if plugin.secure else 80)
    if f"{host}:{port}" not in line.allowed:
        http.global_addresses(host, port)


def _failure(said: str) -> Retry | Unknown | Dead:
    found = _STATUS.search(said)
    status = int(found[1]) if found else None
    if status is None:
        return Unknown(f"Apprise: {said or 'it was not sent'}")
    if status in (408, 425, 429) or status >= 500:
        return Retry(f"Apprise: {said}")
    return Dead(f"Apprise: {said}")


class _Keep(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())
