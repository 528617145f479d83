"""The API over real HTTP semantics and a real database, filled by the linker itself."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from services.api import keys
from services.api.access import RateLimit
from services.api.app import create_app
from services.api.reading import SURVEYS
from services.enricher.domain.linking.changes import link_article
from services.enricher.store import PostgresStore
from shared.clock import wall
from shared.codes import WherePrecision
from shared.contracts import ArticleEnriched, Place
from shared.database import session
from shared.database.session import make_engine
from shared.ids import uuid7
from tests.builders import NOON, QUETTA, day, enriched, frame, toll

NOBODY = UUID(int=7)  # the id of nothing
FIRST = enriched("caravel/1", frame(killed=toll(5)))
SECOND = enriched("ledger/1", frame(killed=toll(12)), published_at=NOON + timedelta(hours=1))
ELSEWHERE = enriched("herald/1", frame(place=QUETTA, killed=toll(1)), published_at=NOON + timedelta(hours=2))
KARACHI = Place(name="Karachi", locality="Karachi", country="PK", lat=24.861, lon=67.010, precision=WherePrecision.NEAR)
OLD = enriched("herald/trial", frame(place=KARACHI, date=day("2019-01-30")), published_at=NOON + timedelta(hours=3))


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    app = create_app(engine, RateLimit(per_second=1000, burst=1000))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def reader(client: TestClient, engine: Engine) -> TestClient:
    with engine.begin() as connection:
        client.headers["Authorization"] = f"Bearer {keys.create(connection, 'desk', 'read')}"
    return client


def store(engine: Engine, *articles: ArticleEnriched) -> None:
    for article in articles:
        with engine.begin() as connection:
            link_article(article, article.published_at or NOON, PostgresStore(connection), uuid7)


def items(client: TestClient, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_events_are_listed_newest_first_and_filed_ones_only_when_asked(reader: TestClient, engine: Engine) -> None:
    store(engine, FIRST, SECOND, ELSEWHERE, OLD)
    assert [event["place"]["name"] for event in items(reader, "/v1/events")] == ["Quetta", "Peshawar"]
    assert len(items(reader, "/v1/events", include_filed=True)) == 3


@pytest.mark.parametrize(
    ("filters", "places"),
    [
        ({"killed_at_least": 10}, ["Peshawar"]),
        ({"country": "PK"}, ["Quetta", "Peshawar"]),
        ({"country": "AF"}, []),
        ({"attack_type": "bombing_explosion", "until": "2023-01-30"}, ["Quetta", "Peshawar"]),
        ({"since": "2023-01-31"}, []),
        ({"status": "confirmed"}, ["Peshawar"]),
    ],
)
def test_filters(reader: TestClient, engine: Engine, filters: dict[str, Any], places: list[str]) -> None:
    store(engine, FIRST, SECOND, ELSEWHERE)
    assert [event["place"]["name"] for event in items(reader, "/v1/events", **filters)] == places


def test_an_event_is_found_by_the_groups_that_it_has_now(reader: TestClient, engine: Engine) -> None:
    store(engine, FIRST, ELSEWHERE)
    for groups in (["ttp"], ["ttp", "bla"], ["bla"], []):
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE events SET perpetrators = :groups WHERE locality = 'Quetta'"), {"groups": groups}
            )
        for group in ("ttp", "bla", "ipob"):
            found = [event["place"]["name"] for event in items(reader, "/v1/events", perpetrator=group)]
            assert found == (["Quetta"] if group in groups else [])
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM event_perpetrators")).scalar() == 0


def test_quick_questions_do_not_wait_for_long_ones(reader: TestClient, engine: Engine) -> None:
    store(engine, FIRST)
    watching = engine.execution_options(isolation_level="AUTOCOMMIT")
    blocked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with engine.connect() as other, watching.connect() as watch, ThreadPoolExecutor(8) as pool:
        other.execute(text("LOCK TABLE articles"))  # what the ranking of sources reads and a list does not
        ranked = [pool.submit(reader.get, "/v1/sources") for _ in range(8)]
        while watch.execute(blocked).scalar() != SURVEYS:
            assert not any(answer.done() for answer in ranked)
            time.sleep(0.05)
        assert reader.get("/v1/events").status_code == 200
        assert watch.execute(blocked).scalar() == SURVEYS
        other.rollback()
        assert {answer.result(20).status_code for answer in ranked} == {200}


def test_pages_follow_one_another_while_events_arrive(reader: TestClient, engine: Engine) -> None:
    store(engine, FIRST, ELSEWHERE)
    first = reader.get("/v1/events", params={"limit": 1}).json()
    store(engine, enriched("caravel/2", frame(date=day("2023-02-09")), published_at=NOON + timedelta(days=10)))
    second = reader.get("/v1/events", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [page["items"][0]["place"]["name"] for page in (first, second)] == ["Quetta", "Peshawar"]


def test_one_event_has_its_reports_their_evidence_the_ledger_and_the_history(
    reader: TestClient, engine: Engine
) -> None:
    store(engine, FIRST, SECOND)
    (listed,) = items(reader, "/v1/events")
    event = reader.get(f"/v1/events/{listed['event_id']}").json()
    assert event["killed"]["best"] == 12
    assert [report["source"] for report in event["all_reports"]] == ["caravel", "ledger"]
    assert event["all_reports"][1]["link_factors"]["place_same"] == 1
    assert [row["value"]["best"] for row in event["ledger"] if row["field"] == "killed"] == [5, 12]
    assert [revision["change"] for revision in event["revisions"]] == ["created", "confirmed"]


def test_a_merged_event_answers_with_the_surviving_one(reader: TestClient, engine: Engine) -> None:
    store(engine, FIRST, ELSEWHERE)
    surviving, absorbed = (event["event_id"] for event in items(reader, "/v1/events"))
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE events SET merged_into = :into WHERE id = :id"), {"into": surviving, "id": absorbed}
        )
    answer = reader.get(f"/v1/events/{absorbed}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, f"/v1/events/{surviving}")


def test_articles_are_listed_without_and_answered_with_their_text(reader: TestClient, engine: Engine) -> None:
    store(engine, FIRST, SECOND)
    listed = items(reader, "/v1/articles", source="caravel")
    assert [article["title"] for article in listed] == ["caravel/1"]
    assert "text" not in listed[0]
    article = reader.get(f"/v1/articles/{listed[0]['id']}").json()
    assert article["text"] == FIRST.text
    assert article["extraction"]["frames"][0]["killed"]["best"] == 5


def test_article_pages(reader: TestClient, engine: Engine) -> None:
    store(engine, FIRST, SECOND, ELSEWHERE)
    titles, cursor = [], None
    while True:
        page = reader.get("/v1/articles", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        titles += [article["title"] for article in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert titles == ["herald/1", "ledger/1", "caravel/1"]


def test_feeds_show_their_health(reader: TestClient, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO feeds (url, source, last_error, last_status) VALUES ('http://f', 'caravel', 'no XML', 200)"
            )
        )
    assert [(feed["source"], feed["last_error"]) for feed in items(reader, "/v1/feeds")] == [("caravel", "no XML")]


def test_deliveries_are_empty_before_anything_is_sent(reader: TestClient) -> None:
    assert items(reader, "/v1/deliveries", state="sent") == []


@pytest.mark.parametrize(
    "path",
    ["/v1/events", f"/v1/events/{NOBODY}", "/v1/articles", f"/v1/articles/{NOBODY}", "/v1/feeds", "/v1/deliveries"],
)
def test_nothing_is_told_without_a_valid_key(client: TestClient, engine: Engine, path: str) -> None:
    with engine.begin() as connection:
        good = keys.create(connection, "desk", "read")
        expired = keys.create(connection, "old", "read", wall() - timedelta(seconds=1))
        revoked = keys.create(connection, "gone", "read")
        assert keys.revoke(connection, revoked.split("_")[1], wall())
    forged = good[:-1] + ("A" if good[-1] != "A" else "B")
    for headers in ({}, *({"X-API-Key": key} for key in (expired, revoked, forged, "tocsin", ""))):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
    assert client.get(path, headers={"X-API-Key": good}).status_code in {200, 404}


def test_a_key_is_kept_as_a_hash_only(engine: Engine) -> None:
    with engine.begin() as connection:
        key = keys.create(connection, "desk", "review")
        row = connection.execute(text("SELECT api_keys::text FROM api_keys")).scalar_one()
    assert key not in row
    assert key.split("_", 2)[2] not in row
    assert "{read,review}" in row


def test_too_many_requests_are_told_when_to_come_back(engine: Engine) -> None:
    app = create_app(engine, RateLimit(per_second=0.1, burst=2))
    with engine.begin() as connection:
        key = keys.create(connection, "desk", "read")
    with TestClient(app, headers={"X-API-Key": key}) as client:
        answers = [client.get("/v1/feeds") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 11


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/events/x", 422), (f"/v1/events/{NOBODY}", 404), ("/v1/events?limit=0", 422), ("/v1/nothing", 404)],
)
def test_errors_are_problems(reader: TestClient, path: str, status: int) -> None:
    answer = reader.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_without_its_database_it_lives_but_is_not_ready() -> None:
    engine = make_engine("postgresql+psycopg://nobody:x@127.0.0.1:9/none")
    with TestClient(create_app(engine, RateLimit(1, 1)), raise_server_exceptions=False) as client:
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503
        answer = client.get("/v1/events", headers={"X-API-Key": "tocsin_00000000_" + "x" * 43})
        assert answer.status_code == 503
        assert answer.headers["retry-after"]


def test_a_connection_that_died_while_it_rested_is_replaced(
    database_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "RESTED_SECONDS", 0.0)
    with engine.begin() as connection:
        key = keys.create(connection, "desk", "read")
    own = make_engine(database_url, "resting", ad_hoc=True)
    with TestClient(create_app(own, RateLimit(1000, 1000)), headers={"X-API-Key": key}) as client:
        assert client.get("/v1/events").status_code == 200
        with engine.begin() as connection:
            ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'resting'")
            assert connection.scalars(ended).all()
        assert client.get("/v1/events").status_code == 200
    own.dispose()


def test_a_crowd_waits_for_few_connections_and_each_is_served(database_url: str) -> None:
    """Sixty at once with five threads' worth of connections: nobody holds what another needs to go on."""
    engine = make_engine(database_url, pool_size=1)
    with engine.begin() as connection:
        key = keys.create(connection, "desk", "read")
    app = create_app(engine, RateLimit(per_second=1000, burst=1000))
    with TestClient(app, headers={"X-API-Key": key}) as client, ThreadPoolExecutor(60) as crowd:
        answers = list(crowd.map(lambda _: client.get("/v1/events").status_code, range(60)))
    engine.dispose()
    assert answers == [200] * 60
