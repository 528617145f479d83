"""Apache Kafka, and what speaks its protocol, by kafka-python."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition

from shared.brokers.interface import Batch, BrokerError, Headers, Partition, Received, Record
from shared.brokers.kafka_client import (
    ACK_SECONDS,
    CLIENT,
    CLOSE_SECONDS,
    COMMIT_MS,
    CONSUMER,
    PRODUCER,
    check_reachable,
    translated,
)


class KafkaBroker:
    """`prefix` stands before the names of topics and groups, so that several pipelines can share a cluster."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._servers, self._prefix = bootstrap.split(","), prefix

    @translated()
    def producer(self) -> "Producing":
        check_reachable(self._servers)
        return Producing(KafkaProducer(bootstrap_servers=self._servers, **CLIENT, **PRODUCER), self._prefix)

    @translated()
    def consumer(self, group: str, topic: str, batch_size: int) -> "Consuming":
        client = self._client(group_id=self._prefix + group, max_poll_records=batch_size)
        client.subscribe([self._prefix + topic])
        return Consuming(client, self._prefix)

    @translated()
    def reader(self, topics: Collection[str], batch_size: int) -> "Reading":
        client = self._client(group_id=None, max_poll_records=batch_size)
        partitions = [partition for topic in topics for partition in _partitions(client, self._prefix + topic)]
        client.assign(partitions)
        client.seek_to_beginning(*partitions)
        return Reading(client, self._prefix)

    @translated()
    def missing(self, topics: Collection[str]) -> Collection[str]:
        with closing(self._client(group_id=None)) as client:
            existing = client.topics()
        return {topic for topic in topics if self._prefix + topic not in existing}

    def read(self, topic: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Received]:
        with translated(), closing(self._client(group_id=None)) as client:
            partitions = _partitions(client, self._prefix + topic)
            starts = _offsets_at(client, partitions, since) if since else client.beginning_offsets(partitions)
            ends = _offsets_at(client, partitions, until) if until else client.end_offsets(partitions)
            client.assign(partitions)
            for partition, start in starts.items():
                client.seek(partition, start)
            horizon = until or datetime.now(UTC)
            more = False
            # The light broker tells ends that are too low: past them, go on while older records come.
            while more or any(client.position(partition) < ends[partition] for partition in partitions):
                polled = client.poll(timeout_ms=500)
                records = [_received(_place(key, self._prefix), one) for key, many in polled.items() for one in many]
                yield from (record for record in records if until is None or record.recorded_at < until)
                more = any(record.recorded_at < horizon for record in records)

    @translated()
    def rewind(self, group: str, topic: str, since: datetime) -> Mapping[Partition, int]:
        with closing(self._client(group_id=self._prefix + group)) as client:
            partitions = _partitions(client, self._prefix + topic)
            client.assign(partitions)
            offsets = _offsets_at(client, partitions, since)
            client.commit(_commitable(offsets), timeout_ms=COMMIT_MS)
        return {_place(partition, self._prefix): offset for partition, offset in offsets.items()}

    def _client(self, **settings: object) -> KafkaConsumer:
        check_reachable(self._servers)
        return KafkaConsumer(bootstrap_servers=self._servers, **CLIENT, **CONSUMER, **settings)


class Producing:
    def __init__(self, client: KafkaProducer, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    @translated()
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

    @translated()
    def close(self) -> None:
        self._client.close(timeout=CLOSE_SECONDS)


class Reading:
    def __init__(self, client: KafkaConsumer, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    @translated()
    def poll(self, timeout: float) -> Batch:
        return _batch(self._client.poll(timeout_ms=int(timeout * 1000)), self._prefix)

    @translated()
    def close(self) -> None:
        self._client.close(timeout_ms=CLOSE_SECONDS * 1000)


class Consuming:
    def __init__(self, client: KafkaConsumer, prefix: str) -> None:
        self._client, self._prefix = client, prefix
        self._read_to: dict[Partition, int] = {}  # as `position`, without a question to the broker

    @translated()
    def poll(self, timeout: float) -> Batch:
        batch = _batch(self._client.poll(timeout_ms=int(timeout * 1000)), self._prefix)
        self._finish_joining()
        self._read_to.update({partition: records[-1].offset + 1 for partition, records in batch.items()})
        return batch

    def _finish_joining(self) -> None:
        """kafka-python 3.0.12 forgets a rebalance for new metadata when `poll` runs out of time between its assignment
        and the broker's answer: then it is no member any more and never joins again. So it is told to go on."""
        coordinator = self._client._coordinator
        if coordinator._join_task is not None:
            coordinator.request_rejoin()

    @translated()
    def commit(self, offsets: Mapping[Partition, int]) -> None:
        self._client.commit(self._commitable(offsets), timeout_ms=COMMIT_MS)

    @translated()
    def commit_soon(self, offsets: Mapping[Partition, int]) -> None:
        self._client.commit_async(self._commitable(offsets))

    def assignment(self) -> Collection[Partition]:
        return {_place(key, self._prefix) for key in self._client.assignment()}

    @translated()
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

    @translated()
    def offsets_at(self, partitions: Collection[Partition], time: datetime) -> Mapping[Partition, int]:
        offsets = _offsets_at(self._client, [self._key(partition) for partition in partitions], time)
        return {_place(key, self._prefix): offset for key, offset in offsets.items()}

    @translated()
    def close(self) -> None:
        self._client.close(timeout_ms=CLOSE_SECONDS * 1000)

    def _commitable(self, offsets: Mapping[Partition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
        return _commitable({self._key(partition): offset for partition, offset in offsets.items()})

    def _key(self, partition: Partition) -> TopicPartition:
        return TopicPartition(self._prefix + partition.topic, partition.number)


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


def _batch(polled: Mapping[TopicPartition, Sequence[Any]], prefix: str) -> Batch:
    places = {_place(key, prefix): records for key, records in polled.items()}
    return {place: [_received(place, record) for record in records] for place, records in places.items()}


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
