"""Apache Kafka, and what speaks its protocol, by kafka-python."""

import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from shared.brokers.interface import Batch, BrokerError, Headers, Partition, Reassigned, Received, Record
from shared.contracts import TOPICS, Topic

P = ParamSpec("P")
R = TypeVar("R")

DAY_MS = 24 * 60 * 60 * 1000
LARGEST = max(topic.max_message_bytes for topic in TOPICS)

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
    "max_request_size": LARGEST + OVERHEAD,
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
    kafka_errors.CommitFailedError,
    kafka_errors.UnknownMemberIdError,
    kafka_errors.IllegalGenerationError,
    kafka_errors.FencedInstanceIdError,
)


def _translated(call: Callable[P, R]) -> Callable[P, R]:
    """kafka-python's errors as the interface's."""

    @wraps(call)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except _MOVED as error:
            raise Reassigned(f"{type(error).__name__}: {error}") from error
        except (kafka_errors.KafkaError, OSError) as error:
            raise BrokerError(f"{type(error).__name__}: {error}") from error

    return wrapper


class KafkaBroker:
    """`prefix` stands before the names of topics and groups, so that several pipelines can share a cluster."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._servers, self._prefix = bootstrap.split(","), prefix

    @_translated
    def producer(self) -> "Producing":
        _check_reachable(self._servers)
        return Producing(KafkaProducer(bootstrap_servers=self._servers, **CLIENT, **PRODUCER), self._prefix)

    @_translated
    def consumer(self, group: str, topic: str, batch_size: int) -> "Consuming":
        client = self._client(group_id=self._prefix + group, max_poll_records=batch_size)
        client.subscribe([self._prefix + topic])
        return Consuming(client, self._prefix)

    @_translated
    def missing(self, topics: Collection[str]) -> Collection[str]:
        with closing(self._client(group_id=None)) as client:
            existing = client.topics()
        return {topic for topic in topics if self._prefix + topic not in existing}

    @_translated
    def read(self, topic: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Received]:
        with closing(self._client(group_id=None)) as client:
            partitions = _partitions(client, self._prefix + topic)
            starts = _offsets_at(client, partitions, since) if since else client.beginning_offsets(partitions)
            ends = _offsets_at(client, partitions, until) if until else client.end_offsets(partitions)
            client.assign(partitions)
            for partition, start in starts.items():
                client.seek(partition, start)
            while any(client.position(partition) < ends[partition] for partition in partitions):
                for partition, records in client.poll(timeout_ms=500).items():
                    place = _place(partition, self._prefix)
                    yield from (_received(place, record) for record in records if record.offset < ends[partition])

    @_translated
    def rewind(self, group: str, topic: str, since: datetime) -> Mapping[Partition, int]:
        with closing(self._client(group_id=self._prefix + group)) as client:
            partitions = _partitions(client, self._prefix + topic)
            client.assign(partitions)
            offsets = _offsets_at(client, partitions, since)
            client.commit(_commitable(offsets), timeout_ms=COMMIT_MS)
        return {_place(partition, self._prefix): offset for partition, offset in offsets.items()}

    def _client(self, **settings: object) -> KafkaConsumer:
        _check_reachable(self._servers)
        return KafkaConsumer(bootstrap_servers=self._servers, **CLIENT, **CONSUMER, **settings)


class Producing:
    def __init__(self, client: KafkaProducer, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    @_translated
    def send(self, records: Sequence[Record]) -> None:
        acks = [
            self._client.send(
                self._prefix + record.topic,
                value=record.value,
                key=record.key,
                headers=[(name, value.encode()) for name, value in record.headers.items()],
            )
            for record in records
        ]
        if acks:
            self._client.flush(timeout=ACK_SECONDS)
        for ack in acks:
            ack.get(timeout=ACK_SECONDS)

    @_translated
    def close(self) -> None:
        self._client.close(timeout=CLOSE_SECONDS)


class Consuming:
    def __init__(self, client: KafkaConsumer, prefix: str) -> None:
        self._client, self._prefix = client, prefix
        self._read_to: dict[Partition, int] = {}  # as `position`, without a question to the broker

    @_translated
    def poll(self, timeout: float) -> Batch:
        polled = self._client.poll(timeout_ms=int(timeout * 1000))
        batch = {}
        for key, records in polled.items():
            partition = _place(key, self._prefix)
            batch[partition] = [_received(partition, record) for record in records]
            self._read_to[partition] = records[-1].offset + 1
        return batch

    @_translated
    def commit(self, offsets: Mapping[Partition, int]) -> None:
        self._client.commit(self._commitable(offsets), timeout_ms=COMMIT_MS)

    @_translated
    def commit_soon(self, offsets: Mapping[Partition, int]) -> None:
        self._client.commit_async(self._commitable(offsets))

    def assignment(self) -> Collection[Partition]:
        return {_place(key, self._prefix) for key in self._client.assignment()}

    @_translated
    def position(self, partition: Partition) -> int:
        offset = self._client.position(self._key(partition), timeout_ms=COMMIT_MS)
        if offset is None:
            raise BrokerError(f"the position in {partition} is not known yet")
        return int(offset)

    def lag(self, partition: Partition) -> int | None:
        end, read_to = self._client.highwater(self._key(partition)), self._read_to.get(partition)
        return None if end is None else max(0, end - read_to) if read_to is not None else None

    def seek(self, partition: Partition, offset: int) -> None:
        self._client.seek(self._key(partition), offset)
        self._read_to[partition] = offset

    def pause(self, partition: Partition) -> None:
        self._client.pause(self._key(partition))

    def resume(self, partition: Partition) -> None:
        key = self._key(partition)
        self._client.resume(key)
        # kafka-python 3.0.12 parks what it had read ahead and may never look there again, nor fetch the partition
        # anew. Thrown away, it is fetched again from the position. The behaviour suite tells when this can go.
        fetcher = self._client._fetcher
        fetcher._paused_partition_records.pop(key, None)
        fetcher._paused_completed_fetches.pop(key, None)

    @_translated
    def offsets_at(self, partitions: Collection[Partition], time: datetime) -> Mapping[Partition, int]:
        offsets = _offsets_at(self._client, [self._key(partition) for partition in partitions], time)
        return {_place(key, self._prefix): offset for key, offset in offsets.items()}

    @_translated
    def close(self) -> None:
        self._client.close(timeout_ms=CLOSE_SECONDS * 1000)

    def _commitable(self, offsets: Mapping[Partition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
        return _commitable({self._key(partition): offset for partition, offset in offsets.items()})

    def _key(self, partition: Partition) -> TopicPartition:
        return TopicPartition(self._prefix + partition.topic, partition.number)


@_translated
def create_topics(
    bootstrap: str, prefix: str = "", topics: Collection[Topic] = TOPICS, replication_factor: int = -1
) -> list[str]:
    """Create the topics that are missing; returns their names. `replication_factor` -1: the cluster's default."""
    servers = bootstrap.split(",")
    _check_reachable(servers)
    with closing(
        KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=CLIENT["bootstrap_timeout_ms"])
    ) as admin:
        existing = set(admin.list_topics())
        wanted = {
            prefix + topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": replication_factor,
                "configs": {
                    "retention.ms": str(topic.retention_days * DAY_MS),
                    "max.message.bytes": str(topic.max_message_bytes + OVERHEAD),
                },
            }
            for topic in topics
            if prefix + topic.name not in existing
        }
        if wanted:
            admin.create_topics(wanted)
            admin.wait_for_topics(list(wanted))
    return sorted(wanted)


