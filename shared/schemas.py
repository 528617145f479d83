"""`python -m shared.schemas` writes what others need to read our topics: a JSON Schema of each message and an AsyncAPI
document, from `shared/contracts.py` into `shared/schemas/`. They are committed; a test fails when they drift.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.contracts import TOPICS, Topic

FOLDER = Path(__file__).parent / "schemas"

Json = dict[str, Any]

_HEADERS = {
    "ce_specversion": "CloudEvents version, 1.0",
    "ce_id": "the same whenever the same content is sent again",
    "ce_source": "the stage or service that sent it",
    "ce_type": "type and version of the message",
    "ce_time": "message time, RFC 3339: decides freshness, quiet hours and digests",
    "ce_causationid": "ce_id of the message that this one comes from",
    "content-type": "application/json",
    "traceparent": "W3C trace context",
}
_ALWAYS = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"]


def documents() -> Mapping[str, Json]:
    """Every generated document by its file name."""
    schemas = {f"{topic.event_type}.json": message_schema(topic) for topic in TOPICS}
    return {**schemas, "asyncapi.json": asyncapi()}


def message_schema(topic: Topic) -> Json:
    """The body of a message, JSON Schema 2020-12. Fields that came later are not required: older messages lack them."""
    schema = topic.message.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{topic.event_type}", **schema}


def asyncapi() -> Json:
    """All topics as channels, https://www.asyncapi.com/docs/reference/specification/v3.0.0."""
    models = [(topic.message, "validation") for topic in TOPICS]
    names, shared = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Tocsin", "version": "1", "description": "From news to attack alerts."},
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "components": {
            "messages": {topic.event_type: _message(topic, names[topic.message, "validation"]) for topic in TOPICS},
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
            "schemas": shared["$defs"],
        },
    }


def _channel(topic: Topic) -> Json:
    kafka = {"partitions": topic.partitions, "topicConfiguration": {"retention.ms": topic.retention_days * 86_400_000}}
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}. Kept {topic.retention_days} days.",
        "messages": {topic.event_type: {"$ref": f"#/components/messages/{topic.event_type}"}},
        "bindings": {"kafka": kafka},
    }


def _message(topic: Topic, reference: Json) -> Json:
    return {
        "name": topic.event_type,
        "summary": " ".join((topic.message.__doc__ or topic.message.__name__).split()),
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": reference,
    }


def _headers() -> Json:
    properties = {name: {"type": "string", "description": text} for name, text in _HEADERS.items()}
    return {"type": "object", "required": _ALWAYS, "properties": properties}


def as_text(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Write all documents and remove what is no longer generated."""
    folder.mkdir(exist_ok=True)
    wanted = documents()
    for old in set(folder.iterdir()) - {folder / name for name in wanted}:
        old.unlink()
    for name, document in wanted.items():
        (folder / name).write_text(as_text(document), encoding="utf-8")


if __name__ == "__main__":
    write()
