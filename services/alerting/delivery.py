"""Deliveries to one destination, from claim to settlement. Safe to run twice, at once, or to kill anywhere.

A run takes what is due for a destination, a few at a time: one transaction claims them, each is sent over the same
connection, one transaction writes how they ended. So a kill leaves at most those few in doubt.
"""

import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Engine, select

from services.alerting import metrics
from services.alerting.channels import CHANNELS, Channel
from services.alerting.channels.line import ANSWER_SECONDS, Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Dead, Retry, Sent, Unknown
from services.alerting.domain.alert import Alert
from services.alerting.domain.attempts import Patience
from services.alerting.domain.destinations import Destination
from services.alerting.domain.links import NO_LINKS, Signer
from services.alerting.store import deliveries, endings
from services.alerting.store.deliveries import Batch, Claimed
from services.alerting.store.endings import Ending
from services.alerting.turns import Turns
from shared import failpoints
from shared.clock import wall
from shared.codes import DeliveryState
from shared.database import tables

log = structlog.get_logger(__name__)

MOST = 8  # deliveries that are claimed at a time
SLOW_SECONDS = 5.0  # after so long the rest of a batch is given back: the receiver is slow, and leases run out
RUN_SECONDS = 15.0  # after so long a run ends, so that others get their turn


@dataclass(frozen=True)
class Desk:
    """What it takes to deliver. `allowed`: host:port pairs that may be private; `lease`, `answer`: seconds."""

    engine: Engine
    allowed: AbstractSet[str] = frozenset()
    lease: float = 60.0
    answer: float = ANSWER_SECONDS
    patience: Patience = field(default_factory=Patience)
    slack_per_second: float = 1.0  # as Slack allows for one channel; 0: no limit
    signer: Signer | None = None  # None: messages carry no links to act on them
    turns: Turns = field(default_factory=lambda: Turns(MOST))
    channels: Mapping[str, Channel] = field(default_factory=lambda: CHANNELS)

    @property
    def gaps(self) -> dict[str, float]:
        """Seconds between two messages to one receiver, by channel."""
        if not self.slack_per_second:
            return {}
        return dict.fromkeys(("slack", "slack_webhook"), 1 / self.slack_per_second)


class InDoubt(Exception):
    """The receiver could not be asked whether it took an earlier attempt."""


Outcome = Sent | Retry | Unknown | Dead | InDoubt


def serve(desk: Desk, destination_id: str) -> float | None:
    """Send what is due for a destination; returns in how many seconds to come back, None where nothing waits."""
    until = time.monotonic() + RUN_SECONDS
    with Line(desk.allowed, desk.answer) as line:
        while time.monotonic() < until:
            if wait := desk.turns.wait(destination_id):
                return wait
            batch = _claim(desk, destination_id)
            desk.turns.took(len(batch.claimed))
            if not batch.claimed:
                return batch.seconds
            _work_off(desk, batch, line)
    return 0.0


def deliver(desk: Desk, delivery: UUID) -> None:
    """Send one delivery if it is due and nobody else has it, out of turn."""
    with desk.engine.begin() as connection:
        table = tables.Delivery
        destination_id = connection.scalar(select(table.destination_id).where(table.id == delivery))
    if destination_id is not None:
        batch = _claim(desk, destination_id, only=delivery)
        with Line(desk.allowed, desk.answer) as line:
            _work_off(desk, batch, line)


def _claim(desk: Desk, destination_id: str, only: UUID | None = None) -> Batch:
    with desk.engine.begin() as connection:
        batch = deliveries.claim(connection, destination_id, MOST, desk.lease, desk.gaps, only)
    if batch.claimed:
        failpoints.hit("delivery.after_claim")
    return batch


def _work_off(desk: Desk, batch: Batch, line: Line) -> None:
    """Send a batch, then write how it ended."""
    started, outcomes = time.monotonic(), list[tuple[Claimed, Outcome | None]]()
    go_on = True
    for claimed in batch.claimed:
        outcome = _attempt(desk, batch, claimed, line) if go_on else None
        outcomes.append((claimed, outcome))
        asked_for_peace = isinstance(outcome, Retry) and outcome.after
        go_on = go_on and not asked_for_peace and time.monotonic() - started < SLOW_SECONDS
    if not outcomes:
        return
    ended = [(claimed, _ending(desk.patience, claimed, outcome)) for claimed, outcome in outcomes]
    with desk.engine.begin() as connection:
        ours = endings.settle(connection, batch.destination_id, ended)
        if batch.destination and (shut := _shut(desk, batch.destination, outcomes)):
            endings.shut_gate(connection, batch.destination.lane, shut)
    for (claimed, outcome), (_, ending) in zip(outcomes, ended, strict=True):
        if outcome is not None:
            _tell(batch, claimed, outcome, ending, claimed.id in ours)


