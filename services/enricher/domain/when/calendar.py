"""Names of months, days and holidays of one language, and the one pattern of all forms of dates made of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Calendar:
    """Names of months, days and holidays of one language, with the patterns made of them."""

    months: dict[str, int]
    weekdays: dict[str, int]
    days: dict[str, int]
    holidays: dict[str, list[int]]
    pattern: "re.Pattern[str]"
    attack: frozenset[str]
    other: frozenset[str]
    speech: frozenset[str]
    surely: frozenset[str]
    that: frozenset[str]
    counts: dict[str, int]
    units: dict[str, str]
    republished: "re.Pattern[str]"
    posted: "re.Pattern[str]"


def build(data: dict[str, Any], rules: Mapping[str, str]) -> Calendar:
    """The calendar of a language's word lists; `rules`: the forms of dates, by name, tried in order."""
    fields = {
        "M": _either(data["months"]),
        "W": _weekdays(data),
        "D": _either(data["days"]),
        "N": _either(data.get("nights", ["overnight"])),
        "P": _either(data.get("parts_of_day", ["night"])),
        "H": _either(data.get("holidays", {"christmas": []})),
        "C": _either(data.get("counts", {})),
        "U": _either(data.get("units", {})),
        "A": _either(data.get("ago", [])),
        "F": _either(data.get("before_count", [])),
        "T": _either(data.get("after", [])),
        "B": _either(data.get("day_before", [])),
    }
    pattern = re.compile(
        "|".join(f"(?P<{name}>{_fill(rule, fields, name)})" for name, rule in rules.items()), re.IGNORECASE
    )
    return Calendar(
        data["months"], _numbered_weekdays(data), data["days"], data.get("holidays", {}), pattern,
        frozenset(data.get("attack", [])), frozenset(data.get("other", [])),
        frozenset(data.get("speech", [])),
        frozenset(data.get("surely", [])),
        frozenset(data.get("that", [])),
        data.get("counts", {}), data.get("units", {}),
        re.compile(rf"\b{_either(data.get('republished', []))}\b", re.IGNORECASE),
        re.compile(rf"\b{_either(data.get('posted', []))}:?\s(?:on\s)?(?=[^.\n]{{0,24}}\d)", re.IGNORECASE),
    )  # fmt: skip


def _weekdays(data: dict[str, Any]) -> str:
    short = data.get("abbreviated")
    return (
        _either(data["weekdays"])
        if not short
        else (f"(?:{_either(data['weekdays'])}|(?-i:{_either(short)}(?!-|\\s(?!(?i:{_either(data['months'])}))[A-Z])))")
    )


def _numbered_weekdays(data: dict[str, Any]) -> dict[str, int]:
    numbered: dict[str, int] = data["weekdays"]
    return numbered | {name.lower(): day for name, day in data.get("abbreviated", {}).items()}


def _either(names: Any) -> str:
    if not names:
        return "(?!)"
    return (
        "(?:" + "|".join(re.escape(name).replace(r"\ ", r"\s") for name in sorted(names, key=len, reverse=True)) + ")"
    )


def _fill(rule: str, fields: dict[str, str], name: str) -> str:
    """`[[M]]` becomes the names of months; a group `<d>` of the rule NAME becomes `<NAME_d>`."""
    named = re.sub(r"\(\?P<(\w)>", rf"(?P<{name}_\1>", rule)
    return re.sub(r"\[\[(\w)\]\]", lambda field: fields[field[1]], named)
