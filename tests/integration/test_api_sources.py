"""Outlets ranked by how early they are and how often they prove right."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from services.api import keys
from services.api.access import RateLimit
from services.api.app import create_app
from services.enricher.domain.linking.changes import link_article
from services.enricher.store import PostgresStore
from shared.clock import wall
from shared.contracts import ArticleEnriched
from shared.ids import uuid7
from tests.builders import QUETTA, day, enriched, frame

NOW = wall()
TODAY = day(NOW.date().isoformat())


def article(name: str, at: datetime, **frames: Any) -> ArticleEnriched:
    return enriched(name, frame(date=TODAY, **frames), published_at=at)


def sources(engine: Engine, **asked: Any) -> dict[str, dict[str, Any]]:
    with engine.begin() as connection:
        key = keys.create(connection, "desk", "read")
    with TestClient(create_app(engine, RateLimit(100, 100)), headers={"X-API-Key": key}) as client:
        answer = client.get("/v1/sources", params={"fewest_events": 1} | asked)
    assert answer.status_code == 200, answer.text
    return {item["source"]: item for item in answer.json()["items"]}


def store(engine: Engine, *articles: ArticleEnriched) -> None:
    for stored in articles:
        with engine.begin() as connection:
            link_article(stored, stored.published_at or NOW, PostgresStore(connection), uuid7)


def test_the_one_ahead_comes_first_and_lead_is_before_the_first_other(engine: Engine) -> None:
    early, late = NOW - timedelta(hours=6), NOW - timedelta(hours=5)
    store(
        engine,
        article("caravel/1", early),
        article("ledger/1", late),
        article("herald/1", late + timedelta(minutes=30)),
        article("herald/2", late, place=QUETTA),
    )
    found = sources(engine)
    assert [*found][:2] == ["caravel", "ledger"]
    assert {name: item["lead_seconds"] for name, item in found.items()} == {
        "caravel": 3600, "ledger": -3600, "herald": -5400,
    }  # fmt: skip
    assert (found["caravel"]["first"], found["ledger"]["first"]) == (1, 0)
    assert (found["herald"]["events"], found["herald"]["shared_events"]) == (2, 1)


def test_precision_is_of_what_was_judged(engine: Engine) -> None:
    store(engine, article("caravel/1", NOW - timedelta(hours=2)), article("caravel/2", NOW, place=QUETTA))
    assert sources(engine)["caravel"]["precision"] is None
    with engine.begin() as connection:
        connection.execute(text("UPDATE events SET status = 'confirmed' WHERE locality = 'Quetta'"))
    assert sources(engine)["caravel"]["precision"] == 1
    with engine.begin() as connection:
        connection.execute(text("UPDATE events SET status = 'rejected' WHERE locality = 'Peshawar'"))
    assert (sources(engine)["caravel"]["precision"], sources(engine)["caravel"]["judged"]) == (0.5, 2)


def test_feedback_of_recipients_is_counted_for_the_article_that_caused_the_message(engine: Engine) -> None:
    told = article("caravel/1", NOW - timedelta(hours=2))
    store(engine, told, article("ledger/1", NOW))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO destinations (id, channel, config) VALUES ('desk', 'webhook', '{}')"))
        delivery = uuid4()
        connection.execute(
            text("""INSERT INTO deliveries (id, destination_id, kind, state, rule_ids, content, message_ref, article_id,
                message_time) VALUES (:id, 'desk', 'alert', 'sent', '{}', '{}', 'x', :article, now())"""),
            {"id": delivery, "article": told.article_id},
        )
        for reader, verdict in (("a", "useful"), ("b", "false_alarm"), ("c", "useful")):
            connection.execute(
                text("INSERT INTO feedback (delivery_id, by, verdict) VALUES (:id, :by, :verdict)"),
                {"id": delivery, "by": reader, "verdict": verdict},
            )
    found = sources(engine)
    assert (found["caravel"]["useful"], found["caravel"]["false_alarms"]) == (2, 1)
    assert found["ledger"]["useful"] == 0


def test_old_reports_and_rare_outlets_are_left_out(engine: Engine) -> None:
    store(engine, article("caravel/1", NOW - timedelta(days=40)), article("ledger/1", NOW))
    assert set(sources(engine)) == {"ledger"}
    assert sources(engine, fewest_events=2) == {}
