"""The life of a delivery on a real database, with real receivers: nothing lost, nothing twice where it can be known."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text

from deploy.local.sinks.server import Sinks
from services.alerting import asking, commands, outgoing
from services.alerting.channels import CHANNELS, Channel, pagerduty
from services.alerting.channels.line import Line
from services.alerting.channels.outcome import Dead, Sent
from services.alerting.delivery import MOST, Desk, _work_off, deliver, serve
from services.alerting.domain.attempts import Patience
from services.alerting.domain.destinations import PagerDutyConfig
from services.alerting.store import backlog, deliveries, endings, reactions
from services.alerting.store.endings import Ending
from services.alerting.turns import AT_ONCE as AT_ONCE_OF_TURNS
from services.alerting.turns import Turns
from shared.codes import Change, DeliveryState, EventStatus
from shared.database import tables
from shared.database.session import make_engine
from tests.alerting_stage import Stage
from tests.alerts import EVENT, OTHER, change, destination
from tests.builders import toll
from tests.receivers import receivers, scripted

ALL = ["slack", "slack_webhook", "email", "webhook"]
AT_ONCE = Patience(first=0.001, longest=0.001, settle=0.001, attempts=4)
RULE = {"id": "all", "route": {"now": "desk"}}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=8)
    yield engine
    engine.dispose()


@pytest.fixture
def faults() -> tuple[str | None, ...]:
    """What goes wrong with the first messages; tests give theirs as a parameter."""
    return ()


class Office(Stage):
    """The stage and a desk that delivers, with receivers."""

    def __init__(self, engine: Engine, desk: Desk, sinks: Sinks) -> None:
        super().__init__(engine)
        self.desk, self.messages, self.incidents = desk, sinks.record.messages, sinks.pagerduty.incidents
        self.pagerduty = sinks.pagerduty

    def alert(self, channel: str = "webhook", **config: Any) -> UUID:
        """The delivery of a first alert."""
        self.rules(RULE, channel=channel, **config)
        self.take(change())
        return self.woken[-1]

    def row(self, delivery: UUID) -> Any:
        with self.engine.begin() as connection:
            return connection.execute(select(tables.Delivery).where(tables.Delivery.id == delivery)).one()

    def state(self, delivery: UUID) -> str:
        return str(self.row(delivery).state)

    def until_settled(self, delivery: UUID, most: int = 20) -> Any:
        """Try as long as the delivery is open, as the sweeper would."""
        for _ in range(most):
            self.execute("UPDATE deliveries SET next_at = now() WHERE state IN ('retry', 'unknown')")
            self.execute("UPDATE send_slots SET open_at = now()")
            deliver(self.desk, delivery)
            if self.state(delivery) in ("sent", "dead"):
                break
        return self.row(delivery)

    def execute(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))


@pytest.fixture
def office(engine: Engine, faults: tuple[str | None, ...], monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with receivers(faults=scripted(*faults)) as (sinks, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        desk = Desk(
            engine, frozenset(environment["ALERT_ALLOWED_HOSTS"].split(",")), patience=AT_ONCE, slack_per_second=0
        )
        yield Office(engine, desk, sinks)


@pytest.mark.parametrize("channel", ALL)
def test_a_delivery_is_sent_once_however_often_it_is_hinted_at(office: Office, channel: str) -> None:
    delivery = office.alert(channel)
    for _ in range(3):
        deliver(office.desk, delivery)
    row = office.row(delivery)
    assert (row.state, row.attempts, row.ambiguous, row.error) == ("sent", 1, 0, None)
    assert row.provider_ref and row.sent_at
    assert len(office.messages) == 1


@pytest.mark.parametrize("faults", [("lost",)])
@pytest.mark.parametrize("channel", ALL)
def test_taken_and_then_reset(office: Office, channel: str) -> None:
    """Slack is asked and found to have it; elsewhere it is sent again under the same reference, and counted."""
    delivery = office.alert(channel)
    deliver(office.desk, delivery)
    assert office.state(delivery) == DeliveryState.UNKNOWN
    row = office.until_settled(delivery)
    assert (row.state, row.ambiguous) == ("sent", 1)
    assert len(office.messages) == (1 if channel == "slack" else 2)
    assert {message.labels["delivery_id"] for message in office.messages} == {str(delivery)}
    if channel in ("email", "webhook"):
        assert {message.ref for message in office.messages} == {row.message_ref}


@pytest.mark.parametrize("faults", [("error", "busy", "error", "lost")])
@pytest.mark.parametrize("channel", ["slack", "webhook"])
def test_whatever_goes_wrong_in_between_it_arrives(office: Office, channel: str) -> None:
    office.desk = replace(office.desk, patience=replace(AT_ONCE, attempts=10))
    row = office.until_settled(office.alert(channel))
    assert row.state == "sent"
    assert len(office.messages) == (1 if channel == "slack" else 2)


@pytest.mark.parametrize("faults", [("busy",)])
@pytest.mark.parametrize("channel", ["slack", "slack_webhook", "webhook"])
def test_nobody_is_sent_to_before_the_time_it_asked_for(office: Office, channel: str) -> None:
    first = office.alert(channel)
    deliver(office.desk, first)
    row = office.row(first)
    assert row.state == "retry"
    assert "429" in row.error
    with office.engine.begin() as connection:
        waits = connection.scalar(text("SELECT extract(epoch FROM next_at - now()) FROM deliveries"))
    assert 0.5 < float(waits or 0) <= 1.0
    office.take(change(event=UUID(int=7)))  # another event for the same receiver: it has to wait as well
    assert 0.3 < (serve(office.desk, "desk") or 0) <= 1.0
    assert office.messages == []


def test_one_slack_channel_gets_one_message_a_second_the_others_wait_in_line(office: Office) -> None:
    office.desk = replace(office.desk, slack_per_second=1)
    office.alert("slack")
    for number in range(1, 4):
        office.take(change(event=UUID(int=number)))
    for sent in range(1, 4):
        assert 0 < (serve(office.desk, "desk") or 0) <= 1.0
        assert [office.state(delivery) for delivery in office.woken].count("sent") == len(office.messages) == sent
        office.execute("UPDATE send_slots SET open_at = now()")
    assert serve(office.desk, "desk") is None or len(office.messages) == 4


def test_an_update_waits_for_its_alert_and_joins_its_thread(office: Office) -> None:
    alert = office.alert("slack")
    office.take(change(Change.UPDATED, 2))
    office.take(change(Change.CORRECTED, 3, status=EventStatus.CORRECTED))
    _, update, correction = office.woken
    deliver(office.desk, correction)
    deliver(office.desk, update)
    assert office.messages == []
    deliver(office.desk, alert)
    deliver(office.desk, correction)
    assert len(office.messages) == 1
    assert serve(office.desk, "desk") is None
    root, second, third = [message for message in office.messages if message.sink == "slack"]
    assert (second.labels["kind"], third.labels["kind"]) == ("update", "correction")
    assert second.thread == third.thread == root.ref


def test_what_somebody_acknowledges_is_acknowledged_in_pagerduty_once(office: Office) -> None:
    delivery = office.alert("pagerduty", throttle={"messages": 2, "minutes": 60})
    for reader in ("ann", "bob"):  # before the alert itself has left: it waits for it
        with office.engine.begin() as connection:
            reactions.acknowledge(connection, delivery, reader)
    assert serve(office.desk, "desk") is None
    assert office.incidents == {str(delivery): "acknowledged"}
    kinds = [(kind, content["note"]) for kind, content in office.rows(tables.Delivery, "kind", "content")]
    assert sorted(kinds, key=str) == [("acknowledgement", "Acknowledged by ann"), ("alert", None)]
    office.take(change(Change.UPDATED, 2, killed=toll(40)))  # the acknowledgement is no message that a throttle counts
    office.take(change(Change.RETRACTED, 3, status=EventStatus.RETRACTED))
    serve(office.desk, "desk")
    assert office.incidents == {str(delivery): "resolved"}
    with office.engine.begin() as connection:
        reactions.acknowledge(connection, delivery, "cat")
    assert serve(office.desk, "desk") is None
    assert [message.destination for message in office.messages] == ["trigger", "acknowledge", "trigger", "resolve"]


ESCALATED = {**RULE, "escalate": {"after_minutes": 15, "to": "desk"}}


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_what_somebody_acknowledges_in_pagerduty_is_not_escalated(office: Office, action: str) -> None:
    office.rules(ESCALATED, channel="pagerduty")
    office.take(change())
    asking.ask(office.desk)
    serve(office.desk, "desk")
    office.execute("UPDATE escalations SET due_at = now()")
    asking.ask(office.desk)
    assert office.rows(tables.Escalation, "outcome") == [(None,)], "nobody has acknowledged it"
    office.pagerduty.by_hand(str(office.woken[0]), action, "Ann Lee")
    asking.ask(office.desk)
    assert office.rows(tables.Escalation, "outcome") == [("acknowledged by Ann Lee in PagerDuty",)]
    assert office.rows(tables.Acknowledgement, "by") == [("Ann Lee in PagerDuty",)]


@pytest.mark.parametrize("faults", [(None, "error"), (None, "lost")])
def test_where_pagerduty_cannot_be_asked_it_is_escalated(office: Office) -> None:
    office.rules(ESCALATED, channel="pagerduty")
    office.take(change())
    serve(office.desk, "desk")
    office.pagerduty.by_hand(str(office.woken[0]), "acknowledge", "Ann Lee")
    office.execute("UPDATE escalations SET due_at = now()")
    asking.ask(office.desk)
    assert office.rows(tables.Escalation, "outcome") == [(None,)]
    assert outgoing.catch_up(office.engine) == [], "told before: it is the same desk"
    assert office.rows(tables.Escalation, "outcome") == [("told before",)]


def test_of_pagerduty_nothing_is_asked_without_a_token_or_with_a_wrong_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, line = {"dedup_key": "key"}, Line(office.desk.allowed)
    office.pagerduty.by_hand("key", "acknowledge", "Ann Lee")
    config = destination("desk", "pagerduty").config
    assert isinstance(config, PagerDutyConfig)
    assert pagerduty.acknowledged_by(root, config, line) == "Ann Lee in PagerDuty"
    assert pagerduty.acknowledged_by(root, config.model_copy(update={"api_token": None}), line) is None
    assert pagerduty.acknowledged_by({}, config, line) is None
    monkeypatch.setenv("TEST_PAGERDUTY_KEY", "wrong")
    with pytest.raises(Dead, match="HTTP 401"):
        pagerduty.acknowledged_by(root, config, line)


@pytest.mark.parametrize("survivor_first", [True, False])
@pytest.mark.parametrize("knows_both", [True, False])
def test_a_merger_resolves_the_absorbed_incident_unless_the_survivor_goes_on_in_it(
    office: Office, survivor_first: bool, knows_both: bool
) -> None:
    keys = [str(office.alert("pagerduty"))]
    if knows_both:
        office.take(change(event=OTHER))
        keys.append(str(office.woken[-1]))
    merged = [
        change(Change.MERGED, 5, event=OTHER, merged_from=(EVENT,)),
        change(Change.MERGED, 2, merged_into=OTHER, status=EventStatus.MERGED),
    ]
    for one in merged if survivor_first else reversed(merged):
        office.take(one)
    serve(office.desk, "desk")
    assert office.incidents == dict(zip(keys, ["resolved", "triggered"] if knows_both else ["triggered"], strict=True))
    office.take(change(Change.RETRACTED, 6, event=OTHER, status=EventStatus.RETRACTED))
    serve(office.desk, "desk")
    assert set(office.incidents.values()) == {"resolved"}


def test_what_readers_acknowledge_is_no_news_to_channels_without_incidents(office: Office) -> None:
    delivery = office.alert("webhook")
    with office.engine.begin() as connection:
        reactions.acknowledge(connection, delivery, "ann")
    serve(office.desk, "desk")
    assert [message.labels["kind"] for message in office.messages] == ["alert"]


def test_a_run_sends_everything_that_is_due_in_order(office: Office) -> None:
    office.alert()
    for number in range(1, 2 * MOST + 2):
        office.take(change(event=UUID(int=number)))
    assert serve(office.desk, "desk") is None
    assert [message.labels["delivery_id"] for message in office.messages] == [str(one) for one in office.woken]


@pytest.mark.parametrize("faults", [(None, "lost", "error", None)])
def test_of_a_batch_each_has_its_own_end(office: Office) -> None:
    office.alert()
    for number in range(1, 4):
        office.take(change(event=UUID(int=number)))
    office.desk = replace(office.desk, patience=Patience())
    assert 0 < (serve(office.desk, "desk") or 0) <= 3
    assert [office.state(delivery) for delivery in office.woken] == ["sent", "unknown", "retry", "sent"]
    assert [office.row(delivery).ambiguous for delivery in office.woken] == [0, 1, 0, 0]


@pytest.mark.parametrize("faults", [(None, "busy")])
def test_a_receiver_that_asks_for_peace_in_the_middle_of_a_batch_gets_it(office: Office) -> None:
    office.alert()
    for number in range(1, 5):
        office.take(change(event=UUID(int=number)))
    assert 0.3 < (serve(office.desk, "desk") or 0) <= 1.0
    rows = [office.row(delivery) for delivery in office.woken]
    assert [(row.state, row.attempts) for row in rows] == [("sent", 1), ("retry", 1), *[("retry", 0)] * 3]
    assert len(office.messages) == 1


@pytest.mark.parametrize("faults", [("lost",)])
def test_what_a_slow_receiver_holds_up_is_given_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.alerting.delivery.SLOW_SECONDS", 0.0)
    office.desk = replace(office.desk, patience=Patience())
    first = office.alert()
    office.take(change(event=OTHER))
    with office.engine.begin() as connection:
        batch = deliveries.claim(connection, "desk", 8, 60, {})
    _work_off(office.desk, batch, Line(office.desk.allowed))
    tried, given_back = office.row(first), office.row(office.woken[-1])
    assert (tried.state, tried.attempts, tried.ambiguous) == ("unknown", 1, 1)
    assert (given_back.state, given_back.attempts, given_back.ambiguous) == ("retry", 0, 0)
    assert len(office.messages) == 1
    serve(office.desk, "desk")
    assert office.row(office.woken[-1]).attempts == 1


@pytest.mark.parametrize("channel", ALL)
def test_a_missing_secret_kills_its_delivery_with_the_reason_and_a_resend_mends_it(
    office: Office, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = {"slack": "token", "slack_webhook": "url", "email": "sender", "webhook": "secret"}[channel]
    delivery = office.alert(channel, **{name: "env:LATER"})
    deliver(office.desk, delivery)
    assert office.state(delivery) == "dead"
    assert "env:LATER is not set" in office.row(delivery).error
    value = {"slack": "TEST_SLACK_TOKEN", "slack_webhook": "TEST_SLACK_WEBHOOK_URL", "webhook": "TEST_WEBHOOK_SECRET"}
    monkeypatch.setenv("LATER", "a@b.example" if channel == "email" else os.environ[value[channel]])
    assert commands.dead(office.engine, "desk") == [delivery]
    assert list(commands.resend(office.desk, [delivery])) == [f"{delivery} alert to desk: sent"]
    assert len(office.messages) == 1


def test_after_an_alert_that_died_the_next_change_is_an_alert(office: Office) -> None:
    alert = office.alert(secret="env:NOT_SET")
    office.take(change(Change.UPDATED, 2))
    update = office.woken[-1]
    deliver(office.desk, alert)
    assert office.state(update) == "dead"
    assert str(alert) in office.row(update).error
    office.rules(RULE)
    office.take(change(Change.UPDATED, 3))
    assert office.row(office.woken[-1]).kind == "alert"


@pytest.mark.parametrize("faults", [("error",) * 10])
def test_it_is_given_up_after_so_many_attempts_with_the_last_reason(office: Office) -> None:
    row = office.until_settled(office.alert())
    assert (row.state, row.attempts) == ("dead", AT_ONCE.attempts)
    assert row.error.startswith("given up: HTTP 500")


def test_of_many_workers_one_sends(office: Office) -> None:
    delivery = office.alert()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: deliver(office.desk, delivery), range(24)))
    assert len(office.messages) == 1


def test_a_silent_worker_loses_its_delivery_after_the_lease_and_cannot_settle_it_any_more(office: Office) -> None:
    delivery = office.alert("slack")
    with office.engine.begin() as connection:
        (silent,) = deliveries.claim(connection, "desk", 1, 60, {}).claimed
    deliver(office.desk, delivery)
    assert office.messages == []  # the lease holds
    office.execute("UPDATE deliveries SET lease_until = now() - interval '1 second'")
    with office.engine.begin() as connection:
        assert backlog.due(connection) == ["desk"]
    deliver(office.desk, delivery)
    row = office.row(delivery)
    assert (row.state, row.attempts, row.ambiguous) == ("sent", 2, 1)
    with office.engine.begin() as connection:
        assert not endings.settle(connection, "desk", [(silent, Ending(DeliveryState.DEAD, error="too late"))])
    assert office.state(delivery) == "sent"


def test_a_fault_of_ours_is_kept_tried_again_and_bounded(office: Office) -> None:
    def broken(*_: Any) -> Sent:
        raise ZeroDivisionError("a bug")

    office.desk = replace(office.desk, channels={**CHANNELS, "webhook": Channel(broken)})
    row = office.until_settled(office.alert())
    assert (row.state, row.attempts) == ("dead", AT_ONCE.attempts)
    assert "ZeroDivisionError: a bug" in row.error


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE destinations SET enabled = false", "is disabled"),
        ('UPDATE destinations SET config = \'{"uri": "x"}\'', "config.uri: unknown field; did you mean url?"),
    ],
)
def test_a_destination_that_broke_meanwhile_says_so(office: Office, statement: str, why: str) -> None:
    delivery = office.alert()
    office.execute(statement)
    deliver(office.desk, delivery)
    assert office.state(delivery) == "dead"
    assert why in office.row(delivery).error


def test_a_test_message_takes_the_way_of_an_alert(office: Office) -> None:
    office.rules(RULE, channel="email")
    assert commands.test(office.desk, "desk").endswith("test to desk: sent")
    assert office.messages[0].labels["kind"] == "test"
    with pytest.raises(commands.CommandError, match="no destination 'gone'"):
        commands.test(office.desk, "gone")
    office.rules(RULE, channel="email", host="env:NOT_SET")
    with pytest.raises(commands.CommandError, match="env:NOT_SET is not set"):
        commands.test(office.desk, "desk")


def test_a_sweep_finds_where_something_is_due(office: Office) -> None:
    office.alert()
    with office.engine.begin() as connection:
        assert backlog.due(connection) == ["desk"]
        assert backlog.destinations(connection, office.woken) == ["desk"]
    office.execute("UPDATE deliveries SET next_at = now() + interval '1 minute'")
    with office.engine.begin() as connection:
        assert backlog.due(connection) == []


def test_a_worker_with_a_rate_sends_a_batch_a_turn_and_comes_back(office: Office) -> None:
    office.rules(RULE)
    for number in range(AT_ONCE_OF_TURNS + 2 * MOST):
        office.take(change(event=UUID(int=number + 1)))
    now = 100.0
    desk = replace(office.desk, turns=Turns(MOST, rate=MOST, clock=lambda: now))  # so a turn a second
    assert serve(desk, "desk") == 1.0
    assert len(office.messages) == AT_ONCE_OF_TURNS + MOST
    assert serve(desk, "desk") == 1.0
    assert len(office.messages) == AT_ONCE_OF_TURNS + MOST
    now += 1.0
    assert serve(desk, "desk") == 1.0
    now += 1.0
    assert serve(desk, "desk") is None
    assert [message.labels["delivery_id"] for message in office.messages] == list(map(str, office.woken))


def test_alerts_by_an_urgent_rule_go_before_what_waits_for_their_destination(office: Office) -> None:
    office.rules({**RULE, "when": {"attack_type": ["bombing_explosion"]}}, {**RULE, "id": "grave", "urgent": True,
                 "when": {"killed_at_least": 50}})  # fmt: skip
    office.take(change())
    office.take(change(event=OTHER, killed=toll(60)))
    office.take(change(Change.UPDATED, 2, event=OTHER, killed=toll(90)))
    with office.engine.begin() as connection:
        urgent = backlog.urgent(connection, office.woken, most=8)
    assert urgent == [office.woken[1]]
    deliver(replace(office.desk, turns=Turns(MOST, rate=0.001, clock=lambda: 0.0)), urgent[0])
    assert [message.labels["event_id"] for message in office.messages] == [str(OTHER)]
    with office.engine.begin() as connection:
        assert backlog.urgent(connection, [], most=8) == []


def test_two_destinations_on_one_slack_channel_share_its_rate() -> None:
    assert destination("a", "slack").lane == destination("b", "slack").lane
    assert destination("a", "slack").lane != destination("c", "slack", channel="C1").lane
    assert destination("a").lane != destination("b").lane


def test_waiting_grows_is_bounded_and_never_shorter_than_asked() -> None:
    patience, delivery = Patience(first=2, longest=100), UUID(int=5)
    waits = [patience.delay(delivery, attempt) for attempt in range(1, 12)]
    assert 1.6 <= waits[0] <= 2.4
    assert waits == [patience.delay(delivery, attempt) for attempt in range(1, 12)]
    assert max(waits) <= 120
    assert sum(waits) > 400
    assert patience.delay(delivery, 1, asked=500) == 500
    assert len({patience.delay(UUID(int=number), 5) for number in range(50)}) > 20  # spread
