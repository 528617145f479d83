"""Names of months, days and holidays of one language, and the one pattern of all forms of dates made of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Calendar:
    """Names of months, days and holidays of one language, with the patterns made of them.

    `periods`: of "last month" its unit and how many of them back. What the other lists are says `lexicon/dates/en.yml`.
    """

    months: dict[str, int]
    weekdays: dict[str, int]
    days: dict[str, int]
    holidays: dict[str, list[int]]
    counts: dict[str, int]
    units: dict[str, str]
    periods: dict[str, tuple[str, int]]
    attack: frozenset[str]
    other: frozenset[str]
    speech: frozenset[str]
    surely: frozenset[str]
    that: frozenset[str]
    the: frozenset[str]
    pattern: "re.Pattern[str]"
    republished: "re.Pattern[str]"
    posted: "re.Pattern[str]"
    since: "re.Pattern[str]"
    owner: "re.Pattern[str]"
    follows: "re.Pattern[str]"
    during: "re.Pattern[str]"


def build(data: Mapping[str, Any], rules: Mapping[str, str]) -> Calendar:
    """The calendar of a language's word lists; `rules`: the forms of dates, by name, tried in order."""
    words = {"weekdays": _weekdays(data), **{name: _either(data[name]) for name in data if name != "weekdays"}}
    words["periods"] = _either(_periods(data))
    either = "|".join(f"(?P<{name}>{_fill(rule, words, name)})" for name, rule in rules.items())
    return Calendar(
        data["months"], _numbered_weekdays(data), data["days"], data.get("holidays", {}), data.get("counts", {}),
        data.get("units", {}), _periods(data),
        frozenset(data.get("attack", [])), frozenset(data.get("other", [])), frozenset(data.get("speech", [])),
        frozenset(data.get("surely", [])), frozenset(data.get("that", [])), frozenset(data.get("the", [])),
        re.compile(either, re.IGNORECASE),
        *(re.compile(_fill(form, words, "_"), re.IGNORECASE) for form in _FORMS),
    )  # fmt: skip


_REPUBLISHED = r"\b[[republished]]\b"
_POSTED = r"\b[[posted]]:?\s(?:on\s)?(?=(?:[[months]]\.|[^.\n]){0,24}\d)"
_SINCE = r"\b[[since]]\s"
_OWNER = r"(?:\s[[parts_of_day]])?['’]s?\s((?:\w+\s?){1,4})"  # "Friday night's attack"
_FOLLOWS = r"(?: [[parts_of_day]])?(?: [[passed_over]])? ([^\W\d_]+)"  # the next word that tells
_DURING = r",?\s[[during]]\s?([^\W\d_]+)"  # "on Friday during the attack"
_FORMS = (_REPUBLISHED, _POSTED, _SINCE, _OWNER, _FOLLOWS, _DURING)


def _periods(data: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    return {
        phrase: (unit, back)
        for unit, phrases in data.get("periods", {}).items()
        for back, alike in phrases.items()
        for phrase in alike
    }


def _weekdays(data: Mapping[str, Any]) -> str:
    """Short names only with a capital, and not where they begin a name: "Sun Herald"."""
    whole, short = _either(data["weekdays"]), data.get("abbreviated")
    if not short:
        return whole
    return f"(?:{whole}|(?-i:{_either(short)}(?!-|\\s(?!(?i:{_either(data['months'])}))[A-Z])))"


def _numbered_weekdays(data: Mapping[str, Any]) -> dict[str, int]:
    numbered: dict[str, int] = data["weekdays"]
    return numbered | {name.lower(): day for name, day in data.get("abbreviated", {}).items()}


def _either(names: Iterable[str]) -> str:
    longest_first = sorted(names, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(name).replace(r"\ ", r"\s") for name in longest_first) + ")" if names else _NEVER


_NEVER = "(?!)"


def _fill(rule: str, words: Mapping[str, str], name: str) -> str:
    """`[[months]]` becomes the language's list of that name; a group `<d>` of the rule NAME becomes `<NAME_d>`."""
    named = re.sub(r"\(\?P<(\w)>", rf"(?P<{name}_\1>", rule)
    return re.sub(r"\[\[(\w+)\]\]", lambda field: words.get(field[1], _NEVER), named)
