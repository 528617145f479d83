"""Whoever built on the API of an earlier release finds all that there was: contracts under `/v1` only grow."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from services.api.caller import SCOPES
from tests.contract.api_surface import surface

HERE = Path(__file__).parent
RELEASED = json.loads((HERE / "api_v1.json").read_text(encoding="utf-8"))
DOCUMENT = json.loads((HERE.parents[1] / "services" / "api" / "openapi.json").read_text(encoding="utf-8"))
ORDER: dict[str | None, int] = {None: 0} | {scope: number for number, scope in enumerate(SCOPES, 1)}


def broken(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What a reader of `before` misses now."""
    faults = []
    for name, was in before["operations"].items():
        operation = now["operations"].get(name)
        if operation is None:
            faults.append(f"{name} is gone")
            continue
        if ORDER[operation["scope"]] > ORDER[was["scope"]]:
            faults.append(f"{name} needs a higher scope")
        faults += [f"{name}: {each} is gone" for each in was["parameters"].keys() - operation["parameters"].keys()]
        required = {
            each for each, needed in operation["parameters"].items() if needed and not was["parameters"].get(each)
        }
        faults += [f"{name}: {each} is required now" for each in required]
        faults += [f"{name} no longer answers {status}" for status in set(was["answers"]) - set(operation["answers"])]
    for name, was in before["schemas"].items():
        schema = now["schemas"].get(name)
        if schema is None:
            faults.append(f"schema {name} is gone")
            continue
        faults += [f"{name}.{field} is gone" for field in set(was["fields"]) - set(schema["fields"])]
        faults += [f"{name}: {value} is gone" for value in was["values"] if value not in schema["values"]]
        more, fewer = set(schema["required"]) - set(was["required"]), set(was["required"]) - set(schema["required"])
        faults += [f"{name}.{field} may be left out now" for field in ([] if was["taken"] else fewer)]
        faults += [f"{name}.{field} must be given now" for field in (more if was["taken"] else [])]
    return faults


def test_nothing_that_was_released_is_missing() -> None:
    assert len(RELEASED["operations"]) > 30
    assert broken(RELEASED, surface(DOCUMENT)) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda now: now["operations"].pop("GET /v1/events"), "GET /v1/events is gone"),
        (lambda now: now["operations"]["GET /v1/events"].update(scope="admin"), "GET /v1/events needs a higher scope"),
        (
            lambda now: now["operations"]["GET /v1/events"]["parameters"].pop("query q"),
            "GET /v1/events: query q is gone",
        ),
        (
            lambda now: now["operations"]["GET /v1/events"]["parameters"].update({"query new": True}),
            "GET /v1/events: query new is required now",
        ),
        (lambda now: now["schemas"]["EventAnswer"]["fields"].remove("killed"), "EventAnswer.killed is gone"),
        (
            lambda now: now["schemas"]["EventAnswer"]["required"].remove("status"),
            "EventAnswer.status may be left out now",
        ),
        (lambda now: now["schemas"]["FeedBody"]["required"].append("owner"), "FeedBody.owner must be given now"),
        (lambda now: now["schemas"]["EventStatus"]["values"].remove("merged"), "EventStatus: merged is gone"),
    ],
)
def test_what_would_break_a_reader_is_seen(spoil: Any, fault: str) -> None:
    now = deepcopy(RELEASED)
    spoil(now)
    assert broken(RELEASED, now) == [fault]


def test_what_is_new_breaks_nobody() -> None:
    now = deepcopy(RELEASED)
    now["operations"]["GET /v1/new"] = {"scope": "read", "parameters": {}, "answers": ["200"]}
    now["operations"]["GET /v1/events"]["parameters"]["query new"] = False
    now["schemas"]["EventAnswer"]["fields"].append("new")
    now["schemas"]["EventStatus"]["values"].append("new")
    assert broken(RELEASED, now) == []