def _check_reachable(servers: Sequence[str]) -> None:
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


def _partitions(client: KafkaConsumer, topic: str) -> list[TopicPartition]:
    if not (numbers := client.partitions_for_topic(topic)):
        raise BrokerError(f"there is no topic {topic}")
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def _offsets_at(client: KafkaConsumer, keys: Sequence[TopicPartition], time: datetime) -> dict[TopicPartition, int]:
    found = client.offsets_for_times(dict.fromkeys(keys, int(time.timestamp() * 1000)))
    ends = client.end_offsets(keys)
    return {key: found[key].offset if found.get(key) else ends[key] for key in keys}


def _commitable(offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {key: OffsetAndMetadata(offset, "", -1) for key, offset in offsets.items()}


def _place(key: TopicPartition, prefix: str) -> Partition:
    return Partition(key.topic.removeprefix(prefix), key.partition)


def _received(partition: Partition, record: Any) -> Received:
    return Received(
        partition,
        record.offset,
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
        record.key,
        record.value or b"",
        _texts(record.headers),
    )


def _texts(headers: Sequence[tuple[str, bytes]]) -> Headers:
    try:
        return {name: value.decode() for name, value in headers}
    except UnicodeDecodeError:
        return {name: value.decode(errors="backslashreplace") for name, value in headers}
