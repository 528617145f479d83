"""Exports over HTTP: exactly the events that the list of the same filter shows, and a bounded number at once."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import feedparser
import pytest

from services.api.routes.exports import MOST_AT_ONCE, Slots
from tests.made_up import MadeUp, made_up_world

READERS: dict[str, Callable[[str], list[str]]] = {
    "geojson": lambda text: [feature["id"] for feature in json.loads(text)["features"]],
    "csv": lambda text: [row["eventid"] for row in csv.DictReader(io.StringIO(text, newline=""))],
    "stix.json": lambda text: [
        made["external_references"][0]["external_id"]
        for made in json.loads(text)["objects"]
        if made["type"] == "incident"
    ],
    "atom": lambda text: [entry.id.removeprefix("urn:uuid:") for entry in feedparser.parse(text).entries],
    "cap.atom": lambda text: [entry.id.removeprefix("urn:uuid:") for entry in feedparser.parse(text).entries],
}


@pytest.fixture(scope="module")
def world(postgres_url: str, migrated_database: str) -> Iterator[MadeUp]:
    with made_up_world(postgres_url, migrated_database) as world:
        yield world


@pytest.mark.parametrize("form", READERS)
@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ({}, lambda row, attack: True),
        ({"killed_at_least": 3}, lambda row, attack: (row["killed"] or 0) >= 3),
        ({"country": "ZZ"}, lambda row, attack: False),
    ],
    ids=["all", "some", "none"],
)
def test_an_export_has_what_the_list_has(
    world: MadeUp, form: str, asked: dict[str, Any], holds: Callable[..., bool]
) -> None:
    answer = world.client.get(f"/v1/exports/events.{form}", params=asked)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="events.{form}"'
    assert READERS[form](answer.text) == world.shown(holds)[::-1]


def test_one_event_as_an_alert_and_a_merged_one_elsewhere(world: MadeUp) -> None:
    answer = world.client.get(f"/v1/events/{world.shown()[0]}/cap")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/cap+xml")
    assert world.client.get("/v1/events/00000000-0000-0000-0000-000000000007/cap").status_code == 404


def test_a_filter_that_is_not_valid_is_refused_before_anything_is_sent(world: MadeUp) -> None:
    answer = world.client.get("/v1/exports/events.csv", params={"bbox": "1,2"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_no_more_than_so_many_at_once_and_each_gives_its_place_back(world: MadeUp) -> None:
    for _ in range(2 * MOST_AT_ONCE):
        assert world.client.get("/v1/exports/events.csv").status_code == 200
    slots: Slots = world.client.app.state.export_slots  # type: ignore[attr-defined]
    for _ in range(MOST_AT_ONCE):
        slots.take()
    refused = world.client.get("/v1/exports/events.csv")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    for _ in range(MOST_AT_ONCE):
        slots.give_back()
    assert world.client.get("/v1/exports/events.csv").status_code == 200
