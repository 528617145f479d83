"""One delivery, from claim to settlement. Safe to run twice, at once, or to kill anywhere."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine

from services.alerting import metrics
from services.alerting.channels import CHANNELS, Channel
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Dead, Retry, Sent, Unknown
from services.alerting.domain.alert import Alert
from services.alerting.domain.attempts import Patience
from services.alerting.store import backlog, deliveries
from services.alerting.store.deliveries import Claimed, Wait
from shared import failpoints
from shared.clock import wall
from shared.codes import DeliveryState

log = structlog.get_logger(__name__)

SOON = 10.0  # seconds; what is due later is left to the sweeper


@dataclass(frozen=True)
class Desk:
    """What it takes to deliver. `allowed`: host:port pairs that may be private; `lease` in seconds."""

    engine: Engine
    allowed: Collection[str] = ()
    lease: float = 60.0
    patience: Patience = field(default_factory=Patience)
    slack_per_second: float = 1.0  # as Slack allows for one channel; 0: no limit
    channels: Mapping[str, Channel] = field(default_factory=lambda: CHANNELS)

    @property
    def gaps(self) -> dict[str, float]:
        """Seconds between two messages to one receiver, by channel."""
        if not self.slack_per_second:
            return {}
        return dict.fromkeys(("slack", "slack_webhook"), 1 / self.slack_per_second)


class Hint(NamedTuple):
    """A delivery to look at, in `seconds` from now (None: at once)."""

    delivery: UUID
    seconds: float | None = None


class InDoubt(Exception):
    """The receiver could not be asked whether it took an earlier attempt."""


Ending = Sent | Retry | Unknown | Dead | InDoubt


def deliver(desk: Desk, delivery: UUID) -> list[Hint]:
    """Send one delivery if it is due and nobody else has it; returns which deliveries to look at next."""
    with desk.engine.begin() as connection:
        claimed = deliveries.claim(connection, delivery, desk.lease, desk.gaps)
    if isinstance(claimed, Wait):
        return _soon(delivery, claimed.seconds)
    failpoints.hit("delivery.after_claim")
    ending = _attempt(desk, claimed)
    failpoints.hit("delivery.after_send")
    with desk.engine.begin() as connection:
        return _settle(desk, connection, claimed, ending)


def _attempt(desk: Desk, claimed: Claimed) -> Ending:
    try:
        return _send(desk, claimed)
    except (Retry, Unknown, Dead, InDoubt) as ending:
        return ending
    except Exception as error:  # a fault of ours: whether it was sent is not known, so it is tried again
        log.exception("delivery failed", delivery=str(claimed.id), destination=claimed.destination_id)
        return Unknown(f"{type(error).__name__}: {error}")


def _send(desk: Desk, claimed: Claimed) -> Sent:
    destination = claimed.destination
    if destination is None:
        raise Dead(claimed.fault or "no destination")
    channel = desk.channels[destination.channel]
    message = Message(
        delivery_id=claimed.id,
        ref=claimed.message_ref,
        destination_id=claimed.destination_id,
        alert=Alert.model_validate(claimed.content),
        root=claimed.root,
        created_at=claimed.created_at,
    )
    if claimed.doubt and channel.find is not None:
        try:
            found = channel.find(message, destination.config, desk.allowed)
        except Retry as error:
            raise InDoubt(f"asked whether it was taken: {error}") from error
        if found is not None:
            return Sent(found)
    return channel.send(message, destination.config, desk.allowed)


def _settle(desk: Desk, connection: Connection, claimed: Claimed, ending: Ending) -> list[Hint]:
    channel = claimed.destination.channel if claimed.destination else "none"
    state, delay = _state(desk.patience, claimed, ending)
    ours = deliveries.settle(
        connection,
        claimed,
        state,
        error=ending.warning if isinstance(ending, Sent) else _words(ending, state),
        ref=json.dumps(ending.ref) if isinstance(ending, Sent) else None,
        delay=delay,
        ambiguous=isinstance(ending, Unknown),
    )
    if isinstance(ending, Retry) and ending.after and claimed.destination:
        deliveries.shut_gate(connection, claimed.destination.lane, ending.after)
    metrics.ATTEMPTS.labels(channel, str(state)).inc()
    _log(claimed, channel, state, ending, ours)
    if state in (DeliveryState.RETRY, DeliveryState.UNKNOWN):
        return _soon(claimed.id, delay)
    followers = backlog.followers(connection, claimed.id, claimed.event_id, claimed.destination_id)
    hints = [Hint(follower) for follower in followers]
    gap = desk.gaps.get(channel)
    if gap and (following := backlog.next_in_line(connection, claimed.destination_id)):
        hints.append(Hint(following, gap))
    return hints


def _state(patience: Patience, claimed: Claimed, ending: Ending) -> tuple[DeliveryState, float]:
    """What becomes of the delivery, and in how many seconds it is due again."""
    if isinstance(ending, Sent):
        return DeliveryState.SENT, 0.0
    if isinstance(ending, Dead) or patience.given_up(claimed.attempt):
        return DeliveryState.DEAD, 0.0
    if isinstance(ending, Unknown):
        return DeliveryState.UNKNOWN, max(patience.settle, patience.delay(claimed.id, claimed.attempt))
    if isinstance(ending, InDoubt):
        return DeliveryState.UNKNOWN, patience.delay(claimed.id, claimed.attempt)
    return DeliveryState.RETRY, patience.delay(claimed.id, claimed.attempt, ending.after)


def _words(ending: Exception, state: DeliveryState) -> str:
    if state is DeliveryState.DEAD and isinstance(ending, (Unknown, InDoubt)):
        return f"given up, though it may have arrived: {ending}"
    return f"given up: {ending}" if state is DeliveryState.DEAD and isinstance(ending, Retry) else str(ending)


def _soon(delivery: UUID, seconds: float | None) -> list[Hint]:
    return [Hint(delivery, seconds)] if seconds is not None and seconds <= SOON else []


def _log(claimed: Claimed, channel: str, state: DeliveryState, ending: Ending, ours: bool) -> None:
    about = log.bind(
        delivery=str(claimed.id), destination=claimed.destination_id, channel=channel, attempt=claimed.attempt
    )
    if not ours:
        about.warning("another worker took it over: the lease ran out", ended=str(state))
    elif isinstance(ending, Sent):
        if claimed.fetched_at:
            metrics.TIME_TO_ALERT.labels(channel).observe(_seconds_since(claimed.fetched_at))
        about.info("sent", **({"warning": ending.warning} if ending.warning else {}))
    else:
        (about.error if state is DeliveryState.DEAD else about.warning)(str(state), why=str(ending))


def _seconds_since(moment: datetime) -> float:
    return max(0.0, (wall() - moment).total_seconds())
