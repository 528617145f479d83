"""Every filter, order and page of /v1/events over a made-up world, held against the same filter in plain Python."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from services.api.queries import lists
from services.api.schemas import EventAnswer, EventBrief
from tests.benchmarks.world import Attack
from tests.made_up import MadeUp, distance_km, made_up_world

Row = dict[str, Any]
Holds = Callable[[Row, Attack], Any]


@pytest.fixture(scope="module")
def world(postgres_url: str, migrated_database: str) -> Iterator[MadeUp]:
    with made_up_world(postgres_url, migrated_database) as world:
        yield world


def ids(world: MadeUp, **asked: Any) -> list[str]:
    """Of all pages."""
    found: list[str] = []
    cursor = None
    while True:
        answer = world.client.get("/v1/events", params=asked | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        found += [event["event_id"] for event in answer.json()["items"]]
        if (cursor := answer.json()["next_cursor"]) is None:
            return found


def first(world: MadeUp, name: str) -> Any:
    """A value of that column that some attack has: the most common one."""
    values = [row_value for attack in world.attacks if (row_value := attack.row[name]) not in (None, [], 0)]
    plain = [value[0] if isinstance(value, list) else value for value in values]
    return max(sorted(set(plain)), key=plain.count)


def test_without_a_filter_lists_show_everything_but_filed_and_rejected(world: MadeUp) -> None:
    assert ids(world, limit=500) == world.shown()
    assert len(world.shown()) < len(world.attacks)


FILTERS: dict[str, tuple[Callable[[MadeUp], Row], Callable[[Row], Holds]]] = {
    "country": (
        lambda world: {"country": first(world, "country")},
        lambda asked: lambda row, _: row["country"] == asked["country"],
    ),
    "countries": (
        lambda world: {"country": sorted({a.row["country"] for a in world.attacks if a.row["country"]})[:7]},
        lambda asked: lambda row, _: row["country"] in asked["country"],
    ),
    "admin1": (
        lambda world: {"admin1": first(world, "admin1")},
        lambda asked: lambda row, _: row["admin1"] == asked["admin1"],
    ),
    "type": (
        lambda _: {"attack_type": ["bombing_explosion", "hijacking"]},
        lambda asked: lambda row, _: set(row["attack_types"]) & set(asked["attack_type"]),
    ),
    "perpetrator": (
        lambda world: {"perpetrator": first(world, "perpetrators")},
        lambda asked: lambda row, _: asked["perpetrator"] in row["perpetrators"],
    ),
    "perpetrators": (
        lambda world: {"perpetrator": [first(world, "perpetrators"), _rarest(world)]},
        lambda asked: lambda row, _: set(row["perpetrators"]) & set(asked["perpetrator"]),
    ),
    "target": (
        lambda _: {"target": "police"},
        lambda asked: lambda row, _: "police" in {target["type"] for target in row["snapshot"]["targets"]},
    ),
    "killed": (
        lambda _: {"killed_at_least": 2},
        lambda asked: lambda row, _: row["killed"] is not None and row["killed"] >= 2,
    ),
    "nobody hurt is not unknown": (
        lambda _: {"injured_at_least": 0},
        lambda asked: lambda row, _: row["injured"] is not None,
    ),
    "confidence": (
        lambda _: {"confidence_at_least": 0.95},
        lambda asked: lambda row, _: row["score"] >= 0.95,
    ),
    "independent sources": (
        lambda _: {"sources_at_least": 2},
        lambda asked: lambda row, _: row["independent_sources"] >= 2,
    ),
    "source": (
        lambda _: {"source": "outlet-000"},
        lambda asked: lambda row, attack: "outlet-000" in {report["source"] for report in attack.reports},
    ),
    "language": (
        lambda _: {"language": "es"},
        lambda asked: lambda row, attack: "es" in {report["language"] for report in attack.reports},
    ),
    "box": (
        lambda _: {"bbox": "-20,-10,60,50"},
        lambda asked: lambda row, _: row["lat"] is not None and -10 <= row["lat"] <= 50 and -20 <= row["lon"] <= 60,
    ),
    "small box": (
        lambda world: {"bbox": _around(world)},
        lambda asked: lambda row, _: _inside(row, asked["bbox"]),
    ),
    "box across the antimeridian": (
        lambda _: {"bbox": "100,-90,-60,90"},
        lambda asked: lambda row, _: row["lat"] is not None and (row["lon"] >= 100 or row["lon"] <= -60),
    ),
    "radius": (
        lambda world: {"near": _busiest(world), "radius_km": 150},
        lambda asked: lambda row, _: distance_km(row, *map(float, asked["near"].split(","))) <= 150,
    ),
    "radius across the antimeridian": (
        lambda _: {"near": "-36.8,179.5", "radius_km": 2000},
        lambda asked: lambda row, _: distance_km(row, -36.8, 179.5) <= 2000,
    ),
    "radius beyond the pole": (
        lambda _: {"near": "85,10", "radius_km": 2000},
        lambda asked: lambda row, _: distance_km(row, 85, 10) <= 2000,
    ),
}


def _busiest(world: MadeUp) -> str:
    country = first(world, "country")
    row = next(attack.row for attack in world.attacks if attack.row["country"] == country and attack.row["lat"])
    return f"{row['lat']},{row['lon']}"


def _rarest(world: MadeUp) -> str:
    groups: list[str] = [group for attack in world.attacks for group in attack.row["perpetrators"]]
    return min(sorted(set(groups)), key=groups.count)


def _around(world: MadeUp) -> str:
    lat, lon = map(float, _busiest(world).split(","))
    return f"{lon - 1.5:.4f},{lat - 1.5:.4f},{lon + 1.5:.4f},{lat + 1.5:.4f}"


def _inside(row: Row, bbox: str) -> bool:
    west, south, east, north = map(float, bbox.split(","))
    return row["lat"] is not None and south <= row["lat"] <= north and west <= row["lon"] <= east


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_finds_what_it_says_and_nothing_else(world: MadeUp, name: str) -> None:
    ask, holding = FILTERS[name]
    asked = ask(world)
    expected = world.shown(holding(asked))
    assert ids(world, **asked, limit=500) == expected
    assert len(expected) < len(world.shown())
    assert expected or name == "radius beyond the pole", "the world has none of this: the test says nothing"


@pytest.mark.parametrize("name", ["box", "small box", "box across the antimeridian", "radius"])
def test_where_many_events_lie_the_same_are_found(world: MadeUp, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, holding = FILTERS[name]
    monkeypatch.setattr(lists, "FEW", 0)
    assert ids(world, **ask(world), limit=500) == world.shown(holding(ask(world)))


def test_the_day_of_the_attack_may_lie_in_the_span_and_lists_are_by_it(world: MadeUp) -> None:
    since, until = "2020-03-10", "2022-01-15"
    expected = {
        *world.shown(lambda row, _: row["date_start"] and row["date_start"] <= until and row["date_end"] >= since)
    }
    answer = world.client.get("/v1/events", params={"since": since, "until": until, "limit": 500}).json()["items"]
    assert {event["event_id"] for event in answer} == expected
    days = [event["date"]["start"] for event in answer]
    assert days == sorted(days, reverse=True)
    assert len(expected) > 10


@pytest.mark.parametrize("since", ["0001-01-01", "0001-12-31", "0002-01-01", "0002-01-02", "9999-12-31"])
def test_the_ends_of_time_are_days_like_others(world: MadeUp, since: str) -> None:
    dated = world.shown(lambda row, _: row["date_end"] and row["date_end"] >= since)
    assert sorted(ids(world, since=since, limit=500)) == sorted(dated)


@pytest.mark.parametrize("status", ["rejected", "retracted", "merged", "confirmed"])
def test_a_status_that_is_asked_for_is_shown(world: MadeUp, status: str) -> None:
    wanted = [str(attack.id) for attack in world.attacks if attack.row["status"] == status and attack.row["alertable"]]
    assert ids(world, status=status) == sorted(wanted, reverse=True)


def test_filed_and_rejected_are_shown_when_asked_for(world: MadeUp) -> None:
    shown = ids(world, include_filed=True, include_rejected=True, limit=500)
    assert sorted(shown) == sorted(str(a.id) for a in world.attacks if a.row["status"] != "merged")


@pytest.mark.parametrize("sort", ["created", "date", "updated", "killed", "injured", "score"])
@pytest.mark.parametrize("sign", ["-", ""])
def test_pages_of_any_order_hold_each_event_once_in_that_order(world: MadeUp, sort: str, sign: str) -> None:
    paged = ids(world, sort=sign + sort, limit=37)
    assert sorted(paged) == sorted(world.shown())
    rows = {str(attack.id): attack.row for attack in world.attacks}
    column = {"date": "date_start", "updated": "last_reported_at"}.get(sort, sort)
    values = paged if sort == "created" else [rows[event][column] for event in paged]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=sign == "-")
    unknown_last = [value is None for value in values]
    assert unknown_last == sorted(unknown_last, reverse=sign == "")


def test_full_text_finds_words_phrases_and_what_is_without_them(world: MadeUp) -> None:
    town = first(world, "locality")
    found = ids(world, q=f'"{town}"', limit=500)
    assert found
    for event in found:
        assert town.casefold() in str(world.client.get(f"/v1/events/{event}").json()).casefold()
    both = ids(world, q=f'"{town}" attack', limit=500)
    without = ids(world, q=f'"{town}" -attack', limit=500)
    assert set(both) | set(without) == set(found)
    assert not set(both) & set(without)
    assert ids(world, q="zzzqqq") == []


@pytest.mark.parametrize("newest", [0, 20, 1_000_000])
def test_words_are_found_page_by_page_however_many_have_them(
    world: MadeUp, newest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "NEWEST", newest)
    town, country = first(world, "locality"), first(world, "country")
    shown = [str(event) for event in world.shown()]
    for asked in ({"q": town}, {"q": "attack"}, {"q": "attack", "country": country}, {"q": "-attack"}):
        paged = ids(world, **asked, limit=7)
        assert paged == [event for event in shown if event in set(paged)], "newest first, each once"
        assert set(paged) == set(ids(world, **asked, sort="created", limit=500)), "as the other order has them"
    by_source = ids(world, q=town, source="outlet-000", limit=2)
    assert by_source == ids(world, q=town, source="outlet-000", sort="created", limit=500)[::-1]
    assert ids(world, q=town, limit=7)


def test_filters_hold_together(world: MadeUp) -> None:
    country = first(world, "country")
    found = ids(world, country=country, attack_type="assassination", killed_at_least=1, until="2023-06-01")
    expected = world.shown(
        lambda row, _: (
            row["country"] == country
            and "assassination" in row["attack_types"]
            and (row["killed"] or 0) >= 1
            and row["date_start"]
            and row["date_start"] <= "2023-06-01"
        )
    )
    assert sorted(found) == sorted(expected)
    assert found


def test_only_the_fields_asked_for(world: MadeUp) -> None:
    (event,) = world.client.get("/v1/events", params={"fields": "killed, place", "limit": 1}).json()["items"]
    assert event.keys() == {"event_id", "killed", "place"}


def test_whole_events_hold_to_their_schema(world: MadeUp) -> None:
    answer = world.client.get("/v1/events", params={"limit": 100}).json()["items"]
    for event in answer:
        EventBrief.model_validate(event)
    one = world.client.get(f"/v1/events/{answer[0]['event_id']}").json()
    assert EventAnswer.model_validate(one).all_reports


@pytest.mark.parametrize(
    "asked",
    [
        {"bbox": "1,2,3"},
        {"bbox": "0,50,10,40"},
        {"near": "91,0"},
        {"radius_km": 5},
        {"since": "2024-02-01", "until": "2024-01-01"},
        {"fields": "secret"},
        {"sort": "colour"},
        {"q": "a\x00b"},
        {"limit": 501},
        {"country": "Pakistan"},
        {"colour": "red"},
        {"cursor": "AAAA"},
        {"cursor": base64.urlsafe_b64encode(b'["-killed", 3, "x"]').decode()},
        {"cursor": base64.urlsafe_b64encode(b'["-created", null, 7]').decode()},
        {"cursor": base64.urlsafe_b64encode(b"[" * 250).decode()[:400]},
        {"cursor": "ä"},
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_with_a_reason(world: MadeUp, asked: Row) -> None:
    answer = world.client.get("/v1/events", params=asked)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_cursor_belongs_to_its_order(world: MadeUp) -> None:
    cursor = world.client.get("/v1/events", params={"sort": "-killed", "limit": 3}).json()["next_cursor"]
    answer = world.client.get("/v1/events", params={"sort": "-score", "cursor": cursor})
    assert (answer.status_code, "order" in answer.json()["detail"]) == (422, True)


def test_who_has_it_already_is_told_so(world: MadeUp) -> None:
    for path in ("/v1/events?limit=3", f"/v1/events/{world.shown()[0]}", "/v1/codes", "/v1/articles", "/v1/statistics"):
        answer = world.client.get(path)
        again = world.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
        other = world.client.get(path, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200


def test_the_etag_of_an_event_is_its_revision(world: MadeUp) -> None:
    event = world.shown()[0]
    assert world.client.get(f"/v1/events/{event}").headers["etag"] == '"1"'
    with world.engine.begin() as connection:
        connection.execute(
            text(
                """UPDATE events SET revision = 2, snapshot = jsonb_set(snapshot, '{revision}', '2') WHERE id = :id"""
            ),
            {"id": event},
        )
    assert world.client.get(f"/v1/events/{event}").headers["etag"] == '"2"'


def test_rejected_and_retracted_events_are_answered_with_their_status(world: MadeUp) -> None:
    for attack in world.attacks:
        if attack.row["status"] in {"rejected", "retracted"}:
            answer = world.client.get(f"/v1/events/{attack.id}")
            assert (answer.status_code, answer.json()["status"]) == (200, attack.row["status"])


def test_a_timeline_tells_the_attack_then_its_reports(world: MadeUp) -> None:
    event = next(a for a in world.attacks if len(a.reports) > 2 and a.row["date_start"])
    told = world.client.get(f"/v1/events/{event.id}").json()["timeline"]
    assert told[0]["what"] == "attack"
    assert [moment["report_id"] for moment in told if moment["what"] == "report"] == [
        report["report_id"] for report in event.reports
    ]
    assert [moment["at"] for moment in told] == sorted(moment["at"] for moment in told)
    assert "created" in {moment["text"] for moment in told}
