"""What alerting promises, a test a promise, on a real database; services/alerting/README.md has the list."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from services.alerting import outgoing
from services.alerting.domain.rulebook import read
from services.alerting.domain.rules import Silence
from services.alerting.store import reactions, silences
from services.alerting.store import rules as rule_store
from shared.codes import Change, EventStatus, WherePrecision
from shared.contracts import EventChanged, Place, Reason
from shared.database import tables
from shared.database.session import make_engine
from shared.handler import Filtered, Produced
from tests.alerting_stage import Stage
from tests.alerts import EVENT, NOON, OTHER, change
from tests.builders import PESHAWAR, QUETTA, toll

ALL = {"id": "all", "route": {"now": "desk"}}
PAKISTAN = Place(name="Pakistan", country="PK", lat=30.0, lon=70.0, precision=WherePrecision.COUNTRY)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Policy(Stage):
    """The stage with destinations that ask for more than to be told at once."""

    def put(self, *rules: dict[str, Any], **destinations: dict[str, Any]) -> None:
        """Put rules in force, and webhooks by the given names with the given configuration."""
        least = {"url": "env:TEST_WEBHOOK_URL", "secret": "env:TEST_WEBHOOK_SECRET"}
        document = {
            "rules": [{"owner": "desk", **rule} for rule in rules],
            "destinations": [
                {"id": name, "channel": "webhook", "config": {**least, **config}}
                for name, config in destinations.items()
            ],
        }
        with self.engine.begin() as connection:
            rule_store.save(connection, *read(document, known=["desk"]), by="test")

    def silence(self, **values: Any) -> Silence:
        times = {"starts_at": NOON - HOUR, "ends_at": NOON + HOUR, "comment": "drill", "created_by": "ann"}
        one = Silence.model_validate({"id": uuid4(), **times, **values})
        with self.engine.begin() as connection:
            silences.put(connection, one)
        return one

    def sent(self, destination: str = "desk") -> list[tuple[str, UUID | None]]:
        """Kind and event of every message to a destination, in the order of their making; digests are made first."""
        query = text("""SELECT kind, event_id FROM deliveries WHERE destination_id = :d
                        ORDER BY created_at, kind <> 'digest', revision""")
        with self.engine.begin() as connection:
            return [(row.kind, row.event_id) for row in connection.execute(query, {"d": destination})]

    def kinds(self, destination: str = "desk") -> list[str]:
        return [kind for kind, _ in self.sent(destination)]

    def digest(self, destination: str = "desk") -> Any:
        """The content of the last digest."""
        query = text("""SELECT content FROM deliveries WHERE kind = 'digest' AND destination_id = :d
                        ORDER BY created_at DESC LIMIT 1""")
        with self.engine.begin() as connection:
            return connection.execute(query, {"d": destination}).scalar_one()["digest"]

    def why(self, event: UUID = EVENT) -> list[tuple[int, str, str]]:
        """Revision, result and reason of every decision about an event."""
        rows = self.rows(tables.Decision, "event_id", "revision", "result", "reason")
        return [(revision, result, reason) for of, revision, result, reason in rows if of == event]

    def execute(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def roots(self) -> dict[UUID, str]:
        """Which message each event's thread begins with."""
        return {event: root["delivery_id"] for event, root in self.rows(tables.Thread, "event_id", "root")}


