"""What a replay reports is read from the database and from what the sinks got."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from sqlalchemy import Connection, insert

from deploy.local import report
from deploy.local.sinks.record import LABELS, Received
from shared.database.session import make_engine
from shared.database.tables import Delivery, Destination, Event, Report, Revision, StoredArticle

NOW = datetime(2024, 3, 22, 18, 0, tzinfo=UTC)


def named(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        for destination in (report.CATCH_ALL, "desk"):
            connection.execute(insert(Destination).values(id=destination, channel="webhook", config={}))
        yield connection
    engine.dispose()


def article(connection: Connection, name: str, *events: str, kind: str = "attack_report") -> None:
    """An article with a report for each event that it is linked to, in the order of its frames."""
    row = {"id": named(name), "version": "1", "url": name, "source": "X", "text": name, "message_time": NOW}
    row |= {"fetched_at": NOW, "kind": kind, "score": 0.9, "fingerprint": [], "extraction": {"extractor": "test"}}
    connection.execute(insert(StoredArticle).values(row))
    for index, event in enumerate(events):
        link = {"id": named(f"{name}/{index}"), "article_id": named(name), "frame_index": index}
        link |= {"event_id": named(event), "record": {}, "link_factors": {}, "message_time": NOW}
        connection.execute(insert(Report).values(link))


def event(connection: Connection, name: str, merged_into: str | None = None) -> None:
    row = {"id": named(name), "revision": 1, "status": "unconfirmed", "alertable": True, "attack_types": []}
    row |= {"perpetrators": [], "independent_sources": 1, "score": 1.0, "snapshot": {}}
    row |= {"first_reported_at": NOW, "last_reported_at": NOW}
    connection.execute(insert(Event).values(row | {"merged_into": named(merged_into) if merged_into else None}))


def revision(connection: Connection, event: str, number: int, change: str, article: str, material: bool = True) -> None:
    row = {"event_id": named(event), "revision": number, "change": change, "material": material, "alertable": True}
    connection.execute(
        insert(Revision).values(row | {"body": {"article_id": str(named(article))}, "message_time": NOW})
    )


def alert(connection: Connection, event: str, article: str, destination: str = report.CATCH_ALL) -> str:
    """A delivered alert; returns its id."""
    delivery = named(f"{event}/{article}/{destination}")
    row = {"id": delivery, "event_id": named(event), "revision": 1, "destination_id": destination, "kind": "alert"}
    row |= {"state": "sent", "rule_ids": [], "content": {}, "message_ref": "", "message_time": NOW}
    connection.execute(insert(Delivery).values(row | {"article_id": named(article)}))
    return str(delivery)


def predicted(connection: Connection, names: list[str], received: list[str]) -> dict[str, Any]:
    articles = {str(named(name)): name for name in names}
    return {row["id"]: row for row in report.predictions(connection, articles, received)}


def test_predictions_follow_an_event_through_its_reports(connection: Connection) -> None:
    event(connection, "e")
    for name, number, change, material in [
        ("first", 1, "created", True),
        ("toll", 2, "updated", True),
        ("copy", 3, "updated", False),
    ]:
        article(connection, name, "e")
        revision(connection, "e", number, change, name, material)
    article(connection, "silent", "e")
    article(connection, "weather", kind="other")
    delivery = alert(connection, "e", "first")
    found = predicted(connection, ["first", "toll", "copy", "silent", "weather", "never came"], [delivery])
    assert [row["change"] for row in found.values()] == ["created", "updated", "unchanged", "unchanged", None, None]
    assert [row["event_id"] for row in found.values()] == [str(named("e"))] * 4 + [None, None]
    assert [found[name]["kind"] for name in ("first", "weather", "never came")] == ["attack_report", "other", "other"]


def test_created_means_that_the_catch_all_destination_got_the_alert(connection: Connection) -> None:
    for name in ("a", "b", "c"):
        event(connection, name)
        article(connection, f"on {name}", name)
        revision(connection, name, 1, "created", f"on {name}")
    got = alert(connection, "a", "on a")
    alert(connection, "b", "on b")  # queued, but the sinks never got it
    elsewhere = alert(connection, "c", "on c", destination="desk")
    found = predicted(connection, ["on a", "on b", "on c"], [got, elsewhere])
    assert [row["change"] for row in found.values()] == ["created", "filed", "filed"]


def test_event_is_the_one_that_survived(connection: Connection) -> None:
    for name, into in [("last", None), ("middle", "last"), ("first", "middle")]:
        event(connection, name, into)
    article(connection, "x", "first")
    revision(connection, "first", 1, "created", "x")
    [row] = predicted(connection, ["x"], []).values()
    assert row["event_id"] == str(named("last"))


def test_event_of_an_article_is_the_alerted_one_else_its_first(connection: Connection) -> None:
    for name in ("main", "second"):
        event(connection, name)
    article(connection, "two attacks", "main", "second")
    assert predicted(connection, ["two attacks"], [])["two attacks"]["event_id"] == str(named("main"))
    delivery = alert(connection, "second", "two attacks")
    row = predicted(connection, ["two attacks"], [delivery])["two attacks"]
    assert (row["event_id"], row["change"]) == (str(named("second")), "created")


def test_alerts_name_destination_and_article(connection: Connection) -> None:
    event(connection, "e")
    delivery = alert(connection, "e", "x", destination="desk")
    labels = dict.fromkeys(LABELS) | {"delivery_id": delivery, "kind": "alert", "article_id": str(named("x"))}
    labels |= {"event_id": str(named("e")), "fetched_at": (NOW - timedelta(seconds=2)).isoformat()}
    got = Received(NOW, "webhook", "/alerts", delivery, None, labels, "ALERT: Bombing", {})
    [row] = report.alerts(connection, [got], {str(named("x")): "x"})
    assert row == {
        "kind": "alert",
        "destination": "desk",
        "event_id": str(named("e")),
        "id": "x",
        "text": "ALERT: Bombing",
        "published_at": None,
        "fetched_at": labels["fetched_at"],
        "received_at": NOW.isoformat(),
    }
    assert report.latency_ms([row]) == {"p50": 2000.0, "p99": 2000.0}


def test_percentiles_are_nearest_rank() -> None:
    assert report.percentile([], 50) is None
    assert [report.percentile(list(range(1, 101)), percent) for percent in (50, 99, 100)] == [50, 99, 100]
