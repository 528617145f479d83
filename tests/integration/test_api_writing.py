"""Writes over HTTP on a real database: nobody's change is lost, nothing is done twice, everything is on record."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from services.alerting.store.rules import RuleCache
from services.api import store
from shared.clock import wall
from tests.api_client import api, items, link
from tests.builders import NOON, QUETTA, enriched, frame, toll

DUTY = {"id": "duty", "channel": "slack_webhook", "config": {"url": "env:DUTY_URL"}}
BLASTS = {"id": "blasts", "owner": "desk", "when": {"killed_at_least": 5}, "route": {"now": ["duty"]}}
FEED = {"url": "https://caravel.example/rss", "source": "caravel", "country": "PK"}


@pytest.fixture
def admin(engine: Engine) -> Iterator[TestClient]:
    with api(engine, "admin") as client:
        yield client


@pytest.fixture
def duty(admin: TestClient) -> dict[str, Any]:
    answer = admin.put("/v1/destinations/duty", json=DUTY)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def audit(client: TestClient, **asked: str) -> list[tuple[str, str, Any, Any]]:
    return [
        (entry["action"], entry["target"], entry["detail"]["before"], entry["detail"]["after"])
        for entry in reversed(items(client, "/v1/audit", **asked))
    ]


@pytest.mark.usefixtures("duty")
def test_a_rule_is_in_force_when_its_answer_is_there_and_changed_only_by_who_saw_it(
    admin: TestClient, engine: Engine
) -> None:
    created = admin.put("/v1/rules/blasts", json=BLASTS)
    assert (created.status_code, created.headers["location"]) == (201, "/v1/rules/blasts")
    with engine.begin() as connection:
        book = RuleCache().current(connection, wall())
    assert [(rule.id, version) for rule, version in book.rules] == [("blasts", 1)]

    seen = admin.get("/v1/rules/blasts")
    assert seen.headers["etag"] == created.headers["etag"]
    other = BLASTS | {"enabled": False}
    assert admin.put("/v1/rules/blasts", json=other).status_code == 428
    assert admin.put("/v1/rules/blasts", json=other, headers={"If-Match": '"other"'}).status_code == 412
    changed = admin.put("/v1/rules/blasts", json=other, headers={"If-Match": seen.headers["etag"]})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    late = admin.put("/v1/rules/blasts", json=BLASTS, headers={"If-Match": seen.headers["etag"]})
    assert late.status_code == 412
    assert changed.headers["etag"] in late.json()["detail"]
    assert [(b and b.get("enabled", True), a.get("enabled", True)) for _, _, b, a in audit(admin, target="blasts")] == [
        (None, True),
        (True, False),
    ]


def test_a_rule_is_checked_by_alertings_own_code(admin: TestClient) -> None:
    nowhere = admin.put("/v1/rules/blasts", json=BLASTS)
    assert nowhere.status_code == 422
    assert "no destination 'duty'" in nowhere.json()["errors"][0]["what"]
    assert admin.put("/v1/rules/other", json=BLASTS).json()["errors"][0]["where"] == ["body", "id"]
    assert admin.put("/v1/rules/blasts", json=BLASTS | {"whn": {}}).status_code == 422
    assert items(admin, "/v1/rules") == []
    assert audit(admin) == []


def test_a_destination_keeps_references_never_secrets(admin: TestClient, engine: Engine) -> None:
    secret = DUTY | {"config": {"url": "https://hooks.slack.example/services/T0/B0/verysecret"}}
    refused = admin.put("/v1/destinations/duty", json=secret)
    assert refused.status_code == 422
    assert "verysecret" not in refused.text
    assert admin.put("/v1/destinations/duty", json=DUTY).status_code == 201
    with api(engine, "review") as reviewer:
        assert reviewer.get("/v1/destinations").status_code == 403


def test_of_writers_at_the_same_time_one_wins(admin: TestClient, duty: dict[str, Any]) -> None:
    seen = admin.get("/v1/destinations/duty").headers["etag"]

    def put(name: int) -> int:
        body = DUTY | {"config": {"url": f"env:URL_{name}"}}
        return admin.put("/v1/destinations/duty", json=body, headers={"If-Match": seen}).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(put, range(6)))
    assert answers == [200, 412, 412, 412, 412, 412]
    assert admin.get("/v1/destinations/duty").json()["version"] == duty["version"] + 1


def test_the_same_idempotency_key_does_nothing_twice(admin: TestClient, engine: Engine) -> None:
    key = {"Idempotency-Key": "order-1"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: admin.post("/v1/feeds", json=FEED, headers=key), range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.text, answer.headers["location"], answer.headers["etag"]) for answer in answers}) == 1
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM feeds")).scalar_one() == 1
    assert len(audit(admin, action="feed.put")) == 1

    other = admin.post("/v1/feeds", json=FEED | {"source": "other"}, headers=key)
    assert other.status_code == 422
    assert "Idempotency-Key" in other.json()["detail"]
    assert admin.post("/v1/feeds", json=FEED, headers={"Idempotency-Key": "order-2"}).status_code == 409


def test_an_idempotency_key_is_its_callers_own_and_a_refusal_leaves_it_free(admin: TestClient, engine: Engine) -> None:
    key = {"Idempotency-Key": "order-1"}
    assert admin.put("/v1/rules/blasts", json=BLASTS, headers=key).status_code == 422
    assert admin.post("/v1/feeds", json=FEED, headers=key).status_code == 201
    with api(engine, "admin") as colleague:
        answer = colleague.post("/v1/feeds", json=FEED | {"url": "https://other.example/rss"}, headers=key)
    assert answer.status_code == 201


def test_an_answer_is_kept_for_a_day(admin: TestClient, engine: Engine) -> None:
    key = {"Idempotency-Key": "order-1"}
    assert admin.post("/v1/feeds", json=FEED, headers=key).status_code == 201
    with engine.begin() as connection:
        store.forget_answers(connection)
    assert admin.post("/v1/feeds", json=FEED, headers=key).status_code == 201
    with engine.begin() as connection:
        connection.execute(text("UPDATE idempotent_requests SET created_at = now() - interval '25 hours'"))
        store.forget_answers(connection)
    assert admin.post("/v1/feeds", json=FEED, headers=key).status_code == 409


def test_a_feed_is_switched_off_and_on_again_as_if_new(admin: TestClient, engine: Engine) -> None:
    added = admin.post("/v1/feeds", json=FEED)
    path, tag = added.headers["location"], added.headers["etag"]
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE feeds SET enabled = false, failures = 9, disabled_reason = 'gone', polls = polls + 1")
        )
    assert admin.get(path).headers["etag"] != tag
    again = admin.put(path, json=FEED, headers={"If-Match": admin.get(path).headers["etag"]})
    assert (again.json()["enabled"], again.json()["failures"], again.json()["disabled_reason"]) == (True, 0, None)
    with engine.begin() as connection:
        connection.execute(text("UPDATE feeds SET polls = polls + 1, last_status = 304"))
    assert admin.get(path).headers["etag"] == again.headers["etag"], "polls change nothing of what people say of it"


@pytest.mark.parametrize("url", ["ftp://a.example/x", "nothing", "https://", "javascript:alert(1)"])
def test_a_feed_needs_an_address(admin: TestClient, url: str) -> None:
    assert admin.post("/v1/feeds", json=FEED | {"url": url}).status_code == 422


def test_a_silence_is_made_changed_and_ended_and_kept(admin: TestClient, engine: Engine) -> None:
    now = wall()
    body = {
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "comment": "exercise",
        "rule": ["blasts"],
    }
    made = admin.post("/v1/silences", json=body)
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    assert holding(engine) == ["exercise"]
    assert admin.delete(path).status_code == 428
    longer = admin.put(path, json=body | {"comment": "longer"}, headers={"If-Match": made.headers["etag"]})
    assert longer.status_code == 200, longer.text
    ended = admin.delete(path, headers={"If-Match": longer.headers["etag"]})
    assert ended.status_code == 200
    assert holding(engine) == []
    assert items(admin, "/v1/silences") == []
    assert admin.get(path).json()["comment"] == "longer"
    assert len(audit(admin, action="silence.put")) == 3
    assert admin.post("/v1/silences", json=body | {"ends_at": body["starts_at"]}).status_code == 422
    for unstorable in ({"comment": "a\0b"}, {"when": {"source": ["a\0b"]}}):
        refused = admin.post("/v1/silences", json=body | unstorable)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")


def holding(engine: Engine) -> list[str]:
    with engine.begin() as connection:
        return [silence.comment for silence in RuleCache().current(connection, wall()).silences]


# --- reviews ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def reviewer(engine: Engine) -> Iterator[TestClient]:
    link(
        engine,
        enriched("caravel/1", frame(killed=toll(5))),
        enriched("herald/1", frame(place=QUETTA, killed=toll(1)), published_at=NOON + timedelta(hours=2)),
    )
    with api(engine, "review") as client:
        yield client


def events(engine: Engine) -> dict[str, str]:
    """Ids by place."""
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT id, locality FROM events"))
        return {row.locality: str(row.id) for row in rows}


def snapshot(engine: Engine, event: str) -> dict[str, Any]:
    with engine.begin() as connection:
        return dict(connection.execute(text("SELECT snapshot FROM events WHERE id = :id"), {"id": event}).scalar_one())


def review(client: TestClient, event: str, revision: int, **body: Any) -> Any:
    headers = {"If-Match": f'"{revision}"', "Idempotency-Key": f"{event}{revision}{body}".replace(" ", "")[:200]}
    return client.post(f"/v1/events/{event}/reviews", json={"reason": "seen"} | body, headers=headers)


def test_a_correction_stands_is_published_and_on_record(reviewer: TestClient, engine: Engine) -> None:
    event = events(engine)["Peshawar"]
    answer = review(reviewer, event, 1, action="correct", field="killed", value=12)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["revision"], answer.headers["etag"]) == (2, '"2"')
    assert answer.json()["snapshot"]["killed"]["best"] == 12
    assert snapshot(engine, event)["killed"]["best"] == 12
    again = review(reviewer, event, 1, action="correct", field="killed", value=12)
    assert again.json() == answer.json(), "the same key: the same answer"
    stale = review(reviewer, event, 1, action="reject")
    assert stale.status_code == 412
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM outbox WHERE service = 'link'")).scalar_one() == 1
    with api(engine, "admin") as admin:
        (entry,) = items(admin, "/v1/audit", target=event)
    assert entry["action"] == "event.correct"
    assert entry["actor"].endswith("(desk)")


def test_reviews_merge_and_split(reviewer: TestClient, engine: Engine) -> None:
    quetta, peshawar = events(engine)["Quetta"], events(engine)["Peshawar"]
    merged = review(reviewer, quetta, 1, action="merge", into=peshawar)
    assert merged.status_code == 200, merged.text
    assert merged.json()["event_id"] == peshawar
    assert snapshot(engine, quetta)["status"] == "merged"
    with engine.begin() as connection:
        herald = connection.execute(text("SELECT id FROM reports WHERE record ->> 'source' = 'herald'")).scalar_one()
    parted = review(reviewer, peshawar, merged.json()["revision"], action="split", report_ids=[str(herald)])
    assert parted.status_code == 200, parted.text
    assert {change["event_id"] for change in parted.json()["changes"]} > {peshawar}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "merge"}, 422),
        ({"action": "correct", "field": "killed", "value": "many"}, 422),
        ({"action": "unpin", "field": "killed"}, 422),
        ({"action": "doubt"}, 422),
        ({"action": "confirm", "reason": ""}, 422),
    ],
)
def test_a_review_that_makes_no_sense_changes_nothing(
    reviewer: TestClient, engine: Engine, body: dict[str, Any], status: int
) -> None:
    event = events(engine)["Peshawar"]
    assert review(reviewer, event, 1, **body).status_code == status
    assert snapshot(engine, event)["revision"] == 1


def test_a_review_needs_an_event_and_the_revision_that_was_seen(reviewer: TestClient, engine: Engine) -> None:
    event = events(engine)["Peshawar"]
    assert review(reviewer, "00000000-0000-0000-0000-000000000007", 1, action="confirm").status_code == 404
    body = {"action": "confirm", "reason": "seen"}
    assert reviewer.post(f"/v1/events/{event}/reviews", json=body).status_code == 428
    blind = reviewer.post(f"/v1/events/{event}/reviews", json=body, headers={"If-Match": "*"})
    assert blind.status_code == 412
