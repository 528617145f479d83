"""The contracts: what was generated from them is up to date, and what the last release wrote can still be read.

A golden message is never edited. A new release adds its own; a message that is no longer read goes with its topic.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared import schemas
from shared.broker import Partition, Received
from shared.contracts import TOPICS, Message, Topic
from shared.envelope import Outgoing, decode, encode

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
BY_NAME = {topic.name: topic for topic in TOPICS}


def read(path: Path) -> tuple[Topic, dict[str, Any]]:
    message = json.loads(path.read_text(encoding="utf-8"))
    return BY_NAME[message["topic"]], message


def received(message: dict[str, Any]) -> Received:
    return Received(
        Partition(message["topic"], 0),
        0,
        datetime.now(UTC),
        message["key"].encode(),
        json.dumps(message["body"]).encode(),
        message["headers"],
    )


@pytest.mark.parametrize("name", list(schemas.documents()))
def test_generated_documents_are_up_to_date(name: str) -> None:
    path = schemas.FOLDER / name
    assert path.exists(), "run `make schemas` and commit what it writes"
    assert path.read_text(encoding="utf-8") == schemas.as_text(schemas.documents()[name]), (
        "shared/contracts.py has changed: run `make schemas`, see that the change only adds, and commit"
    )


def test_nothing_generated_is_left_over() -> None:
    assert {path.name for path in schemas.FOLDER.iterdir()} == set(schemas.documents())


def test_every_topic_has_a_golden_message() -> None:
    assert {read(path)[0].name for path in GOLDEN} == set(BY_NAME)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_the_last_release_wrote_is_read_and_nothing_of_it_is_lost(path: Path) -> None:
    topic, message = read(path)
    incoming = decode(received(message), topic)
    again = encode(Outgoing(topic, incoming.key or "", incoming.body, incoming.id, incoming.time), "golden")
    assert _lost(message["body"], json.loads(again.value)) == []
    for header in ("ce_id", "ce_time", "ce_type", "ce_source", "ce_specversion"):
        assert again.headers[header] == message["headers"][header]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_schemas_accept_golden_messages(path: Path) -> None:
    topic, message = read(path)
    validator = Draft202012Validator(schemas.message_schema(topic))
    validator.check_schema(validator.schema)
    assert [error.message for error in validator.iter_errors(message["body"])] == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_fields_of_a_newer_release_are_ignored(path: Path) -> None:
    topic, message = read(path)
    message["body"]["from_the_future"] = 1
    assert isinstance(decode(received(message), topic).body, Message)


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = schemas.asyncapi()
    references = list(_references(document))
    assert references
    for reference in references:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _lost(before: Any, after: Any, where: str = "") -> list[str]:
    """Paths of `before` that `after` lacks or has otherwise."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            path for key, value in before.items() for path in _lost(value, after.get(key, "missing"), f"{where}.{key}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [path for n, (old, new) in pairs for path in _lost(old, new, f"{where}[{n}]")]
    return [] if before == after else [where]
