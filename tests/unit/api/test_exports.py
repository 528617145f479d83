"""Exports are read by others' software, and hold to the rules of their standards, whatever texts they carry."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest
import shapely.geometry
from geojson_pydantic import FeatureCollection
from lxml import etree
from stix2validator import ValidationOptions, validate_string

from services.api.exports import About, Event, Render, atom, cap, geojson, gtd, stix
from shared.codes import GTD_ATTACK_TYPE, GTD_TARGET_TYPE, AttackType, TargetType
from tests.benchmarks.world import World

NOW = datetime(2024, 4, 1, 12, tzinfo=UTC)
ABOUT = About("https://tocsin.example", "https://tocsin.example/v1/exports?country=PK&q=<b>", NOW, "tocsin.example")
HOSTILE = '</script>]]>&<b a="1">\x01\x0b\ufffe é ك\n=cmd()'
XML_TEXT = '</script>]]>&<b a="1"> é ك\n=cmd()'  # what of it XML can hold


def made_up(count: int = 60) -> list[Event]:
    return [attack.row["snapshot"] | {"alertable": True} for attack in World(1).attacks(count, 3, False, 1)]


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return made_up()


@pytest.fixture
def hostile() -> Event:
    """Everything that an article decides says something nasty, and much is unknown."""
    event = json.loads(json.dumps(made_up(1)[0]))
    event |= {"date": None, "killed": None, "attack_types": [], "weapons": [], "suicide": None}
    event["place"] = {**event["place"], "name": HOSTILE, "locality": "=cmd()", "admin1": HOSTILE, "lat": None}
    event["perpetrators"] = [{"name": HOSTILE, "id": None, "kind": "individual", "mention": "", "claim": "unknown"}]
    event["targets"] = [{"type": "unknown", "mention": HOSTILE}]
    for report in event["reports"]:
        report |= {"title": HOSTILE, "sentence": HOSTILE, "source": "=cmd()"}
    return dict(event)


def rendered(render: Render, events: Iterable[Event]) -> str:
    """As it is sent: what UTF-8 cannot hold would break the stream."""
    return "".join(render(events, ABOUT))


def parsed(text: str) -> Any:
    return etree.fromstring(text.encode("utf-8"), etree.XMLParser(resolve_entities=False))


RENDERERS: dict[str, Render] = {
    "geojson": geojson.render, "csv": gtd.render, "cap": cap.render, "stix": stix.render, "atom": atom.render,
}  # fmt: skip


@pytest.mark.parametrize("name", RENDERERS)
def test_pieces_come_as_events_do(name: str, events: list[Event]) -> None:
    taken = 0

    def counted() -> Iterable[Event]:
        nonlocal taken
        for event in events:
            taken += 1
            yield event

    pieces = iter(RENDERERS[name](counted(), ABOUT))
    for _ in range(3):
        next(pieces)
    assert taken <= 3


# --- GeoJSON ----------------------------------------------------------------------------------------------------------


def test_geojson_is_read_by_others(events: list[Event], hostile: Event) -> None:
    text = rendered(geojson.render, [*events, hostile])
    collection: Any = FeatureCollection.model_validate_json(text)
    assert len(collection.features) == len(events) + 1
    for feature, event in zip(json.loads(text)["features"], events, strict=False):
        assert feature["id"] == event["event_id"]
        if feature["geometry"] is None:
            assert event["place"] is None
        else:
            point = shapely.geometry.shape(feature["geometry"])
            assert (point.y, point.x) == (event["place"]["lat"], event["place"]["lon"])
    assert json.loads(text)["features"][-1]["geometry"] is None


def test_an_empty_set_is_a_document_too() -> None:
    assert json.loads(rendered(geojson.render, []))["features"] == []
    assert feedparser.parse(rendered(atom.render, [])).entries == []
    assert len(list(csv.reader(io.StringIO(rendered(gtd.render, []))))) == 1
    assert len(json.loads(rendered(stix.render, []))["objects"]) == 2


# --- CSV --------------------------------------------------------------------------------------------------------------


def test_csv_comes_back_as_it_was(events: list[Event]) -> None:
    rows = list(csv.DictReader(io.StringIO(rendered(gtd.render, events), newline="")))
    assert [row["eventid"] for row in rows] == [event["event_id"] for event in events]
    for row, event in zip(rows, events, strict=True):
        killed, place, when = event["killed"], event["place"], event["date"]
        assert row["nkill"] == ("" if killed is None else str(killed["best"]))
        assert row["latitude"] == (str(place["lat"]) if place else "")
        assert row["country_txt"] == (place["country"] if place else "")
        assert row["attacktype1"] == str(GTD_ATTACK_TYPE[AttackType(event["attack_types"][0])])
        assert row["targtype1"] == str(GTD_TARGET_TYPE[TargetType(event["targets"][0]["type"])])
        assert row["gname"] == (event["perpetrators"][0]["name"] if event["perpetrators"] else "")
        if when and when["start"] == when["end"]:
            assert "-".join((row["iyear"], row["imonth"].zfill(2), row["iday"].zfill(2))) == when["start"]
        elif when:
            assert (row["iday"], row["approxdate"]) == ("0", f"{when['start']} to {when['end']}")
        else:
            assert (row["iyear"], row["imonth"], row["iday"]) == ("", "", "")


def test_no_text_of_an_article_is_a_formula(hostile: Event) -> None:
    (row,) = csv.DictReader(io.StringIO(rendered(gtd.render, [hostile]), newline=""))
    assert row["city"] == "'=cmd()"
    assert not [value for value in row.values() if value.startswith(("=", "+", "@", "\t"))]


def test_unknown_is_empty_and_nobody_is_zero(hostile: Event) -> None:
    hostile = {**hostile, "killed": {"low": 0, "best": 0, "high": 0, "perpetrators": None}, "injured": None}
    (row,) = csv.DictReader(io.StringIO(rendered(gtd.render, [hostile]), newline=""))
    assert (row["nkill"], row["nkillter"], row["nwound"], row["attacktype1"]) == ("0", "", "", "")


# --- Atom -------------------------------------------------------------------------------------------------------------


def test_atom_is_read_by_others(events: list[Event], hostile: Event) -> None:
    feed = feedparser.parse(rendered(atom.render, [*events, hostile]))
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    assert [entry.id for entry in feed.entries[:-1]] == [f"urn:uuid:{event['event_id']}" for event in events]
    for entry in feed.entries:
        assert entry.title
        assert entry.updated_parsed
        assert entry.link.startswith("https://tocsin.example/v1/events/")
    assert feed.feed.updated == "2024-04-01T12:00:00Z"
    last = feed.entries[-1].title_detail
    assert (last.type, XML_TEXT in last.value) == ("text/plain", True)  # plain: nobody takes its tags for tags


# --- STIX -------------------------------------------------------------------------------------------------------------


def test_stix_is_clean_for_its_validator(events: list[Event], hostile: Event) -> None:
    text = rendered(stix.render, [*events, {**hostile, "status": "rejected"}])
    results = validate_string(text, ValidationOptions(version="2.1", strict_types=True, enforce_refs=True))
    assert results.is_valid, [str(error) for error in results.errors][:5]
    assert not [str(warning) for warning in results.warnings][:5]


def test_a_group_is_once_in_a_bundle_and_the_same_in_all(events: list[Event]) -> None:
    def actors(chosen: list[Event]) -> list[tuple[str, str]]:
        objects = json.loads(rendered(stix.render, chosen))["objects"]
        return [(made["name"], made["id"]) for made in objects if made["type"] == "threat-actor"]

    whole = actors(events)
    assert len(whole) == len(set(whole)) > 3
    assert set(actors(events[:30])) < set(whole)


# --- CAP --------------------------------------------------------------------------------------------------------------

_C = "{urn:oasis:names:tc:emergency:cap:1.2}"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")  # 3.3.2; never Z
_TOKEN = re.compile(r"[^\s,<&]+")  # 3.2.1 identifier, sender
_DEGREES = r"-?\d{1,3}(\.\d+)?"

# Element -> (its children in their order, each with the least and most of it), from the schema of the standard (3.4).
_ORDER: dict[str, list[tuple[str, int, int]]] = {
    "alert": [
        ("identifier", 1, 1), ("sender", 1, 1), ("sent", 1, 1), ("status", 1, 1), ("msgType", 1, 1), ("source", 0, 1),
        ("scope", 1, 1), ("restriction", 0, 1), ("addresses", 0, 1), ("code", 0, 99), ("note", 0, 1),
        ("references", 0, 1), ("incidents", 0, 1), ("info", 0, 99),
    ],
    "info": [
        ("language", 0, 1), ("category", 1, 99), ("event", 1, 1), ("responseType", 0, 99), ("urgency", 1, 1),
        ("severity", 1, 1), ("certainty", 1, 1), ("audience", 0, 1), ("eventCode", 0, 99), ("effective", 0, 1),
        ("onset", 0, 1), ("expires", 0, 1), ("senderName", 0, 1), ("headline", 0, 1), ("description", 0, 1),
        ("instruction", 0, 1), ("web", 0, 1), ("contact", 0, 1), ("parameter", 0, 99), ("resource", 0, 99),
        ("area", 0, 99),
    ],
    "area": [
        ("areaDesc", 1, 1), ("polygon", 0, 99), ("circle", 0, 99), ("geocode", 0, 99), ("altitude", 0, 1),
        ("ceiling", 0, 1),
    ],
    **{pair: [("valueName", 1, 1), ("value", 1, 1)] for pair in ("eventCode", "parameter", "geocode")},
}  # fmt: skip
_VALUES: dict[str, Callable[[str], Any]] = {
    "identifier": _TOKEN.fullmatch,
    "sender": _TOKEN.fullmatch,
    **dict.fromkeys(("sent", "effective", "onset", "expires"), _TIME.fullmatch),
    "status": {"Actual", "Exercise", "System", "Test", "Draft"}.__contains__,
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"}.__contains__,
    "scope": {"Public", "Restricted", "Private"}.__contains__,
    "references": re.compile(r"\S+,\S+,\S+( \S+,\S+,\S+)*").fullmatch,
    "category": re.compile("Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE|Other").fullmatch,
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"}.__contains__,
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"}.__contains__,
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"}.__contains__,
    "circle": re.compile(rf"{_DEGREES},{_DEGREES} \d+(\.\d+)?").fullmatch,
    "web": re.compile(r"https?://\S+").fullmatch,
    "language": re.compile(r"[a-z]{2}(-[A-Z]{2})?").fullmatch,
}


def assert_holds_to_the_standard(element: Any) -> None:
    """CAP 1.2: every element is known, in its place, as often as it may be, with a value that it may have."""
    name = element.tag.removeprefix(_C)
    assert element.tag.startswith(_C)
    if name not in _ORDER:
        assert len(element) == 0
        assert element.text
        assert _VALUES.get(name, bool)(element.text), f"{name}: {element.text!r}"
        return
    names = [child.tag.removeprefix(_C) for child in element]
    order = [child for child, _, _ in _ORDER[name]]
    assert [order.index(child) for child in names] == sorted(order.index(child) for child in names), names
    for child, least, most in _ORDER[name]:
        assert least <= names.count(child) <= most, f"{name}: {names.count(child)} times {child}"
    for child in element:
        assert_holds_to_the_standard(child)


def alerts(text: str) -> list[Any]:
    return list(parsed(text).iter(f"{_C}alert"))


def test_every_alert_holds_to_the_standard(events: list[Event], hostile: Event) -> None:
    found = alerts(rendered(cap.render, [*events, hostile]))
    assert len(found) == len(events) + 1
    for alert in found:
        assert_holds_to_the_standard(alert)
    assert len({alert.findtext(f"{_C}identifier") for alert in found}) == len(found)


def test_the_feed_of_alerts_is_a_feed(events: list[Event]) -> None:
    feed = feedparser.parse(rendered(cap.render, events))
    assert not feed.bozo
    assert len(feed.entries) == len(events)
    contents = list(parsed(rendered(cap.render, events)).iter("{*}content"))
    assert {content.get("type") for content in contents} == {"application/cap+xml"}


def test_one_event_is_an_alert_of_its_own(events: list[Event]) -> None:
    root = parsed(cap.render_one(events[0], ABOUT))
    assert_holds_to_the_standard(root)
    assert root.tag == f"{_C}alert"


@pytest.mark.parametrize("status", ["rejected", "retracted"])
def test_what_was_no_attack_cancels_its_alert(events: list[Event], status: str) -> None:
    event = events[0]
    cancel = parsed(cap.render_one({**event, "status": status, "revision": 3}, ABOUT))
    assert_holds_to_the_standard(cancel)
    first = parsed(cap.render_one({**event, "last_reported_at": event["first_reported_at"]}, ABOUT))
    names = ("sender", "identifier", "sent")
    assert cancel.findtext(f"{_C}msgType") == "Cancel"
    assert cancel.findtext(f"{_C}references") == ",".join(first.findtext(f"{_C}{name}") for name in names)


@pytest.mark.parametrize(
    ("killed", "injured", "severity"),
    [(10, 0, "Extreme"), (1, None, "Severe"), (0, 3, "Moderate"), (0, 0, "Minor"), (None, 0, "Unknown")],
)
def test_severity_goes_by_the_toll(events: list[Event], killed: int | None, injured: int | None, severity: str) -> None:
    tolls = {"killed": killed, "injured": injured}
    told = {name: None if best is None else {"best": best} for name, best in tolls.items()}
    assert parsed(cap.render_one({**events[0], **told}, ABOUT)).findtext(f".//{_C}severity") == severity


def test_texts_come_through_as_far_as_xml_can_hold_them(hostile: Event) -> None:
    description = parsed(cap.render_one(hostile, ABOUT)).findtext(f".//{_C}description")
    assert XML_TEXT in description
