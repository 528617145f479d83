"""Links that let the reader of a message act on it without an account, and the proof that Slack sent a request.

A token says which action on which delivery, until when, and is signed: HMAC-SHA256 (RFC 2104) with the deployment's
key. The API serves it at `/a/{token}`; in Slack it is the value of a button. Nobody can make or change one without the
key; whoever has one can do this one thing until it expires.
"""

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.codes import MessageKind

KEY_LENGTH = 32  # characters that a key must have at least
LIFETIME = timedelta(days=60)  # of a link, from when its message was made
TOLERANCE = timedelta(minutes=5)  # how old a request of Slack's may be
_EXPIRY_BYTES, _SIGNATURE_BYTES = 5, 32
_PURPOSE = b"tocsin/link/1:"  # so that a signature made with the same key for another purpose is none here


class Action(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    USEFUL = "useful"
    FALSE_ALARM = "false_alarm"
    UNSUBSCRIBE = "unsubscribe"


_CODES = {Action.ACKNOWLEDGE: b"a", Action.USEFUL: b"u", Action.FALSE_ALARM: b"f", Action.UNSUBSCRIBE: b"x"}
_ACTIONS = {code: action for action, code in _CODES.items()}


@dataclass(frozen=True)
class Token:
    """What a link allows its holder to do, until `expires_at` (UTC, whole seconds)."""

    action: Action
    delivery: UUID
    expires_at: datetime


class BadToken(Exception):
    """Not made with this key, or broken on its way. The message is for whoever followed the link."""


class ExpiredToken(BadToken):
    """It was good once."""


def make_token(key: str, action: Action, delivery: UUID, expires_at: datetime) -> str:
    """The token, 72 characters that are safe in a URL. The same input makes the same token, on every attempt.

    `key`: at least `KEY_LENGTH` characters, else `ValueError`; `expires_at`: aware, counted to the second.
    """
    expiry = int(expires_at.timestamp()).to_bytes(_EXPIRY_BYTES, "big")
    content = _CODES[action] + delivery.bytes + expiry
    return urlsafe_b64encode(content + _sign(key, content)).decode()


def read_token(key: str, token: str, now: datetime) -> Token:
    """What the token allows; raises `BadToken` for one not made with `key`, `ExpiredToken` after its time."""
    length = 1 + 16 + _EXPIRY_BYTES
    try:
        raw = urlsafe_b64decode(token.encode("ascii")) if len(token) <= 100 else b""
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    content, signature = raw[:length], raw[length:]
    if len(raw) != length + _SIGNATURE_BYTES or not hmac.compare_digest(signature, _sign(key, content)):
        raise BadToken("this link is not valid: it may have been cut off on its way")
    found = Token(
        _ACTIONS[content[:1]],
        UUID(bytes=content[1:17]),
        datetime.fromtimestamp(int.from_bytes(content[17:], "big"), UTC),
    )
    if now >= found.expires_at:
        raise ExpiredToken(f"this link has expired on {found.expires_at:%Y-%m-%d}")
    return found


def url(base: str, token: str) -> str:
    """Where the API serves a token; `base` is its public address."""
    return f"{base.rstrip('/')}/a/{token}"


def from_slack(signing_secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Did Slack send this request, just now?

    `timestamp`, `signature`: the headers X-Slack-Request-Timestamp and X-Slack-Signature; `body`: as received.
    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    if not signing_secret or not (timestamp.isascii() and timestamp.isdecimal()) or len(timestamp) > 12:
        return False
    if not abs(now.timestamp() - int(timestamp)) <= TOLERANCE.total_seconds():
        return False
    expected = hmac.new(signing_secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={expected}".encode(), signature.encode())


def _sign(key: str, content: bytes) -> bytes:
    if len(key) < KEY_LENGTH:
        raise ValueError(
            f"the key is too short: {KEY_LENGTH} characters at least, such as `openssl rand -hex 32` makes"
        )
    return hmac.new(key.encode(), _PURPOSE + content, hashlib.sha256).digest()


@dataclass(frozen=True)
class Signer:
    """What signs the links of messages. `base`: the API's public address; None: only buttons that Slack serves.

    `buttons`: can Slack's buttons be answered, that is, does the API know Slack's signing secret?
    """

    key: str = field(repr=False)
    base: str | None = None
    buttons: bool = False

    def links(self, delivery: UUID, kind: MessageKind, made_at: datetime) -> "Links":
        """The links of one message; the same on every attempt."""
        tokens = {action: make_token(self.key, action, delivery, made_at + LIFETIME) for action in _OFFERED[kind]}
        return Links(tokens, self.base, self.buttons)


@dataclass(frozen=True)
class Links:
    """What the reader of one message can do about it, with a token for each action."""

    tokens: Mapping[Action, str] = field(default_factory=dict)
    base: str | None = None
    buttons: bool = False

    def url(self, action: Action) -> str | None:
        """None where the message offers no such link."""
        return url(self.base, self.tokens[action]) if self.base and action in self.tokens else None

    @property
    def offered(self) -> list[tuple[str, str]]:
        """Label and address of the links that every channel can show."""
        found = ((label, self.url(action)) for action, label in LABELS.items())
        return [(label, address) for label, address in found if address]


LABELS = {Action.ACKNOWLEDGE: "Acknowledge", Action.USEFUL: "Useful", Action.FALSE_ALARM: "False alarm"}
NO_LINKS = Links()

_TOLD = (Action.ACKNOWLEDGE, Action.USEFUL, Action.FALSE_ALARM, Action.UNSUBSCRIBE)
_OFFERED: dict[MessageKind, tuple[Action, ...]] = {
    MessageKind.ALERT: _TOLD,
    MessageKind.UPDATE: _TOLD,
    MessageKind.CORRECTION: _TOLD,
    MessageKind.RETRACTION: (Action.USEFUL, Action.UNSUBSCRIBE),
    MessageKind.ACKNOWLEDGEMENT: (Action.UNSUBSCRIBE,),
    MessageKind.DIGEST: (Action.USEFUL, Action.UNSUBSCRIBE),
    MessageKind.TEST: (Action.ACKNOWLEDGE, Action.UNSUBSCRIBE),
    MessageKind.SYSTEM: (Action.UNSUBSCRIBE,),
}
