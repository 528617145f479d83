"""The committed OpenAPI document is the one that the API gives out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import create_engine

from services.api.access import RateLimit
from services.api.app import create_app

COMMITTED = Path(__file__).parents[2] / "services" / "api" / "openapi.json"


def test_the_committed_document_is_current() -> None:
    app = create_app(create_engine("postgresql+psycopg://"), RateLimit(1, 1))
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == app.openapi(), "run `make schemas`, read the difference"


def test_every_reference_leads_somewhere() -> None:
    text = COMMITTED.read_text(encoding="utf-8")
    known = json.loads(text)["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named
    assert named <= known.keys()


def _answers(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas of what operations answer in JSON when all is well."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status.startswith("2") and "application/json" in answer.get("content", {}):
                    yield answer["content"]["application/json"]["schema"]


def _has_example(schema: dict[str, Any], schemas: dict[str, Any], depth: int = 0) -> bool:
    """Its own, or one of a part of it."""
    if "examples" in schema or schema.get("additionalProperties") or depth > 4:
        return "examples" in schema or bool(schema.get("additionalProperties"))
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), schema.get("items", {})]
    if reference := schema.get("$ref"):
        parts.append(schemas[reference.rsplit("/", 1)[1]])
    return any(_has_example(part, schemas, depth + 1) for part in parts)


def test_every_answer_has_an_example() -> None:
    document = json.loads(COMMITTED.read_text(encoding="utf-8"))
    found = list(_answers(document))
    assert len(found) > 20
    assert [schema for schema in found if not _has_example(schema, document["components"]["schemas"])] == []


def test_examples_hold_to_their_schemas() -> None:
    document = json.loads(COMMITTED.read_text(encoding="utf-8"))
    examples = [
        (name, example)
        for name, schema in document["components"]["schemas"].items()
        for example in schema.get("examples", ())
    ]
    assert len(examples) > 10
    for name, example in examples:
        whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator(whole, format_checker=FormatChecker()).validate(example)


def test_every_operation_says_what_goes_wrong_by_example() -> None:
    document = json.loads(COMMITTED.read_text(encoding="utf-8"))
    problem = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    shared = document["components"]["responses"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            told = {
                status: shared[answer["$ref"].rsplit("/", 1)[1]]["content"]["application/problem+json"]["example"]
                for status, answer in operation["responses"].items()
                if "$ref" in answer
            }
            assert {"429", "500", "503"} <= told.keys(), (path, method)
            assert not operation["x-scope"] or {"401", "403"} <= told.keys(), (path, method)
            assert all(status in told for status in operation["responses"] if status >= "400" and "/a/" not in path)
            for status, example in told.items():
                Draft202012Validator(problem).validate(example)
                assert example["status"] == int(status)


def test_every_body_that_is_asked_for_has_an_example() -> None:
    document = json.loads(COMMITTED.read_text(encoding="utf-8"))
    bodies = [
        content
        for operations in document["paths"].values()
        for operation in operations.values()
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
        if media_type == "application/json"
    ]
    assert len(bodies) > 5
    schemas = document["components"]["schemas"]
    assert [body for body in bodies if not _has_example({**body["schema"], **body}, schemas)] == []