@pytest.fixture(scope="module")
def database(postgres_url: str, migrated_database: str) -> Iterator[Engine]:
    """One database for all of these tests: to empty its tables is quicker than to make another."""
    name = f"behaviour{uuid4().hex[:8]}"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {migrated_database}"))
    engine = make_engine(make_url(postgres_url).set(database=name).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def engine(database: Engine) -> Engine:
    used = (
        "destinations, rules, silences, decisions, threads, deliveries, holds, escalations, acknowledgements, feedback"
    )
    with database.begin() as connection:
        connection.execute(text(f"TRUNCATE {used} CASCADE"))
    return database


@pytest.fixture
def policy(engine: Engine) -> Policy:
    return Policy(engine)


def event(number: int, kind: Change = Change.CREATED, revision: int = 1, **values: Any) -> EventChanged:
    return change(kind, revision, event=UUID(int=number), **values)


# --- once -------------------------------------------------------------------------------------------------------------


def test_what_was_told_is_not_told_again_after_a_restart(policy: Policy, engine: Engine) -> None:
    policy.put(ALL, desk={})
    policy.take(change())
    restarted = Policy(engine)
    assert restarted.take(change()) == Filtered("told_before")
    assert restarted.take(change(Change.UPDATED, 2, material=False)) == Filtered("not_material")
    assert restarted.kinds() == ["alert"]


def test_two_rules_and_one_destination_make_one_message(policy: Policy) -> None:
    policy.put(ALL, {"id": "pk", "when": {"country": "PK"}, "route": {"now": ["desk", "board"]}}, desk={}, board={})
    policy.take(change())
    assert policy.sent() == policy.sent("board") == [("alert", EVENT)]
    told = {(name, tuple(rules)) for name, rules in policy.rows(tables.Delivery, "destination_id", "rule_ids")}
    assert told == {("desk", ("all", "pk")), ("board", ("pk",))}


def test_one_rule_at_once_and_one_in_the_digest_make_one_message(policy: Policy) -> None:
    policy.put(ALL, {"id": "daily", "route": {"digest": "desk"}}, desk={})
    policy.take(change())
    policy.take(event(9, place=None), NOON + timedelta(days=2))
    assert policy.kinds() == ["alert", "alert"]
    assert policy.rows(tables.Hold, "event_id") == []


# --- groups -----------------------------------------------------------------------------------------------------------

GROUPED = {"group": {"more_than": 3, "minutes": 10, "wait_minutes": 5}}


def test_under_load_events_are_grouped_and_each_keeps_its_thread(policy: Policy) -> None:
    policy.put(ALL, desk=GROUPED)
    for number in range(1, 41):
        policy.take(event(number), NOON + number * timedelta(seconds=1))
    assert policy.kinds() == ["alert"] * 3, "grouping starts with the fourth"
    policy.take(event(1, Change.UPDATED, 2, reasons=(Reason(field="killed", material=True),)), NOON + MINUTE)
    assert policy.sent()[-1] == ("update", UUID(int=1)), "what has its thread goes on in it"
    policy.take(event(41), NOON + 20 * MINUTE)
    assert policy.kinds() == ["alert"] * 3 + ["update", "digest", "alert"]
    assert policy.digest()["events"] == 37
    roots = policy.roots()
    assert len(roots) == 41
    assert len({roots[UUID(int=number)] for number in range(4, 41)}) == 1
    policy.take(event(20, Change.CORRECTED, 2, status=EventStatus.CORRECTED), NOON + 21 * MINUTE)
    assert policy.sent()[-1] == ("correction", UUID(int=20)), "and what was grouped has one of its own from then on"


def test_a_group_tells_its_events_as_they_are_when_it_is_sent(policy: Policy) -> None:
    policy.put(ALL, desk={"group": {"more_than": 1, "minutes": 10, "wait_minutes": 5}})
    for number in range(1, 5):
        policy.take(event(number, killed=toll(1)), NOON)
    policy.take(event(2, Change.UPDATED, 2, killed=toll(9)), NOON + MINUTE)
    policy.take(event(3, Change.RETRACTED, 2, status=EventStatus.RETRACTED), NOON + MINUTE)
    policy.take(event(5), NOON + 2 * MINUTE)
    policy.take(event(6), NOON + 30 * MINUTE)
    digest = policy.digest()
    assert {(UUID(line["event_id"]).int, line["toll"]) for line in digest["lines"]} == {
        (2, "9 killed"), (4, "1 killed"), (5, "12 killed"),
    }  # fmt: skip
    assert policy.kinds() == ["alert", "digest", "alert"]


# --- inhibition -------------------------------------------------------------------------------------------------------

HIDDEN = {"id": "cities", "route": {"now": "desk"}, "inhibited_by": {"by": ["wider", "graver"]}}


def test_a_country_level_alert_hides_those_of_its_cities(policy: Policy) -> None:
    policy.put(HIDDEN, desk={})
    policy.take(event(1, place=PAKISTAN))
    assert policy.take(event(2, place=QUETTA), NOON + HOUR) == Filtered("inhibited")
    assert f"by the alert about event {UUID(int=1)}" in policy.why(UUID(int=2))[0][2]
    policy.take(event(3, place=QUETTA.model_copy(update={"country": "AF"})), NOON + HOUR)
    policy.take(event(4, place=QUETTA), NOON + 13 * HOUR)
    assert [event_id for _, event_id in policy.sent()] == [UUID(int=1), UUID(int=3), UUID(int=4)]
    assert policy.take(event(2, Change.UPDATED, 2, place=QUETTA, material=False), NOON + 14 * HOUR) == Filtered(
        "inhibited"
    ), "it does not come out of hiding without news"


def test_a_graver_alert_hides_lesser_ones_and_never_a_graver_one(policy: Policy) -> None:
    policy.put(HIDDEN, desk={})
    policy.take(event(1, place=QUETTA, killed=toll(20)))
    assert policy.take(event(2, killed=toll(3)), NOON + HOUR) == Filtered("inhibited")
    assert isinstance(policy.take(event(3, killed=toll(30)), NOON + HOUR), Produced)


def test_what_a_retracted_alert_hid_is_told_after_all(policy: Policy) -> None:
    policy.put(HIDDEN, desk={})
    policy.take(event(1, place=PAKISTAN))
    policy.take(event(2, place=QUETTA), NOON + HOUR)
    policy.take(event(1, Change.RETRACTED, 2, place=PAKISTAN, status=EventStatus.RETRACTED), NOON + 2 * HOUR)
    assert sorted(policy.kinds()) == ["alert", "digest", "retraction"]
    assert [line["event_id"] for line in policy.digest()["lines"]] == [str(UUID(int=2))]


# --- silence ----------------------------------------------------------------------------------------------------------


def test_a_silence_holds_by_matcher_and_time_and_what_it_held_is_not_sent_when_it_expires(policy: Policy) -> None:
    policy.put(ALL, desk={})
    policy.silence(when={"country": "PK"})
    assert policy.take(change()) == Filtered("silenced")
    assert policy.why() == [(1, "silenced", "by ann until 2023-01-30 13:00 UTC: drill")]
    assert isinstance(policy.take(event(2, place=PESHAWAR.model_copy(update={"country": "AF"}))), Produced)
    after = NOON + 2 * HOUR
    assert policy.take(change(Change.UPDATED, 2, material=False), after) == Filtered("silenced"), "never sent later"
    assert isinstance(policy.take(change(Change.UPDATED, 3), after), Produced), "but what is new then is"
    assert policy.sent() == [("alert", UUID(int=2)), ("alert", EVENT)]


def test_a_silence_can_be_ended_early(policy: Policy) -> None:
    policy.put(ALL, desk={})
    one = policy.silence()
    assert policy.take(event(1)) == Filtered("silenced")
    with policy.engine.begin() as connection:
        assert silences.end(connection, one.id, NOON + MINUTE)
        assert not silences.end(connection, one.id, NOON + 2 * MINUTE)
        assert [found.ends_at for found in silences.silences(connection)] == [NOON + MINUTE]
    assert isinstance(policy.take(event(2), NOON + MINUTE), Produced)


def test_corrections_and_retractions_go_past_silences_quiet_hours_and_throttles(policy: Policy) -> None:
    policy.put(ALL, desk={"quiet_hours": {"from": "12:30", "to": "20:00"}, "throttle": {"messages": 2, "minutes": 600}})
    policy.take(event(1))
    policy.take(event(2))
    policy.silence(starts_at=NOON + MINUTE, ends_at=NOON + 9 * HOUR)
    assert policy.take(event(1, Change.UPDATED, 2), NOON + HOUR) == Filtered("silenced")
    policy.take(event(1, Change.CORRECTED, 3, status=EventStatus.CORRECTED), NOON + HOUR)
    policy.take(event(2, Change.RETRACTED, 2, status=EventStatus.RETRACTED), NOON + HOUR)
    assert policy.sent() == [
        ("alert", UUID(int=1)), ("alert", UUID(int=2)), ("correction", UUID(int=1)), ("retraction", UUID(int=2)),
    ]  # fmt: skip


# --- quiet hours and throttles ----------------------------------------------------------------------------------------

NIGHT = {"quiet_hours": {"from": "22:00", "to": "07:00"}, "timezone": "Europe/London"}


def test_quiet_hours_over_midnight_end_with_one_digest(policy: Policy) -> None:
    policy.put(ALL, desk=NIGHT)
    evening = datetime(2023, 1, 30, 21, 50, tzinfo=UTC)
    policy.take(event(1), evening)
    policy.take(event(2), evening + 20 * MINUTE)
    policy.take(event(1, Change.UPDATED, 2, reasons=(Reason(field="killed", old="5", new="12", material=True),)),
                evening + HOUR)  # fmt: skip
    policy.take(event(3), evening + 6 * HOUR)
    assert policy.kinds() == ["alert"]
    policy.take(event(4), evening + 10 * HOUR)
    assert policy.sent() == [("alert", UUID(int=1)), ("digest", None), ("alert", UUID(int=4))]
    digest = policy.digest()
    assert (digest["events"], digest["updates"]) == (2, 1)
    assert digest["why"] == ["quiet hours until Tue 2023-01-31 07:00 (Europe/London)"]
    assert "killed 5 → 12" in next(line["change"] for line in digest["lines"] if line["update"])
    policy.take(event(2, Change.UPDATED, 2), evening + 11 * HOUR)
    assert policy.sent()[-1] == ("update", UUID(int=2)), "told in the digest, it goes on in its thread"


def test_quiet_hours_end_by_the_recipients_clock_when_it_changes(policy: Policy) -> None:
    policy.put(ALL, desk=NIGHT)
    night = datetime(2023, 3, 25, 23, 0, tzinfo=UTC)  # the clock is put forward at one
    policy.take(event(1), night)
    policy.take(event(2), datetime(2023, 3, 26, 5, 59, tzinfo=UTC))
    assert policy.kinds() == []
    policy.take(event(3), datetime(2023, 3, 26, 6, 0, tzinfo=UTC))  # seven in London
    assert policy.kinds() == ["digest", "alert"]


def test_quiet_hours_end_on_the_wall_too_when_no_message_comes(policy: Policy) -> None:
    policy.put(ALL, desk=NIGHT)
    policy.take(event(1), datetime(2023, 1, 30, 23, tzinfo=UTC))
    with policy.engine.begin() as connection:
        assert outgoing.release(connection) == [], "eight hours are not over"
    policy.execute("UPDATE holds SET due_wall_at = due_wall_at - interval '8 hours'")
    assert len(outgoing.catch_up(policy.engine)) == 1
    assert outgoing.catch_up(policy.engine) == []
    assert policy.kinds() == ["digest"]


def test_an_urgent_rule_goes_past_quiet_hours(policy: Policy) -> None:
    policy.put(
        ALL, {"id": "grave", "when": {"killed_at_least": 50}, "route": {"now": "desk"}, "urgent": True}, desk=NIGHT
    )
    night = datetime(2023, 1, 30, 23, tzinfo=UTC)
    policy.take(event(1), night)
    policy.take(event(1, Change.UPDATED, 2, killed=toll(60)), night + MINUTE)
    assert policy.sent() == [("alert", UUID(int=1))]
    policy.take(event(2), night + 9 * HOUR)
    assert policy.kinds() == ["alert", "alert"], "what was told at once is not in a digest again"


def test_what_is_throttled_is_told_in_one_digest(policy: Policy) -> None:
    policy.put(ALL, desk={"throttle": {"messages": 2, "minutes": 60}})
    for number in range(1, 8):
        policy.take(event(number), NOON + number * MINUTE)
    assert policy.kinds() == ["alert", "alert"]
    policy.take(event(8), NOON + 2 * HOUR)
    assert policy.sent() == [("alert", UUID(int=1)), ("alert", UUID(int=2)), ("digest", None), ("alert", UUID(int=8))]
    assert policy.digest()["events"] == 5
    assert policy.why(UUID(int=3)) == [(1, "throttled", "no more than 2 messages in 60 min")]


def test_after_an_outage_twenty_late_alerts_are_told_and_the_rest_in_one_digest(policy: Policy) -> None:
    policy.put(ALL, desk={})
    for number in range(1, 31):
        late = event(number, late_seconds=7200).model_copy(update={"published_at": NOON - 2 * HOUR})
        policy.take(late, NOON + number * timedelta(seconds=1))
    policy.take(event(31), NOON + HOUR)
    assert policy.kinds() == ["alert"] * 20 + ["digest", "alert"]
    digest = policy.digest()
    assert digest["events"] == 10
    assert {line["change"] for line in digest["lines"]} == {"120 min late"} or {
        line["change"] for line in digest["lines"]
    } == {"2 h late"}


# --- stages, digests, updates -----------------------------------------------------------------------------------------


def test_staged_routes_tell_some_unconfirmed_and_others_once_it_is_confirmed(policy: Policy) -> None:
    policy.put({"id": "staged", "route": {"unconfirmed": "triage", "confirmed": "board"}}, triage={}, board=NIGHT)
    night = datetime(2023, 1, 30, 23, tzinfo=UTC)
    policy.take(change(), night)
    assert (policy.kinds("triage"), policy.kinds("board")) == (["alert"], [])
    assert policy.rows(tables.Hold, "event_id") == [], "what waits for its stage is in no digest"
    policy.take(change(Change.CONFIRMED, 2, status=EventStatus.CONFIRMED), night + 10 * HOUR)
    assert (policy.kinds("triage"), policy.kinds("board")) == (["alert", "update"], ["alert"])


def test_a_digest_route_tells_daily_what_matched_and_corrections_at_once(policy: Policy) -> None:
    policy.put({"id": "daily", "when": {"country": "PK"}, "route": {"digest": "desk"}},
               desk={"digest": {"at": "18:00"}, "timezone": "Asia/Karachi"})  # fmt: skip
    policy.take(event(1))
    policy.take(event(2, place=QUETTA))
    policy.take(event(3, place=None), NOON + 50 * MINUTE)
    assert policy.kinds() == []
    policy.take(event(4), NOON + HOUR)  # 18:00 in Karachi is 13:00 UTC
    assert policy.kinds() == ["digest"]
    assert policy.digest()["countries"] == [["Pakistan", 2]]
    policy.take(event(1, Change.UPDATED, 2), NOON + 2 * HOUR)
    policy.take(event(2, Change.CORRECTED, 2, status=EventStatus.CORRECTED), NOON + 2 * HOUR)
    assert policy.kinds() == ["digest", "correction"]
    policy.take(event(5), NOON + 25 * HOUR)
    assert policy.kinds() == ["digest", "correction", "digest"]
    assert (policy.digest()["events"], policy.digest()["updates"]) == (1, 1)


def test_updates_come_only_for_the_changes_that_the_rule_wants(policy: Policy) -> None:
    policy.put({**ALL, "updates": {"only": ["toll", "claim"], "killed_steps": [10, 50]}},
               {"id": "elsewhere", "when": {"country": "AF"}, "route": {"now": "desk"}}, desk={})  # fmt: skip
    policy.take(change())
    reasons = [
        ("killed", "12", "14"),
        ("place", "A", "B"),
        ("perpetrators", None, "X (claimed)"),
        ("killed", "14", "51"),
    ]
    for revision, (field, old, new) in enumerate(reasons, start=2):
        reason = Reason(field=field, old=old, new=new, material=True)
        policy.take(change(Change.UPDATED, revision, reasons=(reason,)))
    assert [row[0] for row in policy.rows(tables.Delivery, "revision", "kind") if row[1] == "update"] == [4, 5]


# --- people -----------------------------------------------------------------------------------------------------------

ESCALATED = {**ALL, "escalate": {"after_minutes": 15, "to": "boss"}}


def late_by(policy: Policy, minutes: int) -> list[UUID]:
    """What is due when so many minutes have passed."""
    with policy.engine.begin() as connection:
        sooner = text("UPDATE escalations SET due_at = due_at - make_interval(mins => :minutes)")
        connection.execute(sooner, {"minutes": minutes})
    return outgoing.catch_up(policy.engine)


def test_what_nobody_acknowledges_is_escalated_once(policy: Policy) -> None:
    policy.put(ESCALATED, desk={}, boss={})
    policy.take(change())
    policy.take(change(Change.UPDATED, 2, killed=toll(40)))
    assert late_by(policy, 14) == []
    (escalated,) = late_by(policy, 1)
    assert late_by(policy, 60) == []
    assert policy.sent("boss") == [("alert", EVENT)]
    (content,) = (row[1] for row in policy.rows(tables.Delivery, "id", "content") if row[0] == escalated)
    assert content["note"].startswith("Nobody at desk has acknowledged this within 15 min")
    assert content["event"]["killed"]["best"] == 40, "as it is now"
    policy.take(change(Change.RETRACTED, 3, status=EventStatus.RETRACTED))
    assert policy.kinds("boss") == ["alert", "retraction"]


def test_an_acknowledgement_stops_the_escalation(policy: Policy) -> None:
    policy.put(ESCALATED, desk={}, boss={})
    policy.take(change())
    with policy.engine.begin() as connection:
        assert reactions.acknowledge(connection, policy.woken[0], "ann").stopped == 1
        assert reactions.acknowledge(connection, policy.woken[0], "ann").stopped == 0
    assert late_by(policy, 60) == []
    assert policy.rows(tables.Escalation, "destination_id", "outcome") == [("boss", "acknowledged by ann")]
    with policy.engine.begin() as connection, pytest.raises(reactions.NoSuchDelivery):
        reactions.acknowledge(connection, uuid4(), "ann")


def test_what_is_retracted_or_told_before_is_not_escalated(policy: Policy) -> None:
    policy.put(ESCALATED, {"id": "grave", "when": {"killed_at_least": 30}, "route": {"now": "boss"}}, desk={}, boss={})
    policy.take(event(1))
    policy.take(event(1, Change.RETRACTED, 2, status=EventStatus.RETRACTED))
    policy.take(event(2, killed=toll(30)))
    assert late_by(policy, 15) == []
    assert sorted(row[0] for row in policy.rows(tables.Escalation, "outcome")) == ["retracted", "told before"]


def test_feedback_gives_the_precision_of_rules_and_sources(policy: Policy) -> None:
    policy.put(ALL, desk={})
    for number in range(1, 4):
        policy.take(event(number))
    with policy.engine.begin() as connection:
        for delivery, verdict in zip(policy.woken, ("useful", "useful", "false_alarm"), strict=True):
            reactions.feedback(connection, delivery, reactions.Verdict(verdict), "ann")
        reactions.feedback(connection, policy.woken[1], reactions.Verdict.FALSE_ALARM, "ann")  # the last word
        reactions.feedback(connection, policy.woken[1], reactions.Verdict.USEFUL, "bob")
    with policy.engine.begin() as connection:
        assert [tuple(row) for row in reactions.precision(connection, "rule")] == [("all", 2, 2)]
        assert [tuple(row) for row in reactions.precision(connection, "source")] == [("Dawn", 2, 2)]


def test_who_unsubscribed_stays_so_whatever_is_imported(policy: Policy) -> None:
    two = ["Ann@desk.example", "bob@desk.example"]
    for _ in range(2):
        policy.rules(ALL, channel="email", to=two)
        with policy.engine.begin() as connection:
            reactions.unsubscribe(connection, "desk", "ann@desk.example ")
            (desk,) = rule_store.destinations(connection)
        assert desk.config.model_dump()["to"] == ("bob@desk.example",)
    assert isinstance(policy.take(event(1)), Produced)
    with policy.engine.begin() as connection:
        assert reactions.unsubscribe(connection, "desk", "bob@desk.example")
        assert not reactions.unsubscribe(connection, "desk", "bob@desk.example")
        with pytest.raises(reactions.NoSuchDestination):
            reactions.unsubscribe(connection, "nobody", "bob@desk.example")
    assert policy.take(event(2)) == Filtered("no_destination")


# --- rules that change ------------------------------------------------------------------------------------------------


def test_disabled_expired_and_edited_rules(policy: Policy) -> None:
    policy.put({**ALL, "enabled": False}, desk={})
    assert policy.take(event(1)) == Filtered("not_in_force")
    policy.put({**ALL, "expires_at": "2023-01-30T12:00:00Z"}, desk={})
    assert policy.take(event(2)) == Filtered("not_in_force")
    assert policy.why(UUID(int=2))[0][2] == "expired 2023-01-30 12:00 UTC"
    policy.put({**ALL, "when": {"country": "PK"}}, desk={})
    policy.take(event(3))
    policy.put({**ALL, "when": {"country": "AF"}}, desk={})
    policy.take(event(3, Change.UPDATED, 2))
    assert policy.take(event(4)) == Filtered("no_match")
    assert policy.sent() == [("alert", UUID(int=3)), ("update", UUID(int=3))], "who was told hears what becomes of it"
    assert {row[1] for row in policy.rows(tables.Decision, "rule_id", "rule_version")} == {1, 2, 3, 4}


# --- merge and split --------------------------------------------------------------------------------------------------


def test_of_two_alerted_events_that_merge_the_absorbed_thread_gets_one_note(policy: Policy) -> None:
    policy.put(ALL, desk={})
    policy.take(change())
    policy.take(change(event=OTHER))
    merged: dict[str, Any] = {"merged_into": OTHER, "status": EventStatus.MERGED}
    policy.take(change(Change.MERGED, 2, **merged))
    policy.take(change(Change.MERGED, 3, **merged))
    policy.take(change(Change.MERGED, 2, event=OTHER, merged_from=(EVENT,)))
    assert policy.sent() == [("alert", EVENT), ("alert", OTHER), ("update", EVENT), ("update", OTHER)]
    assert (3, "not_material", f"already told: merged into {OTHER}") in policy.why()


def test_an_event_that_is_absorbed_while_it_is_held_is_told_as_the_other(policy: Policy) -> None:
    policy.put(ALL, desk=NIGHT)
    night = datetime(2023, 1, 30, 23, tzinfo=UTC)
    policy.take(change(), night)
    policy.take(change(event=OTHER), night)
    policy.take(change(Change.MERGED, 2, merged_into=OTHER, status=EventStatus.MERGED), night + HOUR)
    policy.take(change(Change.MERGED, 2, event=OTHER, merged_from=(EVENT,)), night + HOUR)
    policy.take(event(9), night + 10 * HOUR)
    assert [line["event_id"] for line in policy.digest()["lines"]] == [str(OTHER)]


def test_a_split_is_a_correction_and_what_was_split_off_an_alert_of_its_own(policy: Policy) -> None:
    policy.put(ALL, desk={})
    policy.take(change())
    policy.take(change(Change.SPLIT, 2, reasons=(Reason(field="split", new=str(OTHER), material=True),)))
    policy.take(change(event=OTHER))
    assert policy.sent() == [("alert", EVENT), ("correction", EVENT), ("alert", OTHER)]
    assert len(set(policy.roots().values())) == 2
