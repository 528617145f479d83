"""An alert as text, as HTML and as Slack blocks. Whatever an article can bring in is escaped here, or is inert."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.alerting.domain.alert import Alert
from services.alerting.domain.wording import clip, toll

SLACK_TEXT_LIMIT = 3000
SLACK_HEADER_LIMIT = 150

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"), autoescape=True, undefined=StrictUndefined
)

Block = dict[str, Any]


def label(alert: Alert) -> str:
    """ALERT, UPDATE, CORRECTION ..."""
    return alert.kind.upper()


def title(alert: Alert) -> str:
    return f"{label(alert)}: {alert.headline}"


def text(alert: Alert) -> str:
    """Plain text; what, where, when, toll and source stand within its first 300 characters."""
    lines = [
        f"{clip(title(alert), 115)}: {clip(toll(alert.event) if alert.event else alert.toll, 60)}",
        f"{alert.day} · {clip(alert.how_sure, 80)}",
        *([alert.note] if alert.note else []),
        *(f"Changed: {change}" for change in alert.changes),
        "",
        *(f"{name}: {value}" for name, value in facts(alert)),
    ]
    if alert.quote:
        lines += ["", f"“{alert.quote}” ({alert.quote_source})"]
    if alert.links:
        lines += ["", *(f"{link.source}: {link.title}\n  {link.url}" for link in alert.links)]
    if alert.map_url:
        lines += [f"Map: {alert.map_url}"]
    lines += ["", *(f"Why you get this: {why}" for why in alert.why)]
    return "\n".join([*lines, f"Event {alert.event_id}, revision {alert.revision}" if alert.event_id else ""])


def facts(alert: Alert) -> list[tuple[str, str]]:
    """The lines that every message has, by name."""
    return [
        ("What", alert.what),
        ("Where", alert.where),
        ("When", alert.when),
        ("Toll", alert.toll),
        ("Who", alert.who),
        ("How sure", alert.how_sure),
    ]


def html(alert: Alert) -> str:
    """A page for mail programs: inline styles, light and dark, readable without pictures."""
    return _templates.get_template("alert.html").render(alert=alert, title=title(alert), facts=facts(alert))


def slack_text(alert: Alert) -> str:
    """The text beside the blocks: notifications, screen readers. Escaped, so that nothing is a mention."""
    return slack_escape(text(alert)[:SLACK_TEXT_LIMIT])


def slack_escape(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slack_blocks(alert: Alert) -> list[Block]:
    """Block Kit. Only plain_text and rich_text: in neither can the words of an article turn into markup."""
    rich = [_section(f"{name}: ", value) for name, value in facts(alert)]
    if alert.note or alert.changes:
        changes = (f"Changed: {change}" for change in alert.changes)
        rich.insert(0, _section("", "\n".join(filter(None, [alert.note, *changes]))))
    if alert.quote:
        rich.append(
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": f"{alert.quote} ({alert.quote_source})"}]}
        )
    links = [_link(link.url, f"{link.source}: {link.title}") for link in alert.links]
    links += [_link(alert.map_url, "Map")] if alert.map_url else []
    if links:
        rich.append({"type": "rich_text_list", "style": "bullet", "elements": links})
    return [
        {"type": "header", "text": _plain(clip(title(alert), SLACK_HEADER_LIMIT))},
        {"type": "rich_text", "elements": rich},
        {"type": "context", "elements": [_plain(clip("Why you get this: " + "; ".join(alert.why), 1000))]},
    ]


def _section(name: str, value: str) -> Block:
    bold = [{"type": "text", "text": name, "style": {"bold": True}}] if name else []
    return {"type": "rich_text_section", "elements": [*bold, {"type": "text", "text": value + "\n"}]}


def _link(url: str, words: str) -> Block:
    return {"type": "rich_text_section", "elements": [{"type": "link", "url": url, "text": words}]}


def _plain(words: str) -> Block:
    return {"type": "plain_text", "text": words, "emoji": False}
