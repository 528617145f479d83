"""The agency that a text is credited to: ten papers that print one wire story are one source.

A credit stands in fixed places; "police told Reuters" and "the Palestinian Authority (PA)" are none:

    dateline   PESHAWAR, Pakistan, Jan 30 (Reuters) - ...      KABUL: (Pajhwok/AFP) ...     MOSCOW, May 2. /TASS/. ...
    author     By Sophia Saifi, CNN Newsource                  AFP
    closing    (With inputs from ANI)      Source: Xinhua      Reporting by ...; Editing by ...    © 2024 AFP
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml

_LEXICON = Path(__file__).parents[1] / "lexicon" / "wires.yml"
_FIRST_LINES, _TAIL = 4, 600  # lines and characters in which credits stand

_DATELINE = re.compile(r"(?P<place>[^()/\n]{0,80})[(/](?P<credit>[^()\n]{2,60}?)[)/](?P<mark>\.?\s*[-–—:])?")
_UNLISTED = re.compile(r"[A-Z][\w .&'’-]{1,39}")
_CAPITALS = re.compile(r"[^\W\d_]{3,}")
_PARTS = re.compile(r"\s*(?:[;,/|&]|\bwith\b|\band\b)\s*|^\s*by\s+", re.IGNORECASE)
_CLOSINGS = (
    re.compile(
        r"""(?: inputs?\ from | source: | agency: | agencies: | (?:©|copyright)(?:\s*20\d\d)?
            | with\ (?:reporting|files)\ (?:by|from) ) \s*([^\n]{2,60})""",
        re.IGNORECASE | re.VERBOSE,
    ),
    re.compile(r"^\s*[-–—(\[]+\s*([^\n]{2,60})", re.MULTILINE),
)
_CLOSING_PARTS = re.compile(r"\s*[/,;|&)\].]\s*")
_REUTERS_CLOSING = re.compile(r"\((?:Additional )?[Rr]eporting by [^()]{3,400}[;.] ?(?:Writing|Editing) by ")


def credit(text: str, author: str | None = None) -> str | None:
    """The agency's name as `lexicon/wires.yml` has it; as printed, for an unlisted one in a dateline's brackets."""
    lines = [line for line in text[: _FIRST_LINES * 1000].splitlines() if line.strip()][:_FIRST_LINES]
    return (
        _first(map(_in_dateline, lines))
        or _listed(author)
        or _first(_listed(line) for line in lines if len(line) < 80)
        or _first(map(_unlisted, lines))
        or _in_closing(text[-_TAIL:])
    )


def _in_dateline(line: str) -> str | None:
    found = _DATELINE.match(line)
    if not found or not (found["mark"] or not found["place"].strip() or _is_place(found["place"])):
        return None
    return _listed(found["credit"])


def _unlisted(line: str) -> str | None:
    found = _DATELINE.match(line)
    if found and found["mark"] and _is_place(found["place"]) and _UNLISTED.fullmatch(found["credit"]):
        return " ".join(found["credit"].split())
    return None


def _is_place(text: str) -> bool:
    """Datelines begin with the place in capitals."""
    first = _CAPITALS.search(text)
    return first is not None and first[0].isupper()


def _in_closing(tail: str) -> str | None:
    closings = (closing for pattern in _CLOSINGS for closing in pattern.finditer(tail))
    named = _first(_listed(closing[1], _CLOSING_PARTS) for closing in closings)
    return named or ("Reuters" if _REUTERS_CLOSING.search(tail) else None)


def _listed(text: str | None, parts: re.Pattern[str] = _PARTS) -> str | None:
    """The first agency among the parts of a credit line; a part must be the name and nothing else."""
    known = _names()
    return _first(known.get(part.strip(" .-–—()")) for part in parts.split(text or "") if part)


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


@cache
def _names() -> dict[str, str]:
    wires: list[list[str]] = yaml.safe_load(_LEXICON.read_text(encoding="utf-8"))
    return {name: names[0] for names in wires for name in names}
