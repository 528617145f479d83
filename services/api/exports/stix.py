"""STIX 2.1 (OASIS Standard, 10 June 2021): a bundle in which an event is an `incident`, with its place as `location`
and each perpetrator as `threat-actor`, related to it.

STIX's incident is a stub without tolls, types or a date; these stand in a property extension, whose definition comes
first in the bundle. Ids are derived, so that the same event, and the same group, has the same id in every bundle.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from services.api.exports import About, Event
from services.api.exports.wording import description, place, title

MEDIA_TYPE = "application/stix+json;version=2.1"
_FIRST = "2024-01-01T00:00:00.000Z"  # of what never changes: who makes the bundle, and the extension

Object = dict[str, Any]


def render(events: Iterable[Event], about: About) -> Iterator[str]:
    """A group comes once in a bundle: only their ids are kept in memory."""
    bundle = _id("bundle", f"{about.self_url} {about.now.isoformat()}")
    yield f'{{"type":"bundle","id":"{bundle}","objects":[\n{_text(identity())},\n{_text(extension(about))}'
    known: set[str] = set()
    for event in events:
        for made in objects(event, about):
            if made["type"] != "threat-actor" or made["id"] not in known:
                yield f",\n{_text(made)}"
            if made["type"] == "threat-actor":
                known.add(made["id"])
    yield "\n]}\n"


def identity() -> Object:
    return {
        **_common("identity", "tocsin", _FIRST, _FIRST),
        "name": "Tocsin",
        "identity_class": "system",
        "description": "Alerts of attacks, drawn from the world's news by machine.",
    }


def extension(about: About) -> Object:
    return {
        **_common("extension-definition", "attack", _FIRST, _FIRST),
        "created_by_ref": _id("identity", "tocsin"),
        "name": "Attack",
        "description": "Tolls, GTD attack and target types, date and status of a physical attack.",
        "schema": f"{about.base_url}/openapi.json",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    }


def objects(event: Event, about: About) -> Iterator[Object]:
    """The event's own objects, and its groups."""
    first, last = _time(event["first_reported_at"]), _time(event["last_reported_at"])
    incident = {
        **_common("incident", event["event_id"], first, last),
        "created_by_ref": _id("identity", "tocsin"),
        "name": title(event),
        "description": description(event),
        "revoked": event["status"] in {"rejected", "retracted"},
        "confidence": round(event["score"] * 100),
        "external_references": [_reference("tocsin", about.link(event), event["event_id"])]
        + [_reference(report["source"], report["url"], report["article_id"]) for report in event["reports"]],
        "extensions": {_id("extension-definition", "attack"): _attack(event)},
    }
    yield incident
    if where := _location(event, first, last):
        yield where
        yield _related(incident["id"], where["id"], first, last)
    for who in event["perpetrators"]:
        actor = _actor(who)
        yield actor
        yield _related(incident["id"], actor["id"], first, last)


def _attack(event: Event) -> Object:
    told = {
        "extension_type": "property-extension",
        "status": event["status"],
        "attack_types": event["attack_types"],
        "target_types": [target["type"] for target in event["targets"]],
        "date_start": (event.get("date") or {}).get("start"),
        "date_end": (event.get("date") or {}).get("end"),
        "independent_sources": event["independent_sources"],
    } | {name: (event.get(name) or {}).get("best") for name in ("killed", "injured", "hostages")}
    return {name: value for name, value in told.items() if value is not None and value != []}


def _location(event: Event, first: str, last: str) -> Object | None:
    where = event.get("place") or {}
    country, lat, lon = where.get("country"), where.get("lat"), where.get("lon")
    located = lat is not None and lon is not None
    if not country and not located:
        return None
    told = {
        **_common("location", event["event_id"], first, last),
        "name": place(event),
        "country": country,
        "administrative_area": where.get("admin1"),
        "city": where.get("locality"),
        "latitude": lat if located else None,
        "longitude": lon if located else None,
        "precision": 1000.0 * where["radius_km"] if where.get("radius_km") and located else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _actor(who: Event) -> Object:
    kind = "terrorist" if who["kind"] == "organisation" else "unknown"
    return {
        **_common("threat-actor", who["id"] or who["name"], _FIRST, _FIRST),
        "name": who["name"],
        "threat_actor_types": [kind],
    }


def _related(source: str, target: str, first: str, last: str) -> Object:
    return {
        **_common("relationship", f"{source} {target}", first, last),
        "relationship_type": "related-to",
        "source_ref": source,
        "target_ref": target,
    }


def _reference(source: str, address: str, identity_: str) -> Object:
    """The address is the description: as `url` it would want the hash of a page that changes (2.5)."""
    return {"source_name": source, "external_id": identity_, "description": address}


def _common(kind: str, name: str, created: str, modified: str) -> Object:
    return {"type": kind, "spec_version": "2.1", "id": _id(kind, name), "created": created, "modified": modified}


def _id(kind: str, name: str) -> str:
    """STIX wants random (version 4) UUIDs for these objects: one that is drawn from the name has the same form."""
    drawn = uuid5(NAMESPACE_URL, f"tocsin/stix/{kind}/{name}")
    return f"{kind}--{UUID(int=drawn.int, version=4)}"


def _time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + "000Z"


def _text(made: Object) -> str:
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))