def _attempt(desk: Desk, batch: Batch, claimed: Claimed, line: Line) -> Outcome:
    try:
        return _send(desk, batch, claimed, line)
    except (Retry, Unknown, Dead, InDoubt) as outcome:
        return outcome
    except Exception as error:  # a fault of ours: whether it was sent is not known, so it is tried again
        log.exception("delivery failed", delivery=str(claimed.id), destination=batch.destination_id)
        return Unknown(f"{type(error).__name__}: {error}")
    finally:
        failpoints.hit("delivery.after_send")


def _send(desk: Desk, batch: Batch, claimed: Claimed, line: Line) -> Sent:
    destination = batch.destination
    if destination is None:
        raise Dead(batch.fault or "no destination")
    channel = desk.channels[destination.channel]
    alert = Alert.model_validate(claimed.content)
    message = Message(
        delivery_id=claimed.id,
        ref=claimed.message_ref,
        destination_id=destination.id,
        alert=alert,
        root=claimed.root,
        created_at=claimed.created_at,
        links=desk.signer.links(claimed.id, alert.kind, claimed.created_at) if desk.signer else NO_LINKS,
    )
    if claimed.doubt and channel.find is not None:
        try:
            found = channel.find(message, destination.config, line)
        except Retry as error:
            raise InDoubt(f"asked whether it was taken: {error}") from error
        if found is not None:
            return Sent(found)
    return channel.send(message, destination.config, line)


def _shut(desk: Desk, destination: Destination, outcomes: Sequence[tuple[Claimed, Outcome | None]]) -> float:
    """For how many seconds the receiver must be left alone: its rate limit, or what it asked for."""
    asked = [outcome.after for _, outcome in outcomes if isinstance(outcome, Retry) and outcome.after]
    return max([desk.gaps.get(destination.channel, 0.0), *asked])


def _ending(patience: Patience, claimed: Claimed, outcome: Outcome | None) -> Ending:
    """What becomes of the delivery, and in how many seconds it is due again."""
    if outcome is None:
        return Ending(DeliveryState.UNKNOWN if claimed.doubt else DeliveryState.RETRY, unused=True)
    if isinstance(outcome, Sent):
        return Ending(DeliveryState.SENT, error=outcome.warning, ref=outcome.ref)
    delay, ambiguous = patience.delay(claimed.id, claimed.attempt), isinstance(outcome, Unknown)
    if isinstance(outcome, Dead):
        return Ending(DeliveryState.DEAD, error=str(outcome))
    if patience.given_up(claimed.attempt):
        perhaps = "" if isinstance(outcome, Retry) else ", though it may have arrived"
        return Ending(DeliveryState.DEAD, error=f"given up{perhaps}: {outcome}", ambiguous=ambiguous)
    if isinstance(outcome, Retry):
        delay = patience.delay(claimed.id, claimed.attempt, outcome.after)
        return Ending(DeliveryState.RETRY, error=str(outcome), delay=delay)
    wait = max(patience.settle, delay) if ambiguous else delay
    return Ending(DeliveryState.UNKNOWN, error=str(outcome), delay=wait, ambiguous=ambiguous)


def _tell(batch: Batch, claimed: Claimed, outcome: Outcome, ending: Ending, ours: bool) -> None:
    """Count it and log it."""
    channel = batch.destination.channel if batch.destination else "none"
    metrics.ATTEMPTS.labels(channel, str(ending.state)).inc()
    about = log.bind(
        delivery=str(claimed.id), destination=batch.destination_id, channel=channel, attempt=claimed.attempt
    )
    if not ours:
        about.warning("another worker took it over: the lease ran out", ended=str(ending.state))
    elif isinstance(outcome, Sent):
        if claimed.fetched_at:
            metrics.TIME_TO_ALERT.labels(channel).observe(_seconds_since(claimed.fetched_at))
        about.info("sent", **({"warning": outcome.warning} if outcome.warning else {}))
    else:
        (about.error if ending.state is DeliveryState.DEAD else about.warning)(str(ending.state), why=str(outcome))


def _seconds_since(moment: datetime) -> float:
    return max(0.0, (wall() - moment).total_seconds())
