"""Digests from what is held to what a receiver gets, and counts that hold when several decide at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from services.alerting import tasks
from services.alerting.delivery import Desk, serve
from services.alerting.store import backlog
from shared.codes import Change
from shared.contracts import Reason
from shared.database import tables
from shared.database.session import make_engine
from tests.alerting_stage import Stage
from tests.alerts import NOON, change
from tests.receivers import receivers

ALL = {"id": "all", "route": {"now": "desk"}}
MINUTE = timedelta(minutes=1)
THROTTLE = {"messages": 1, "minutes": 60}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=8)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("channel", ["slack", "email"])
def test_what_a_digest_told_goes_on_in_its_thread(
    engine: Engine, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receivers() as (sinks, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        desk = Desk(engine, frozenset(environment["ALERT_ALLOWED_HOSTS"].split(",")), slack_per_second=0)
        stage = Stage(engine)
        stage.rules(ALL, channel=channel, throttle=THROTTLE)
        for number in (1, 2, 3):
            stage.take(change(event=UUID(int=number)), NOON + number * MINUTE)
        stage.take(change(event=UUID(int=4)), NOON + 62 * MINUTE)  # throttled too, but brings the digest
        reasons = (Reason(field="killed", old="12", new="14", material=True),)
        stage.take(change(Change.CORRECTED, 2, event=UUID(int=2), reasons=reasons), NOON + 63 * MINUTE)
        serve(desk, "desk")
        alert, digest, correction = sinks.record.messages
        kinds = [message.labels["kind"] for message in (alert, digest, correction)]
        assert kinds == ["alert", "digest", "correction"]
        assert correction.thread == digest.ref
        assert "2 attacks" in digest.text


def test_a_digest_that_cannot_be_delivered_leaves_no_thread_and_sent_again_it_has_them(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receivers() as (sinks, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        desk = Desk(engine, frozenset(environment["ALERT_ALLOWED_HOSTS"].split(",")))
        stage = Stage(engine)
        stage.rules(ALL, throttle=THROTTLE)
        for number in (1, 2, 3):
            stage.take(change(event=UUID(int=number)), NOON + number * MINUTE)
        stage.take(change(event=UUID(int=4), place=None, alertable=False), NOON + 62 * MINUTE)
        monkeypatch.delenv("TEST_WEBHOOK_SECRET")
        serve(desk, "desk")
        assert stage.rows(tables.Thread, "event_id") == []
        monkeypatch.setenv("TEST_WEBHOOK_SECRET", environment["TEST_WEBHOOK_SECRET"])
        with engine.begin() as connection:
            (digest,) = connection.scalars(text("SELECT id FROM deliveries WHERE kind = 'digest'"))
            assert backlog.revive(connection, digest)
        assert stage.rows(tables.Thread, "event_id") == [(UUID(int=2),), (UUID(int=3),)]
        serve(desk, "desk")
        assert [message.labels["kind"] for message in sinks.record.messages] == ["digest"]


def test_several_that_decide_at_once_count_together(engine: Engine) -> None:
    Stage(engine).rules(ALL, group={"more_than": 3, "minutes": 10})

    def take(number: int) -> None:
        Stage(engine).take(change(event=UUID(int=number)), NOON)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(take, range(1, 25)))
    assert len(Stage(engine).rows(tables.Delivery, "id")) == 3
    assert len(Stage(engine).rows(tables.Hold, "id")) == 21


def test_the_worker_has_a_task_for_what_is_due_on_the_wall(engine: Engine, valkey_url: str) -> None:
    stage = Stage(engine)
    stage.rules(ALL, throttle=THROTTLE)
    for number in (1, 2):
        stage.take(change(event=UUID(int=number)), NOON + number * MINUTE)
    with engine.begin() as connection:
        connection.execute(text("UPDATE holds SET due_wall_at = now()"))
    app = tasks.make_app(valkey_url, Desk(engine), 5)
    assert tasks.CATCH_UP in app.conf.beat_schedule
    app.tasks[tasks.CATCH_UP].run()
    assert [row[0] for row in stage.rows(tables.Delivery, "kind")] == ["alert", "digest"]
