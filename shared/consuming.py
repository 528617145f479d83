"""The loop under every stage: poll, let the stage work, commit what is done, try again later what failed."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from shared import telemetry
from shared.brokers.interface import Batch, BrokerError, Consumer, Partition
from shared.contracts import Topic
from shared.envelope import M
from shared.handler import Hook, Runtime, Stage

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0  # seconds


@dataclass
class Progress:
    """How far a stage got: for each partition the first offset that is not done, and what stood in the way."""

    reached: dict[Partition, int] = field(default_factory=dict)
    failed: dict[Partition, Exception] = field(default_factory=dict)
    after_commit: list[Hook] = field(default_factory=list)


Work = Callable[[Batch], Progress]
Working = Callable[[], AbstractContextManager[Work]]


def consume(stage: Stage[M], runtime: Runtime, working: Working, also: Sequence[Topic], split: bool) -> None:
    """Run until told to stop.

    working  holds what the stage needs to work (a producer) for as long as the broker stays
    also     topics that are written beside those of the stage
    split    the stage works on one partition at a time
    """
    name = runtime.consumer_name(stage)
    failures = 0
    while not runtime.stop.is_set():
        started = time.monotonic()
        try:
            _check_topics(runtime, [stage.reads, *stage.writes, *also])
            with (
                working() as work,
                closing(runtime.broker.consumer(name, stage.reads.name, runtime.batch_size)) as consumer,
            ):
                _Loop(stage, runtime, work, consumer, split).run()
            return
        except BrokerError as error:
            runtime.health.not_ready(str(error))
            log.warning("broker is away, trying again", stage=stage.name, error=str(error))
            failures = 0 if time.monotonic() - started > LONGEST_PAUSE else failures + 1
            runtime.stop.wait(pause(min(failures, 6)))  # seconds, not half a minute: it may be back by now
            runtime.health.turned()


def pause(attempt: int) -> float:
    """Seconds to wait before try number `attempt` (0: the first one again): doubling, with jitter, bounded."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt, 20)) * random.uniform(0.5, 1)  # noqa: S311 - no secret


def _check_topics(runtime: Runtime, topics: Sequence[Topic]) -> None:
    if missing := runtime.broker.missing([topic.name for topic in topics]):
        raise BrokerError(f"topics are missing: {', '.join(sorted(missing))}; `python -m shared.broker` creates them")


class _Loop:
    def __init__(self, stage: Stage[M], runtime: Runtime, work: Work, consumer: Consumer, split: bool) -> None:
        self._name, self._runtime, self._work, self._consumer, self._split = stage.name, runtime, work, consumer, split
        self._uncertain: dict[Partition, int] = {}  # offsets that were committed, but not for certain
        self._attempts: dict[Partition, tuple[int, int]] = {}  # the offset that failed, and how often in a row
        self._resume_at: dict[Partition, float] = {}
        self._targets: dict[Partition, int] = {}  # where to stop, when the runtime has an `until`

    def run(self) -> None:
        while not self._runtime.stop.is_set():
            self._runtime.health.turned()
            self._resume_due()
            batch = self._before_until(self._consumer.poll(self._poll_seconds()))
            self._observe(batch)
            for unit in self._units(batch):
                if self._runtime.stop.is_set():
                    break
                with telemetry.BATCH_SECONDS.labels(self._name).time():
                    self._settle(self._work(unit))
            if not batch:
                self._make_certain()
            if self._runtime.until and self._all_reached():
                log.info("reached the end of the range", stage=self._name, until=self._runtime.until.isoformat())
                break
        self._make_certain()

    def _units(self, batch: Batch) -> Iterator[Batch]:
        if self._split:
            yield from ({partition: records} for partition, records in batch.items())
        elif batch:
            yield batch

    def _settle(self, progress: Progress) -> None:
        self._uncertain.update(progress.reached)
        for partition, error in progress.failed.items():
            self._hold(partition, progress.reached[partition], error)
        self._uncertain = self._still_ours()
        self._consumer.commit_soon(self._uncertain)
        for hook in progress.after_commit:
            self._run_hook(hook)

    def _make_certain(self) -> None:
        """Await the commit of what was committed in passing. Where that fails, it may be read again."""
        if not (offsets := self._still_ours()):
            return
        try:
            self._consumer.commit(offsets)
            self._uncertain = {}
        except BrokerError as error:
            telemetry.COMMIT_ERRORS.labels(self._name).inc()
            log.warning("offsets are not committed yet", stage=self._name, error=str(error))

    def _still_ours(self) -> dict[Partition, int]:
        assigned = self._consumer.assignment()
        return {partition: offset for partition, offset in self._uncertain.items() if partition in assigned}

    def _run_hook(self, hook: Hook) -> None:
        try:
            hook()
        except Exception:  # the work is committed; a hook is only a hint
            telemetry.HOOK_ERRORS.labels(self._name).inc()
            log.exception("after commit", stage=self._name)

    def _hold(self, partition: Partition, offset: int, error: Exception) -> None:
        failed_before, times = self._attempts.get(partition, (offset, 0))
        attempt = times if failed_before == offset else 0
        seconds = pause(attempt)
        self._attempts[partition] = offset, attempt + 1
        self._resume_at[partition] = time.monotonic() + seconds
        self._consumer.pause(partition)
        self._consumer.seek(partition, offset)
        telemetry.RETRIES.labels(self._name).inc()
        expected = isinstance(error, BrokerError | OperationalError)  # an outage: its message says it all
        log.warning(
            "will try again",
            stage=self._name,
            partition=partition.number,
            offset=offset,
            attempt=attempt + 1,
            seconds=round(seconds, 1),
            error=f"{type(error).__name__}: {error}",
            exc_info=None if expected else error,
        )

    def _resume_due(self) -> None:
        now = time.monotonic()
        for partition in [p for p, due in self._resume_at.items() if due <= now]:
            del self._resume_at[partition]
            if partition in self._consumer.assignment():
                self._consumer.resume(partition)

    def _poll_seconds(self) -> float:
        """Not beyond the next moment at which a partition is due."""
        wait = min((due - time.monotonic() for due in self._resume_at.values()), default=self._runtime.poll_seconds)
        return max(0.0, min(wait, self._runtime.poll_seconds))

    def _observe(self, batch: Batch) -> None:
        assignment = self._consumer.assignment()
        if assignment:
            self._runtime.health.ready()
        else:
            self._runtime.health.not_ready("no partition is assigned")
        now = self._runtime.clock()
        for partition in assignment:
            lag = self._consumer.lag(partition)
            telemetry.OFFSET_LAG.labels(self._name, partition.number).set(lag or 0)
            if records := batch.get(partition):
                age = (now - records[-1].recorded_at).total_seconds()
                telemetry.AGE_LAG.labels(self._name, partition.number).set(age)
            elif lag == 0:
                telemetry.AGE_LAG.labels(self._name, partition.number).set(0)

    # --- a run that ends: `until` ---

    def _before_until(self, batch: Batch) -> Batch:
        until = self._runtime.until
        if until is None:
            return batch
        self._find_targets(until)
        return {
            partition: kept
            for partition, records in batch.items()
            if (kept := [record for record in records if record.offset < self._targets[partition]])
        }

    def _find_targets(self, until: datetime) -> None:
        if new := set(self._consumer.assignment()) - set(self._targets):
            self._targets.update(self._consumer.offsets_at(new, until))

    def _all_reached(self) -> bool:
        assigned = self._consumer.assignment()
        return (
            bool(assigned)
            and not self._resume_at
            and all(self._consumer.position(p) >= self._targets.get(p, 0) for p in assigned)
        )
