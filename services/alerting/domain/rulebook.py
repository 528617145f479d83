"""The rules, destinations and silences in force, and how they are read from a document such as `deploy/rules.yml`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from services.alerting.domain.destinations import CONFIGS, Destination, Entry, checked
from services.alerting.domain.explain import explain
from services.alerting.domain.matching import RuleIndex
from services.alerting.domain.rules import Rule, Silence

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Rulebook:
    """`index`: for a book too large to go through for every change; without one all rules are gone through."""

    rules: tuple[tuple[Rule, int], ...]  # each with its version
    destinations: Mapping[str, Destination]
    silences: tuple[Silence, ...] = field(default=())
    index: RuleIndex | None = None


class RulesError(Exception):
    """A document of rules that cannot be used; `faults` says, a line each, what to mend where."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    destinations: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []


def read(document: Any, known: Iterable[str] = ()) -> tuple[list[Rule], list[Entry]]:
    """Check a whole document; raises `RulesError` with every fault in it. `known`: ids of destinations on record."""
    faults: list[str] = []
    whole = _check("the document", _Document, document, faults)
    if whole is None:
        raise RulesError(faults)
    entries = [entry for data in whole.destinations if (entry := read_entry(data, faults))]
    rules = [rule for data in whole.rules if (rule := _check(_name("rule", data), Rule, data, faults))]
    faults += _twice("rule", [rule.id for rule in rules]) + _twice("destination", [entry.id for entry in entries])
    named = {*known, *(str(data.get("id")) for data in whole.destinations)}
    faults += [fault for rule in rules for fault in _unknown_destinations(rule, named)]
    if faults:
        raise RulesError(faults)
    return rules, entries


def write(rules: Iterable[Rule], entries: Iterable[Entry]) -> dict[str, list[dict[str, Any]]]:
    """The document that `read` reads back as the same rules and destinations; defaults are left out."""
    return {
        "destinations": [entry.model_dump(mode="json", exclude_defaults=True) for entry in entries],
        "rules": [_written(rule) for rule in rules],
    }


def _written(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(mode="json", exclude_defaults=True, by_alias=True)


def read_entry(data: dict[str, Any], faults: list[str]) -> Entry | None:
    """A destination, its configuration checked too; None where `faults` got more."""
    name = _name("destination", data)
    entry = _check(name, Entry, data, faults)
    if entry is None:
        return None
    try:
        checked(entry)
    except ValidationError as error:
        faults += explain(name, CONFIGS[entry.channel], error, at=("config",))
        return None
    return entry


def _check(name: str, model: type[Model], data: Any, faults: list[str]) -> Model | None:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults += explain(name, model, error)
        return None


def _name(what: str, data: dict[str, Any]) -> str:
    return f"{what} {data.get('id', '(no id)')!r}"


def _twice(what: str, ids: list[str]) -> list[str]:
    return [f"{what} {name!r}: defined twice" for name in sorted({name for name in ids if ids.count(name) > 1})]


def _unknown_destinations(rule: Rule, known: set[str]) -> list[str]:
    named = [(f"route.{stage}", name) for stage, name in rule.route.stages()]
    named += [("escalate.to", name) for name in (rule.escalate.to if rule.escalate else ())]
    return [
        f"rule {rule.id!r}: {field}: no destination {name!r}; known: {', '.join(sorted(known)) or 'none'}"
        for field, name in named
        if name not in known
    ]
