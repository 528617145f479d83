"""Destinations that asked to hear of Tocsin itself: told once when it begins, once when it ends."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from services.alerting import heartbeats
from shared.clock import wall
from tests.alerting_stage import Stage
from tests.alerts import change

RULE = {"id": "all", "route": {"now": "desk"}}


class Watch(Stage):
    def execute(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def told(self) -> list[str]:
        """Headlines of what is new, after looking twice."""
        for _ in range(2):
            heartbeats.look(self.engine)
        query = text("UPDATE deliveries SET kind = 'seen' WHERE kind = 'system' RETURNING content ->> 'headline'")
        with self.engine.begin() as connection:
            return list(connection.scalars(query))

    def processed(self, minutes_ago: float) -> None:
        self.execute("DELETE FROM inbox")
        at = wall() - timedelta(minutes=minutes_ago)
        self.execute(
            "INSERT INTO inbox (consumer, message_id, outcome, received_at) VALUES ('link', 'a', 'produced', :at)",
            at=at,
        )


@pytest.fixture
def watch(engine: Engine) -> Watch:
    return Watch(engine)


def test_silence_is_told_when_it_begins_and_when_it_ends(watch: Watch) -> None:
    watch.rules(RULE, heartbeat={"quiet_minutes": 30})
    watch.processed(minutes_ago=45)
    assert watch.told() == []  # it was asked for only now
    watch.execute("UPDATE destinations SET updated_at = now() - interval '1 hour'")
    assert watch.told() == ["Nothing was processed"]
    assert watch.told() == []
    watch.processed(minutes_ago=0)
    assert watch.told() == ["Over: nothing was processed"]
    watch.processed(minutes_ago=31)
    assert watch.told() == ["Nothing was processed"]


def test_deliveries_that_die_are_told_until_one_arrives(watch: Watch) -> None:
    watch.rules(RULE, heartbeat={"dead_of": "desk"})
    watch.take(change())
    assert watch.told() == []
    watch.execute("UPDATE deliveries SET state = 'dead', next_at = now()")
    assert watch.told() == ["Messages to desk do not arrive"]
    watch.execute("UPDATE deliveries SET state = 'sent', sent_at = now() + interval '1 s' WHERE kind = 'seen'")
    assert watch.told() == ["Over: messages to desk do not arrive"]


def test_who_did_not_ask_is_told_nothing(watch: Watch) -> None:
    watch.rules(RULE)
    watch.execute("UPDATE destinations SET updated_at = now() - interval '1 year'")
    watch.take(change())
    watch.execute("UPDATE deliveries SET state = 'dead', next_at = now()")
    assert watch.told() == []
