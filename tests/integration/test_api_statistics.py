"""Statistics and sources over a made-up world, held against the same counting in plain Python."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median
from typing import Any

import pytest
from sqlalchemy import text

from services.api.figures import Span, reference_windows
from services.api.tallies import Counts
from tests.benchmarks.world import LAST_DAY, Attack
from tests.made_up import MadeUp, made_up_world

Row = dict[str, Any]


@pytest.fixture(scope="module")
def world(postgres_url: str, migrated_database: str) -> Iterator[MadeUp]:
    with made_up_world(postgres_url, migrated_database) as world:
        yield world


def rows(world: MadeUp, since: str, until: str, holds: Callable[[Row], Any] = lambda row: True) -> list[Row]:
    shown = set(world.shown(lambda row, _: row["date_start"] and since <= row["date_start"] <= until and holds(row)))
    return [attack.row for attack in world.attacks if str(attack.id) in shown]


def totals(found: list[Row]) -> Row:
    told: Row = {"events": len(found)}
    for name in ("killed", "injured"):
        known = [row[name] for row in found if row[name] is not None]
        told |= {name: sum(known) if known else None, f"{name}_unknown": len(found) - len(known)}
    return told


def ask(world: MadeUp, path: str = "", **asked: Any) -> Row:
    answer = world.client.get(f"/v1/statistics{path}", params=asked)
    assert answer.status_code == 200, answer.text
    told: Row = answer.json()
    return told


def busiest(world: MadeUp) -> str:
    countries = Counter(str(attack.row["country"]) for attack in world.attacks if attack.row["country"])
    return countries.most_common(1)[0][0]


def test_attacks_in_a_country_this_year_to_date(world: MadeUp) -> None:
    country = busiest(world)
    told = ask(world, country=country, as_of="2023-09-15")
    assert (told["since"], told["until"], told["rows"]) == ("2023-01-01", "2023-09-15", [])
    assert told["totals"] == totals(rows(world, "2023-01-01", "2023-09-15", lambda row: row["country"] == country))
    assert told["totals"]["events"] > 0


def test_killed_last_year_against_another_year(world: MadeUp) -> None:
    told = ask(
        world,
        "/comparison",
        span="last_year",
        as_of="2024-04-01",
        against_since="2020-01-01",
        against_until="2020-12-31",
    )
    now, then = rows(world, "2023-01-01", "2023-12-31"), rows(world, "2020-01-01", "2020-12-31")
    assert told["span"] == {"since": "2023-01-01", "until": "2023-12-31"} | totals(now)
    assert told["against"] == {"since": "2020-01-01", "until": "2020-12-31"} | totals(then)
    assert told["change"]["killed"] == totals(now)["killed"] - totals(then)["killed"]
    assert told["change"]["killed_ratio"] == round(totals(now)["killed"] / totals(then)["killed"], 3)


def test_unless_given_the_other_span_is_the_one_before(world: MadeUp) -> None:
    told = ask(world, "/comparison", since="2022-03-01", until="2022-03-31")
    assert (told["against"]["since"], told["against"]["until"]) == ("2022-01-29", "2022-02-28")


def test_share_by_group(world: MadeUp) -> None:
    told = ask(world, since="2015-01-01", until="2024-12-31", by="perpetrator")
    found = rows(world, "2015-01-01", "2024-12-31")
    expected = Counter(group for row in found for group in row["perpetrators"] or [None])
    assert {row["perpetrator"]: row["events"] for row in told["rows"]} == expected
    assert [row["share"] for row in told["rows"]] == [round(row["events"] / len(found), 4) for row in told["rows"]]
    events = [row["events"] for row in told["rows"]]
    assert events == sorted(events, reverse=True)
    assert set(told["rows"][0]) == {"perpetrator", "share"} | totals([]).keys()
    Counts.model_validate(told)


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter", "year"])
def test_an_event_counts_in_a_period_only_if_its_date_is_that_exact(world: MadeUp, period: str) -> None:
    def begin(day: date) -> date:
        return {
            "day": day,
            "week": day - timedelta(days=day.weekday()),
            "month": day.replace(day=1),
            "quarter": day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1),
            "year": day.replace(month=1, day=1),
        }[period]

    def bucket(row: Row) -> str | None:
        start, end = (begin(date.fromisoformat(row[name])) for name in ("date_start", "date_end"))
        return start.isoformat() if start == end else None

    told = ask(world, since="2021-01-01", until="2022-12-31", period=period, by="country", limit=10_000)
    expected = Counter((bucket(row), row["country"]) for row in rows(world, "2021-01-01", "2022-12-31"))
    assert {(row["period"], row["country"]): row["events"] for row in told["rows"]} == expected
    periods = [row["period"] or "9999" for row in told["rows"]]
    assert periods == sorted(periods)
    assert (None in {key[0] for key in expected}) == (period in {"day", "week"})


def test_hours_are_those_of_the_first_report(world: MadeUp) -> None:
    told = ask(world, since="2022-01-01", until="2022-01-31", period="hour", clock="reported")
    wanted = set(world.shown(lambda row, _: row["first_reported_at"][:7] == "2022-01"))
    hours = Counter(a.row["first_reported_at"][:13] for a in world.attacks if str(a.id) in wanted)
    assert {row["period"][:13]: row["events"] for row in told["rows"]} == hours
    assert hours
    assert world.client.get("/v1/statistics", params={"period": "hour"}).status_code == 422


def test_all_three_dimensions_at_once(world: MadeUp) -> None:
    told = ask(world, since="2015-01-01", until="2024-12-31", by=["admin1", "type", "target"], limit=10_000)
    expected = Counter(
        (row["admin1"], kind, target["type"])
        for row in rows(world, "2015-01-01", "2024-12-31")
        for kind in row["attack_types"]
        for target in row["snapshot"]["targets"]
    )
    assert {(row["admin1"], row["type"], row["target"]): row["events"] for row in told["rows"]} == expected


def test_more_rows_than_asked_for_are_said_to_be_there(world: MadeUp) -> None:
    told = ask(world, since="2015-01-01", until="2024-12-31", by="country", limit=2)
    assert (len(told["rows"]), told["truncated"]) == (2, True)


def test_filters_narrow_statistics_and_filed_events_are_counted_when_asked(world: MadeUp) -> None:
    span = {"since": "2015-01-01", "until": "2024-12-31"}
    assert ask(world, **span, killed_at_least=3)["totals"]["events"] == len(
        rows(world, "2015-01-01", "2024-12-31", lambda row: (row["killed"] or 0) >= 3)
    )
    with_filed = [a for a in world.attacks if a.row["date_start"] and a.row["status"] in _ATTACK]
    assert ask(world, **span, include_filed=True)["totals"]["events"] == len(with_filed)


_ATTACK = {"unconfirmed", "confirmed", "corrected"}


def kept(attack: Attack, span: Span) -> bool:
    row = attack.row
    shown = row["alertable"] and row["status"] in _ATTACK and row["date_start"]
    return bool(shown and span.since.isoformat() <= row["date_start"] <= span.until.isoformat())


def test_the_baseline_is_the_median_of_like_windows(world: MadeUp) -> None:
    span = Span(LAST_DAY - timedelta(days=27), LAST_DAY)
    told = ask(world, "/comparison", since=span.since, until=span.until)
    first = min(attack.row["first_reported_at"] for attack in world.attacks)[:10]
    windows = reference_windows(span, date.fromisoformat(first))
    counts = [sum(kept(attack, window) for attack in world.attacks) for window in windows]
    assert told["baseline"]["windows"] == len(windows) == 17
    assert told["baseline"]["median"] == median(counts)
    assert told["surge"] == (told["surge_score"] >= 3)


def test_what_surges_moves_to_the_top(world: MadeUp) -> None:
    country = busiest(world)
    before = ask(world, "/movers", until=LAST_DAY, days=7, by="country")
    assert all(abs(item["surge_score"]) < 10 for item in before["items"])
    with world.engine.begin() as connection:
        moved = connection.execute(
            text("""UPDATE events SET date_start = :day, date_end = :day WHERE country = :country AND alertable
                AND status IN ('confirmed', 'unconfirmed') AND date_start > '2016-01-01' RETURNING id"""),
            {"day": LAST_DAY, "country": country},
        ).all()
        top = ask(world, "/movers", until=LAST_DAY, days=7, by="country")["items"][0]
        assert top == before["items"][0] or top["value"] != country  # not yet committed
        connection.commit()
    top = ask(world, "/movers", until=LAST_DAY, days=7, by="country")["items"][0]
    assert (top["value"], top["events"] >= len(moved), top["surge_score"] > 10) == (country, True, True)
    assert ask(world, "/comparison", since=LAST_DAY, until=LAST_DAY, country=country)["surge"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", {"since": "2024-01-01"}),
        ("", {"since": "2024-01-01", "until": "2024-02-01", "span": "last_year"}),
        ("", {"by": "colour"}),
        ("", {"by": ["country", "type", "target", "admin1"]}),
        ("/comparison", {"against_since": "2020-01-01"}),
        ("/comparison", {"against_since": "2020-01-02", "against_until": "2020-01-01"}),
        ("/comparison", {"since": "1900-01-01", "until": "2999-12-31"}),
        ("", {"since": "9999-01-01", "until": "9999-12-31", "clock": "reported"}),
        ("/movers", {"days": 0}),
        ("/movers", {"since": "2020-01-01"}),
    ],
)
def test_what_cannot_be_asked_is_refused(world: MadeUp, path: str, asked: Row) -> None:
    assert world.client.get(f"/v1/statistics{path}", params=asked).status_code == 422


def test_the_ends_of_time_are_days_like_others(world: MadeUp) -> None:
    for asked in ({"since": "1900-01-01", "until": "1999-12-31"}, {"since": "2900-01-01", "until": "2999-12-31"}):
        assert ask(world, "/comparison", **asked)["span"]["events"] == 0
        assert ask(world, clock="reported", **asked)["totals"]["events"] == 0


def test_where_nothing_is_kept_nothing_is_usual(world: MadeUp) -> None:
    told = ask(world, "/comparison", since="1999-01-01", until="1999-01-31")
    assert (told["baseline"], told["surge_score"], told["surge"]) == (None, None, None)
    assert told["span"]["killed"] is None
    assert ask(world, "/movers", until="1999-01-31")["items"] == []


def test_code_lists_carry_the_numbers_of_their_sources(world: MadeUp) -> None:
    lists = {found["name"]: found for found in world.client.get("/v1/codes").json()["items"]}
    bombing = next(code for code in lists["attack_type"]["codes"] if code["value"] == "bombing_explosion")
    assert bombing["number"] == 3
    assert "GTD" in lists["attack_type"]["source"]
    assert lists["place_precision"]["codes"][0] == {"value": 1, "name": "Exact", "number": 1}
