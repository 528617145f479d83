"""Stages without a database: poll → handle → send all, await acks → commit offsets.

At least once: after a crash a batch is handled again, and since ids are decided by content, the next stateful stage
knows what it has had. What is filtered leaves a message on `pipeline.outcomes`, so that the books can be read from
topics alone.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from shared import failpoints
from shared.brokers.interface import Batch, BrokerError, Producer, Received, Record
from shared.ceiling import DeadWatch
from shared.consuming import Progress, Work, consume
from shared.contracts import DEAD_LETTERS, OUTCOMES, OutcomeRecorded, message_id
from shared.dead import dead_letter
from shared.envelope import Incoming, M, Outgoing, Rejected, decode, encode
from shared.handler import Filtered, Handle, Hook, Runtime, Stage, check_handler, encode_all
from shared.outcome import Outcome, report
from shared.telemetry import batch_span


def run_stateless(stage: Stage[M], runtime: Runtime) -> None:
    """Run until `runtime.stop` is set; raises `TooManyDead` at the ceiling of dead letters."""
    check_handler(stage, arguments=1)
    consume(stage, runtime, partial(_working, stage, runtime), (OUTCOMES, DEAD_LETTERS), split=False)


@contextmanager
def _working(stage: Stage[M], runtime: Runtime) -> Iterator[Work]:
    watch = DeadWatch(runtime.ceiling, stage.name)
    with closing(runtime.broker.producer()) as producer:
        yield partial(_work, stage, runtime, watch, producer)


@dataclass
class _Handled:
    """A batch before it is sent."""

    progress: Progress = field(default_factory=Progress)
    outcomes: list[Outcome] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)


def _work(stage: Stage[M], runtime: Runtime, watch: DeadWatch, producer: Producer, batch: Batch) -> Progress:
    with batch_span(stage.name, batch):
        handled = _handle_batch(stage, runtime, batch)
        dead = [outcome.dead for outcome in handled.outcomes]
        watch.check(dead)
        try:
            producer.send(handled.records)
        except BrokerError as error:  # nothing is committed: all of it again, later
            starts = {partition: records[0].offset for partition, records in batch.items()}
            return Progress(starts, dict.fromkeys(starts, error))
        failpoints.hit("stage.after_produce")
        watch.note(dead)
        report(stage.name, handled.outcomes)
        return handled.progress


def _handle_batch(stage: Stage[M], runtime: Runtime, batch: Batch) -> _Handled:
    handled = _Handled()
    progress = handled.progress
    for partition, received in batch.items():
        progress.reached[partition] = received[0].offset
        for one in received:
            if runtime.stop.is_set():
                break
            runtime.health.turned()
            try:
                outcome, records, hooks = _handle(stage, runtime, one)
            except Exception as error:  # noqa: BLE001 - it passes: the loop logs it, and tries this message again
                progress.failed[partition] = error
                break
            handled.outcomes.append(outcome)
            handled.records += records
            progress.after_commit += hooks
            progress.reached[partition] = one.offset + 1
    return handled


def _handle(stage: Stage[M], runtime: Runtime, received: Received) -> tuple[Outcome, list[Record], Sequence[Hook]]:
    try:
        incoming = decode(received, stage.reads)
        result = cast("Handle[M]", stage.handle)(incoming)
        if isinstance(result, Filtered):
            return _filtered(stage, received, incoming, result.reason, result.after_commit)
        if not result.messages:
            return _filtered(stage, received, incoming, "nothing", result.after_commit)
        return Outcome(received, "produced"), encode_all(stage, result.messages, incoming), result.after_commit
    except Rejected as error:
        return Outcome(received, "dead", str(error)), [dead_letter(stage.name, received, str(error), runtime.clock)], ()


def _filtered(
    stage: Stage[M], received: Received, incoming: Incoming[M], reason: str, hooks: Sequence[Hook]
) -> tuple[Outcome, list[Record], Sequence[Hook]]:
    body = OutcomeRecorded(stage=stage.name, message_id=incoming.id, reason=reason)
    note = Outgoing(OUTCOMES, incoming.id, body, message_id(OUTCOMES, stage.name, incoming.id))
    return Outcome(received, "filtered", reason), [encode(note, stage.name, incoming)], hooks
