"""What is wrong with a rule or a destination, in words that its owner can act on."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def explain(what: str, model: type[BaseModel], error: ValidationError, at: tuple[str, ...] = ()) -> list[str]:
    """One line a fault: `rule 'blasts': when.kiled: unknown field; allowed: change, country ...`.

    `at` says where in the whole the checked part stands.
    """
    return [
        f"{what}: {'.'.join(map(str, at + fault['loc'])) or 'as a whole'}: {_words(model, fault)}"
        for fault in error.errors(include_url=False)
    ]


def _words(model: type[BaseModel], fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        allowed = _fields(model, fault["loc"][:-1])
        near = get_close_matches(str(fault["loc"][-1]), allowed, n=1)
        return f"unknown field;{f' did you mean {near[0]}?' if near else ''} allowed: {', '.join(allowed)}"
    if fault["type"] == "missing":
        return f"is missing{_purpose(model, fault['loc'])}"
    message = str(fault["msg"]).removeprefix("Value error, ")
    if isinstance(fault["input"], (dict, list)) or "secret" in message:  # never echo a secret
        return message
    return f"{message} (given: {fault['input']!r})"


def _purpose(model: type[BaseModel], path: tuple[Any, ...]) -> str:
    """What to write there, as its model describes it."""
    described = model.model_fields.get(str(path[-1])) if len(path) == 1 else None
    return f": give {described.description}" if described and described.description else ""


def _fields(model: type[BaseModel], path: Iterable[Any]) -> list[str]:
    """The fields allowed at a path of names and list positions."""
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model within `Near`, `tuple[Near, ...]`, `Near | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
