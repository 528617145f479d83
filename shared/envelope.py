"""Messages on the wire: CloudEvents 1.0 in Kafka's binary mode, attributes in headers, JSON body.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from shared.brokers.interface import Received, Record
from shared.contracts import Message, Topic

M = TypeVar("M", bound=Message)

RETRY = "ce_retry"  # set by shared/replay.py: a message that died may be tried again
_REASON_LIMIT = 500


class Rejected(Exception):
    """This message can never be handled: undecodable, invalid, impossible. It goes to the dead letters."""


@dataclass(frozen=True)
class Incoming(Generic[M]):
    """A message as a handler gets it. `time` is message time (`ce_time`), `recorded_at` wall time."""

    id: str
    time: datetime
    body: M
    key: str | None
    topic: str
    partition: int
    offset: int
    recorded_at: datetime
    traceparent: str | None


@dataclass(frozen=True)
class Outgoing:
    """A message that a handler wants sent. `id` must be the same whenever the same input is handled again.

    `time` None hands on the message time of the message that it comes from.
    """

    topic: Topic
    key: str
    body: Message
    id: str
    time: datetime | None = None


def message_key(received: Received) -> str:
    """The message's id, or, where it has none, the place that it was read from."""
    return received.headers.get("ce_id") or f"{received.partition.topic}/{received.partition.number}/{received.offset}"


def decode(received: Received, topic: Topic) -> Incoming[Any]:
    """Read a message off the wire; `Rejected` says what is wrong with it."""
    headers = received.headers
    if headers.get("ce_type") != topic.event_type:
        raise Rejected(f"header ce_type is {headers.get('ce_type')!r}, {topic.name} carries {topic.event_type!r}")
    if not (message_id := headers.get("ce_id")):
        raise Rejected("header ce_id is missing")
    try:
        body = topic.message.__pydantic_validator__.validate_json(received.value)
        key = received.key.decode() if received.key is not None else None
    except ValidationError as error:
        raise Rejected(f"body is no {topic.message.__name__}: {_brief(error)}") from error
    except UnicodeDecodeError as error:
        raise Rejected(f"key is not UTF-8: {error}") from error
    return Incoming(
        message_id,
        _time(headers.get("ce_time")),
        body,
        key,
        received.partition.topic,
        received.partition.number,
        received.offset,
        received.recorded_at,
        headers.get("traceparent"),
    )


def encode(message: Outgoing, source: str, cause: Incoming[Any] | None = None) -> Record:
    """Put a message on the wire. `source` is the stage or service that says it, `cause` what it comes from."""
    if not isinstance(message.body, message.topic.message):
        raise TypeError(f"{message.topic.name} carries {message.topic.message.__name__}, not {type(message.body)}")
    time = message.time or (cause.time if cause else None)
    if time is None or time.tzinfo is None:
        raise ValueError(f"{message.topic.name} {message.id}: message time must be given, with its zone")
    value = message.body.__pydantic_serializer__.to_json(message.body)
    if len(value) > message.topic.max_message_bytes:
        raise Rejected(f"{len(value)} bytes are too many for {message.topic.name} ({message.topic.max_message_bytes})")
    headers = {
        "ce_specversion": "1.0",
        "ce_id": message.id,
        "ce_source": f"/tocsin/{source}",
        "ce_type": message.topic.event_type,
        "ce_time": time.isoformat(),
        "content-type": "application/json",
        "traceparent": (cause.traceparent if cause else None) or _new_traceparent(),
    }
    if cause:
        headers["ce_causationid"] = cause.id
    return Record(message.topic.name, message.key.encode(), value, headers)


def _time(text: str | None) -> datetime:
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        raise Rejected(f"header ce_time is {text!r}, not an RFC 3339 time") from None
    if time.tzinfo is None:
        raise Rejected(f"header ce_time is {text!r}: its zone is missing")
    return time


def _new_traceparent() -> str:
    """https://www.w3.org/TR/trace-context/: version, trace id, span id, sampled."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


def _brief(error: ValidationError) -> str:
    """Which fields are wrong and how, without the input, which may be large."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    text = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in faults[:5])
    return text[:_REASON_LIMIT]
