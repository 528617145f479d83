"""How one message ended in one stage. Every message ends in exactly one outcome."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from shared import telemetry
from shared.brokers.interface import Received
from shared.envelope import message_key

log = structlog.get_logger(__name__)


class Outcome(NamedTuple):
    """`name`: produced, filtered or dead; `reason`: why it was filtered or rejected."""

    received: Received
    name: str
    reason: str | None = None

    @property
    def dead(self) -> bool:
        return self.name == "dead"


def report(stage: str, outcomes: Sequence[Outcome]) -> None:
    """Count what is committed, and log each dead letter."""
    counts = Counter((outcome.name, outcome.reason if outcome.name == "filtered" else None) for outcome in outcomes)
    for (name, reason), count in counts.items():
        telemetry.OUTCOMES.labels(stage, name, reason or "").inc(count)
    for outcome in outcomes:
        if outcome.dead:
            log.warning(
                "dead letter",
                stage=stage,
                message=message_key(outcome.received),
                reason=outcome.reason,
                partition=outcome.received.partition,
                offset=outcome.received.offset,
            )
