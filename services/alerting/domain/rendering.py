"""An alert as text and as HTML; for Slack see `blocks.py`, for Teams `cards.py`.

Whatever an article can bring in is escaped here, or is inert.
"""

from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.alerting.domain.alert import Alert
from services.alerting.domain.links import NO_LINKS, Action, Links
from services.alerting.domain.wording import clip, toll
from shared.codes import MessageKind

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def label(alert: Alert) -> str:
    """ALERT, UPDATE, CORRECTION ..."""
    return alert.kind.upper()


def title(alert: Alert) -> str:
    return f"{label(alert)}: {alert.headline}"


def text(alert: Alert, links: Links = NO_LINKS) -> str:
    """Plain text; what, where, when, toll and source stand within its first 300 characters."""
    lines = [
        f"{clip(title(alert), 122)}: {clip(toll(alert.event) if alert.event else alert.toll, 60)}",
        *([] if alert.digest else [f"{alert.day} · {clip(alert.how_sure, 72)}"]),
        *([alert.note] if alert.note and not alert.digest else []),
        *(f"Changed: {change}" for change in alert.changes),
        "",
        *(f"{name}: {value}" for name, value in facts(alert)),
        *(["", alert.note] if alert.note and alert.digest else []),
    ]
    if alert.quote:
        lines += ["", quote(alert)]
    if alert.links:
        lines += ["", *(f"{link.source}: {link.title}\n  {link.url}" for link in alert.links)]
    if alert.map_url:
        lines += [f"Map: {alert.map_url}"]
    if links.offered:
        lines += ["", *(f"{name}: {address}" for name, address in links.offered)]
    lines += ["", *(f"Why you get this: {why}" for why in alert.why)]
    return "\n".join([*lines, f"Event {alert.event_id}, revision {alert.revision}" if alert.event_id else ""])


def facts(alert: Alert) -> list[tuple[str, str]]:
    """The lines that every message has, by name."""
    told = [("What", alert.what), ("Where", alert.where), ("When", alert.when), ("Toll", alert.toll)]
    return told if alert.digest else [*told, ("Who", alert.who), ("How sure", alert.how_sure)]


def quote(alert: Alert) -> str:
    """The sentence that says so, and whose it is."""
    return f"“{alert.quote}”" + (f" ({alert.quote_source})" if alert.quote_source else "")


class Map(NamedTuple):
    """A picture of where it was, for HTML. `bar_km`: how long its bar is; `ring`: is there one around the place?"""

    src: str
    bar_km: int
    ring: bool


def html(alert: Alert, links: Links = NO_LINKS, place: Map | None = None) -> str:
    """A page for mail programs: light and dark, narrow and wide, readable without pictures or styles."""
    return _templates.get_template("digest.html" if alert.digest else "alert.html").render(
        alert=alert,
        label=label(alert),
        title=title(alert),
        facts=facts(alert),
        map=place,
        accent=ACCENTS[alert.kind],
        links=links.offered,
        unsubscribe=links.url(Action.UNSUBSCRIBE),
    )


# Dark enough for white letters on them (WCAG AA, 4.5:1).
ACCENTS = {
    MessageKind.ALERT: "#b42318",
    MessageKind.UPDATE: "#93450c",
    MessageKind.CORRECTION: "#1d4ed8",
    MessageKind.RETRACTION: "#4b5563",
    MessageKind.ACKNOWLEDGEMENT: "#4b5563",
    MessageKind.DIGEST: "#0f5f6b",
    MessageKind.TEST: "#4b5563",
    MessageKind.SYSTEM: "#6d28d9",
}
