"""Shows a person what the extractor read out of an article, and which words gave it."""

import html as escaping
from collections.abc import Iterator
from typing import Any, NamedTuple

Record = dict[str, Any]

_COLOURS = {"kind": "44", "place": "42", "date": "46", "killed": "41", "injured": "45", "attack_types": "43"}
_OTHER = "100"


class Mark(NamedTuple):
    """A span of the text (or title) that gives one or more fields."""

    start: int
    end: int
    fields: tuple[str, ...]


def terminal(article: Record, answer: Record, *, colour: bool = True) -> str:
    """The article with its evidence marked, under a summary; without colour, evidence stands in brackets."""

    def paint(text: str, fields: tuple[str, ...]) -> str:
        if not colour:
            return f"[{text}|{','.join(fields)}]"
        code = _COLOURS.get(fields[0].split("[")[0].split(" ")[-1], _OTHER)
        return f"\x1b[{code}m{text}\x1b[0m"

    title = "".join(_marked(article.get("title") or "", marks(answer, in_title=True), paint))
    text = "".join(_marked(article["text"], marks(answer, in_title=False), paint))
    return "\n".join([*summary(answer), "", title, "", text, ""])


def html(article: Record, answer: Record) -> str:
    """The same as a page that needs nothing from elsewhere. All text is escaped."""

    def paint(text: str, fields: tuple[str, ...]) -> str:
        return f'<mark title="{escaping.escape(", ".join(fields))}">{escaping.escape(text)}</mark>'

    title = "".join(_marked(article.get("title") or "", marks(answer, in_title=True), paint, escaping.escape))
    text = "".join(_marked(article["text"], marks(answer, in_title=False), paint, escaping.escape))
    facts = "\n".join(f"<li>{escaping.escape(line)}</li>" for line in summary(answer))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Tocsin explains</title>'
        "<style>body{max-width:48rem;margin:2rem auto;font:1rem/1.5 system-ui}p{white-space:pre-wrap}</style>"
        f"<ul>{facts}</ul><h1>{title}</h1><p>{text}</p></html>"
    )


def summary(answer: Record) -> Iterator[str]:
    """The answer in words, a line each."""
    reason = f" ({answer['reason']})" if answer.get("reason") else ""
    yield f"{answer['kind']}{reason}, news of an attack with probability {answer['score']:.2f}"
    for number, event in enumerate(answer["events"], start=1):
        yield f"{number}. {event['role']}: {', '.join(event['attack_types'])}"
        yield from (f"   {name}: {value}" for name, value in _values(event) if value)


def _values(event: Record) -> Iterator[tuple[str, str | None]]:
    when, place = event["date"], event["place"]
    yield "when", when and f"{when['start']} to {when['end']}, to the {when['precision']}"
    yield "where", place and f"{place['name']}, {place['country']} (UCDP precision {place['precision']})"
    for field in ("killed", "injured", "hostages"):
        toll = event[field]
        yield field, toll and f"{toll['best']} ({toll['low']} to {toll['high']}; perpetrators: {toll['perpetrators']})"
    yield "by", "; ".join(f"{one['name']} ({one['claim']})" for one in event["perpetrators"])
    yield "targets", "; ".join(f"{one['mention']} ({one['type']})" for one in event["targets"])
    yield "victims", "; ".join(one["mention"] for one in event["victims"])
    yield "weapons", "; ".join(f"{one['mention']} ({one['type']})" for one in event["weapons"])


def marks(answer: Record, *, in_title: bool) -> list[Mark]:
    """Spans of evidence in text order, without overlaps: of two that overlap the shorter one is shown."""
    fields: dict[tuple[int, int], list[str]] = {}
    for number, event in enumerate(answer["events"], start=1):
        for span in event["evidence"]:
            if (span.get("in") == "title") is in_title:
                fields.setdefault((span["start"], span["end"]), []).append(f"{number} {span['field']}")
    if not fields:
        for span in answer["evidence"]:
            if (span.get("in") == "title") is in_title:
                fields.setdefault((span["start"], span["end"]), []).append(span["field"])
    kept: list[Mark] = []
    for (start, end), names in sorted(fields.items(), key=lambda one: one[0][1] - one[0][0]):
        if all(end <= mark.start or start >= mark.end for mark in kept):
            kept.append(Mark(start, end, tuple(names)))
    return sorted(kept)


def _marked(text: str, found: list[Mark], paint: Any, plain: Any = str) -> Iterator[str]:
    at = 0
    for mark in found:
        yield plain(text[at : mark.start])
        yield paint(text[mark.start : mark.end], mark.fields)
        at = mark.end
    yield plain(text[at:])
