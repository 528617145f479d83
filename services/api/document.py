"""The OpenAPI document, and the table of what each scope may do, both read off the application's routes."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from services.api.access import Needs
from services.api.caller import SCOPES, Scope, up_to
from services.api.problems import MEDIA_TYPE, Problem, responses

_EXAMPLES = Path(__file__).with_name("examples.json")  # of answers, by schema
_METHODS = ("get", "put", "post", "patch", "delete")
_EVERYWHERE = (429, 500, 503)  # any operation that wants a key may answer so


def describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1: what FastAPI writes, with our errors in place of its own, and `x-scope` for each operation."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {"Fault": problem.pop("$defs")["Fault"], "Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for name, example in json.loads(_EXAMPLES.read_text(encoding="utf-8")).items():
        schemas[name]["examples"] = [example]
    for (path, method), scope in scopes(app).items():
        operation = document["paths"][path][method]
        operation["x-scope"] = scope
        for status in (*_EVERYWHERE, *((401, 403) if scope else ())):
            operation["responses"].setdefault(str(status), responses(status)[status])
        _share_problems(operation["responses"], document["components"].setdefault("responses", {}))
    return document


def _share_problems(answers: dict[str, Any], shared: dict[str, Any]) -> None:
    """A status that answers with a problem does so alike everywhere: each is described once."""
    for status, answer in answers.items():
        if MEDIA_TYPE in answer.get("content", ()) or status == "422":
            name = HTTPStatus(int(status)).phrase.replace(" ", "")
            shared[name] = responses(int(status))[int(status)]
            answers[status] = {"$ref": f"#/components/responses/{name}"}


def scopes(app: FastAPI) -> dict[tuple[str, str], Scope | None]:
    """The scope that each operation (path, method) needs, in the document's order; None: it needs no key."""
    return {
        (path, method.lower()): scope
        for path, methods, scope in _routes(app)
        for method in sorted(methods)
        if method.lower() in _METHODS
    }


def table(app: FastAPI) -> str:
    """Operation x scope, as a table in Markdown."""
    rows = [f"| operation | {' | '.join(SCOPES)} | |", f"|---|{'---|' * len(SCOPES)}---|"]
    for (path, method), scope in sorted(scopes(app).items()):
        marks = ["yes" if scope is None or scope in up_to(having) else "" for having in SCOPES]
        note = "no key" if scope is None else ""
        rows.append(f"| `{method.upper()} {path}` | {' | '.join(marks)} | {note} |")
    return "\n".join(rows)


def _routes(app: FastAPI) -> Iterator[tuple[str, set[str], Scope | None]]:
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute) and context.include_in_schema:
            needed = [SCOPES.index(scope) for scope in _needed(context.dependant)]
            yield str(context.path_format), context.methods or set(), SCOPES[max(needed)] if needed else None


def _needed(dependant: Dependant) -> Iterator[Scope]:
    for part in dependant.dependencies:
        if isinstance(part.call, Needs):
            yield part.call.scope
        yield from _needed(part)
