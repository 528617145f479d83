"""Stages with a database: one transaction for a batch of one partition, offsets after it.

A message's effects, its entry in the inbox and what it sends (the outbox) are committed together or not at all; one
that comes again is found in the inbox and dropped. Each message has a savepoint of its own, unless the stage writes for
all of them in the end (`Stage.finish`). When a transaction fails, its messages are tried one by one, so that one of
them holds up only what comes after it in its partition.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import structlog
from sqlalchemy import Connection, Engine

from shared import failpoints, inbox, outbox, telemetry
from shared.brokers.interface import Batch, Received, Record
from shared.ceiling import DeadWatch, TooManyDead
from shared.consuming import Progress, Work, consume
from shared.contracts import DEAD_LETTERS
from shared.dead import dead_letter
from shared.envelope import RETRY, Incoming, M, Rejected, decode, message_key
from shared.handler import Filtered, HandleWith, Hook, Runtime, Stage, check_handler, encode_all
from shared.outcome import Outcome, report

log = structlog.get_logger(__name__)


def run_stateful(stage: Stage[M], runtime: Runtime, engine: Engine) -> None:
    """Run until `runtime.stop` is set; raises `TooManyDead` at the ceiling of dead letters.

    What the stage sends lies in the outbox under its name: an `outbox.Relay` of that name must run too.
    """
    check_handler(stage, arguments=2)
    consume(stage, runtime, partial(_working, stage, runtime, engine), (DEAD_LETTERS,), split=True)


@contextmanager
def _working(stage: Stage[M], runtime: Runtime, engine: Engine) -> Iterator[Work]:
    yield partial(_work, stage, runtime, engine, DeadWatch(runtime.ceiling, stage.name))


@dataclass
class _Handled:
    """The messages of one transaction before its commit."""

    outcomes: list[Outcome] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)


def _work(stage: Stage[M], runtime: Runtime, engine: Engine, watch: DeadWatch, batch: Batch) -> Progress:
    ((_, records),) = batch.items()
    with telemetry.batch_span(stage.name, batch):
        progress = _try(stage, runtime, engine, watch, records)
        if not progress.failed or len(records) == 1:
            return progress
        return _one_by_one(stage, runtime, engine, watch, records)


def _try(stage: Stage[M], runtime: Runtime, engine: Engine, watch: DeadWatch, records: Sequence[Received]) -> Progress:
    partition = records[0].partition
    try:
        hooks = _transaction(stage, runtime, engine, watch, records)
    except TooManyDead:
        raise
    except Exception as error:  # noqa: BLE001 - it passes: the loop logs it, and tries again
        return Progress({partition: records[0].offset}, {partition: error})
    return Progress({partition: records[-1].offset + 1}, after_commit=hooks)


def _one_by_one(
    stage: Stage[M], runtime: Runtime, engine: Engine, watch: DeadWatch, records: Sequence[Received]
) -> Progress:
    whole = Progress({records[0].partition: records[0].offset})
    for record in records:
        if runtime.stop.is_set() or whole.failed:
            break
        one = _try(stage, runtime, engine, watch, [record])
        whole = Progress(one.reached, one.failed, whole.after_commit + one.after_commit)
    return whole


def _transaction(
    stage: Stage[M], runtime: Runtime, engine: Engine, watch: DeadWatch, records: Sequence[Received]
) -> list[Hook]:
    consumer = runtime.consumer_name(stage)
    with engine.begin() as connection:
        new, again = _take(connection, consumer, records)
        handled = _handle_all(stage, runtime, connection, new)
        dead = [outcome.dead for outcome in handled.outcomes]
        watch.check(dead)
        inbox.settle(connection, consumer, handled.outcomes)
        outbox.put(connection, stage.name, handled.records)
        failpoints.hit("stage.before_commit")
    failpoints.hit("stage.after_commit")
    watch.note(dead)
    report(stage.name, handled.outcomes)
    telemetry.DUPLICATES.labels(stage.name).inc(again)
    return handled.hooks


def _take(connection: Connection, consumer: str, records: Sequence[Received]) -> tuple[list[Received], int]:
    """Enter the records in the inbox; returns those that are new to it, and how many came again."""
    by_id = {message_key(record): record for record in reversed(records)}  # of two with one id the first counts
    inbox.forget_dead(connection, consumer, [key for key, record in by_id.items() if RETRY in record.headers])
    new = inbox.take(connection, consumer, by_id)
    first = [record for record in records if message_key(record) in new and by_id[message_key(record)] is record]
    return first, len(records) - len(first)


def _handle_all(stage: Stage[M], runtime: Runtime, connection: Connection, records: Sequence[Received]) -> _Handled:
    handled = _Handled()
    decoded = [(received, _decode(stage, received)) for received in records]
    if stage.prepare:
        stage.prepare([message for _, message in decoded if isinstance(message, Incoming)], connection)
    for received, message in decoded:
        runtime.health.turned()
        try:
            outcome, sent, hooks = _handle(stage, connection, received, message)
        except Rejected as error:
            outcome, hooks = Outcome(received, "dead", str(error)), ()
            sent = [dead_letter(stage.name, received, str(error), runtime.clock)]
        handled.outcomes.append(outcome)
        handled.records += sent
        handled.hooks += hooks
    if stage.finish:
        stage.finish(connection)
    return handled


def _decode(stage: Stage[M], received: Received) -> Incoming[M] | Rejected:
    try:
        return decode(received, stage.reads)
    except Rejected as error:
        return error


def _handle(
    stage: Stage[M], connection: Connection, received: Received, incoming: Incoming[M] | Rejected
) -> tuple[Outcome, list[Record], Sequence[Hook]]:
    if isinstance(incoming, Rejected):
        raise incoming
    with nullcontext() if stage.finish else connection.begin_nested():
        result = cast("HandleWith[M]", stage.handle)(incoming, connection)
        if isinstance(result, Filtered):
            return Outcome(received, "filtered", result.reason), [], result.after_commit
        return Outcome(received, "produced"), encode_all(stage, result.messages, incoming), result.after_commit
