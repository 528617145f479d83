"""Logs, metrics and traces. Every metric of the runtime stands here, in one list; a service adds its own below it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog
from opentelemetry import trace
from opentelemetry.propagate import extract
from prometheus_client import Counter, Gauge, Histogram

from shared.brokers.interface import Batch

LogFormat = Literal["json", "console"]

# --- metrics ----------------------------------------------------------------------------------------------------------

# How each message ended. outcome: produced, filtered, dead; reason: why it was filtered, else empty.
# These count what this process did since it started; the books are read from topics and tables, not from here.
OUTCOMES = Counter("tocsin_outcomes", "Messages by how they ended", ["stage", "outcome", "reason"])

# Messages that were taken in before and came again: after a crash, a rebalance or a replay.
DUPLICATES = Counter("tocsin_duplicates", "Messages that were taken in before", ["stage"])

# A partition paused because a message failed for a reason that may pass: database away, lock timeout, a bug.
RETRIES = Counter("tocsin_retries", "Times that a partition was paused to try again", ["stage"])

# Errors in chores after the commit, such as waking a Celery worker. Each has a slower way to get done.
HOOK_ERRORS = Counter("tocsin_after_commit_errors", "Failed chores after a commit", ["stage"])

# The broker would not take offsets; what they covered may come again.
COMMIT_ERRORS = Counter("tocsin_offset_commit_errors", "Offset commits that failed", ["stage"])

# Wall time for one batch, from poll to commit.
BATCH_SECONDS = Histogram("tocsin_batch_seconds", "Time to handle and commit one batch", ["stage"])

# now − record time of the newest record read: how far behind in time. 0 when the partition's end is reached.
AGE_LAG = Gauge("tocsin_age_lag_seconds", "Age of the newest record read", ["stage", "partition"])

# Records between the position and the end of the partition.
OFFSET_LAG = Gauge("tocsin_offset_lag", "Records still to be read", ["stage", "partition"])

# What the relay sent.
RELAYED = Counter("tocsin_relay_published", "Messages published from the outbox", ["service"])

# Age of the oldest row that waits in the outbox, as the relay saw it last; 0 when it is empty.
OUTBOX_AGE = Gauge("tocsin_outbox_age_seconds", "Age of the oldest row in the outbox", ["service"])

# --- logs -------------------------------------------------------------------------------------------------------------


def configure_logs(log_format: LogFormat, service: str) -> None:
    """One line per event on stderr. Libraries log through it too, from WARNING up."""
    shared_steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last_steps: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if log_format == "json"
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_steps,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last_steps],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for ours in ("services", "shared", "deploy"):
        logging.getLogger(ours).setLevel(logging.INFO)
    structlog.configure(
        processors=[*shared_steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


# --- traces -----------------------------------------------------------------------------------------------------------

_tracer = trace.get_tracer("tocsin")


@contextmanager
def batch_span(stage: str, batch: Batch) -> Iterator[None]:
    """One span for a batch, linked to the trace of each message. Costs next to nothing without an SDK."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        yield
        return
    messages = [record for records in batch.values() for record in records]
    contexts = [trace.get_current_span(extract(message.headers)).get_span_context() for message in messages]
    links = [trace.Link(context) for context in contexts if context.is_valid]
    with _tracer.start_as_current_span(f"{stage} batch", links=links):
        yield
