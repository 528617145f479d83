"""An alert as an Adaptive Card for Microsoft Teams. Text runs, not text blocks: those would read words as Markdown.

https://adaptivecards.io/explorer/RichTextBlock.html; Teams takes 28 KB a message.
"""

from typing import Any

from services.alerting.domain.alert import Alert
from services.alerting.domain.links import NO_LINKS, Links
from services.alerting.domain.rendering import facts, quote, text, title
from services.alerting.domain.wording import clip
from shared.codes import MessageKind

NOTE_LIMIT = 6000
URL_LIMIT = 1500
Part = dict[str, Any]

_COLOURS = {MessageKind.ALERT: "attention", MessageKind.UPDATE: "warning", MessageKind.CORRECTION: "accent"}


def card(alert: Alert, links: Links = NO_LINKS) -> Part:
    lead = [*([alert.note] if alert.note else []), *(f"Changed: {change}" for change in alert.changes)]
    sources = [(f"{link.source}: {link.title}", link.url) for link in alert.links if len(link.url) <= URL_LIMIT]
    sources += [("Map", alert.map_url)] if alert.map_url else []
    body = [
        _run(title(alert), size="large", weight="bolder", color=_COLOURS.get(alert.kind, "default")),
        *(_run(line[:NOTE_LIMIT], weight="bolder" if alert.changes else "default") for line in lead),
        *(_named(name, value) for name, value in facts(alert)),
        *([_run(quote(alert), italic=True)] if alert.quote else []),
        _run(clip("Why you get this: " + "; ".join(alert.why), 1000), isSubtle=True, size="small"),
    ]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": text(alert)[:1000],
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": clip(label, 80), "url": address}
            for label, address in [*links.offered, *sources]
        ],
        "msteams": {"width": "Full"},
    }


def _run(words: str, **style: Any) -> Part:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": words, **style}]}


def _named(name: str, value: str) -> Part:
    block = _run(f"{name}: ", weight="bolder")
    return block | {"inlines": [*block["inlines"], {"type": "TextRun", "text": value}]}
