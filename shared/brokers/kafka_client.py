"""What all uses of kafka-python share: settings, and its errors as the interface's."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import errors
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from shared.brokers.interface import BrokerError, Reassigned
from shared.contracts import TOPICS

OVERHEAD = 64 * 1024  # bytes that a record takes beside its body: headers, key, framing
COMMIT_MS = 10_000
ACK_SECONDS = 30
CLOSE_SECONDS = 5

CLIENT: dict[str, Any] = {
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    "bootstrap_timeout_ms": 10_000,
    "reconnect_backoff_max_ms": 2_000,
    "request_timeout_ms": 20_000,
}
PRODUCER: dict[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "compression_type": "zstd",
    "batch_size": 256 * 1024,
    "linger_ms": 20,  # fills batches while `send` is at it; its flush ends the wait
    "max_request_size": max(topic.max_message_bytes for topic in TOPICS) + OVERHEAD,
    "delivery_timeout_ms": 25_000,
    "max_block_ms": 10_000,
}
CONSUMER: dict[str, Any] = {
    "auto_offset_reset": "earliest",
    "enable_auto_commit": False,
    "partition_assignment_strategy": [CooperativeStickyAssignor],
    "heartbeat_interval_ms": 500,  # rebalances are as slow as the heartbeat
    "session_timeout_ms": 6_000,
    # A partition that was just read misses the fetch under way: what comes in then waits for that one's end.
    "fetch_max_wait_ms": 50,
    "fetch_max_bytes": 32 * 1024 * 1024,  # a single larger message still comes
}
_MOVED = (
    errors.CommitFailedError,
    errors.UnknownMemberIdError,
    errors.IllegalGenerationError,
    errors.FencedInstanceIdError,
)


@contextmanager
def translated() -> Iterator[None]:
    """kafka-python's errors as the interface's."""
    try:
        yield
    except _MOVED as error:
        raise Reassigned(f"{type(error).__name__}: {error}") from error
    except (errors.KafkaError, OSError) as error:
        raise BrokerError(f"{type(error).__name__}: {error}") from error


def check_reachable(servers: Sequence[str]) -> None:
    """kafka-python's clients leave a thread behind when they find nobody, so look before one is made."""
    for server in servers:
        host, _, port = server.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except OSError as error:
            reason = error
        else:
            return
    raise BrokerError(f"no broker at {', '.join(servers)}: {reason}")
