"""Atom (RFC 4287): an entry for each event, with its point as GeoRSS."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from services.api.exports import About, Event
from services.api.exports.wording import description, title
from services.api.exports.xml import clean, put, write

MEDIA_TYPE = "application/atom+xml"
NAMESPACE, GEORSS = "http://www.w3.org/2005/Atom", "http://www.georss.org/georss"

Content = Callable[[Element, Event, About], None]  # puts what an entry holds


def render(events: Iterable[Event], about: About) -> Iterator[str]:
    return feed(events, about, "Tocsin: attacks", _text)


def feed(events: Iterable[Event], about: About, name: str, content: Content) -> Iterator[str]:
    updated = about.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    address = escape(clean(about.self_url))
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="{NAMESPACE}" xmlns:georss="{GEORSS}">\n'
        f"<id>{address}</id>\n<title>{escape(name)}</title>\n<updated>{updated}</updated>\n"
        f'<author><name>Tocsin</name></author>\n<link rel="self" href={quoteattr(clean(about.self_url))}/>\n'
    )
    for event in events:
        yield write(entry(event, about, content)) + "\n"
    yield "</feed>\n"


def entry(event: Event, about: About, content: Content) -> Element:
    root = Element("entry")
    put(root, "id", f"urn:uuid:{event['event_id']}")
    put(root, "title", title(event))
    put(root, "updated", event["last_reported_at"])
    put(root, "published", event["first_reported_at"])
    put(root, "link", None, rel="alternate", href=about.link(event))
    for report in event["reports"][:5]:
        put(root, "link", None, rel="via", href=report["url"])
    for attack_type in event["attack_types"]:
        put(root, "category", None, term=attack_type, scheme=f"{about.base_url}/v1/codes#attack_type")
    put(root, "category", None, term=event["status"], scheme=f"{about.base_url}/v1/codes#event_status")
    where = event.get("place") or {}
    if where.get("lat") is not None and where.get("lon") is not None:
        put(root, "georss:point", f"{where['lat']} {where['lon']}")
    content(root, event, about)
    return root


def _text(root: Element, event: Event, about: About) -> None:
    put(root, "summary", description(event))
