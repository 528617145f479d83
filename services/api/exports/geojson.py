"""GeoJSON (RFC 7946): a feature for each event; one whose place is not known has a null geometry."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from services.api.exports import About, Event
from services.api.exports.wording import title

MEDIA_TYPE = "application/geo+json"


def render(events: Iterable[Event], about: About) -> Iterator[str]:
    yield '{"type":"FeatureCollection","features":['
    for number, event in enumerate(events):
        text = json.dumps(feature(event, about), ensure_ascii=False, separators=(",", ":"))
        yield f",\n{text}" if number else f"\n{text}"
    yield "\n]}\n"


def feature(event: Event, about: About) -> dict[str, Any]:
    where = event.get("place") or {}
    lat, lon = where.get("lat"), where.get("lon")
    located = lat is not None and lon is not None
    return {
        "type": "Feature",
        "id": event["event_id"],
        "geometry": {"type": "Point", "coordinates": [lon, lat]} if located else None,
        "properties": {"title": title(event), "link": about.link(event)}
        | {name: value for name, value in event.items() if name not in {"event_id", "reports"}}
        | {"reports": [report["url"] for report in event["reports"]]},
    }
