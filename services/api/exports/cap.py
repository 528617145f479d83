"""CAP 1.2 (Common Alerting Protocol, OASIS Standard, 1 July 2010): an alert for each event.

A set of events is an Atom feed (RFC 4287) whose entries carry one alert each, as alerting authorities publish them; one
event is an alert of its own. An event's message is named by its revision; `sent` is the time of its newest report.
A rejected or retracted event cancels the message of its first revision.

`severity` goes by the toll: ten killed or more Extreme, one killed Severe, one injured Moderate, nobody hurt Minor,
not known Unknown. `certainty` is Observed for what is confirmed, else Likely from a score of .5, else Possible.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement

from services.api.exports import About, Event, atom
from services.api.exports.wording import description, kind, place, title
from services.api.exports.xml import put, write
from shared.codes import GTD_ATTACK_TYPE, AttackType

MEDIA_TYPE = "application/cap+xml"
FEED_MEDIA_TYPE = atom.MEDIA_TYPE
NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

_NO_ATTACK = {"rejected", "retracted"}
_CONFIRMED = {"confirmed", "corrected"}
_EXTREME = 10  # killed
_LIKELY = 0.5  # score


def render(events: Iterable[Event], about: About) -> Iterator[str]:
    """The feed of alerts."""
    return atom.feed(events, about, "Tocsin: alerts in CAP 1.2", _content)


def render_one(event: Event, about: About) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{write(alert(event, about))}\n'


def _content(entry: Element, event: Event, about: About) -> None:
    SubElement(entry, "content", {"type": MEDIA_TYPE}).append(alert(event, about))


def alert(event: Event, about: About) -> Element:
    root = Element("alert", {"xmlns": NAMESPACE})
    cancelled = event["status"] in _NO_ATTACK
    put(root, "identifier", f"{event['event_id']}.{event['revision']}")
    put(root, "sender", about.sender)
    put(root, "sent", _time(event["last_reported_at"]))
    put(root, "status", "Actual")
    put(root, "msgType", "Cancel" if cancelled else "Alert")
    put(root, "scope", "Public")
    if cancelled:
        put(root, "note", f"{event['status']}: there was no such attack")
        put(root, "references", f"{about.sender},{event['event_id']}.1,{_time(event['first_reported_at'])}")
    _info(root, event, about)
    return root


def _info(root: Element, event: Event, about: About) -> None:
    info = SubElement(root, "info")
    put(info, "language", "en")
    put(info, "category", "Security")
    put(info, "event", kind(event))
    put(info, "urgency", "Past")
    put(info, "severity", _severity(event))
    put(info, "certainty", _certainty(event))
    for attack_type in event["attack_types"]:
        _pair(info, "eventCode", "GTD attacktype", GTD_ATTACK_TYPE[AttackType(attack_type)])
    if when := event.get("date"):
        put(info, "onset", f"{when['start']}T00:00:00-00:00")
    put(info, "senderName", "Tocsin")
    put(info, "headline", title(event)[:160])  # the standard's bound for mobile devices
    put(info, "description", description(event))
    put(info, "web", about.link(event))
    for name in ("killed", "injured", "hostages"):
        if count := event.get(name):
            _pair(info, "parameter", name, count["best"])
    _pair(info, "parameter", "status", event["status"])
    _pair(info, "parameter", "independent_sources", event["independent_sources"])
    _area(info, event)


def _area(info: Element, event: Event) -> None:
    where = event.get("place")
    if not where:
        return
    area = SubElement(info, "area")
    put(area, "areaDesc", place(event))
    if where.get("lat") is not None and where.get("lon") is not None:
        put(area, "circle", f"{where['lat']},{where['lon']} {where.get('radius_km') or 0}")
    if where.get("country"):
        _pair(area, "geocode", "ISO 3166-1", where["country"])


def _pair(parent: Element, element: str, name: str, value: object) -> None:
    pair = SubElement(parent, element)
    put(pair, "valueName", name)
    put(pair, "value", value)


def _severity(event: Event) -> str:
    killed, injured = ((event.get(name) or {}).get("best") for name in ("killed", "injured"))
    if killed:
        return "Extreme" if killed >= _EXTREME else "Severe"
    if injured:
        return "Moderate"
    return "Unknown" if killed is None or injured is None else "Minor"


def _certainty(event: Event) -> str:
    if event["status"] in _CONFIRMED:
        return "Observed"
    if event["status"] in _NO_ATTACK:
        return "Unlikely"
    return "Likely" if event["score"] >= _LIKELY else "Possible"


def _time(text: str) -> str:
    """As CAP wants it: seconds, and -00:00 for UTC (3.3.2 forbids Z)."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")
