"""A broker in memory, for unit tests: same promises as Kafka, proven by the same suite."""

import threading
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from shared.brokers.interface import Batch, BrokerError, Partition, Reassigned, Received, Record
from shared.clock import Clock, wall
from shared.contracts import TOPICS, Topic


class MemoryBroker:
    def __init__(self, topics: Collection[Topic] = TOPICS, clock: Clock = wall) -> None:
        self.clock = clock
        self.arrived = threading.Condition()
        self.logs = {Partition(t.name, n): list[Received]() for t in topics for n in range(t.partitions)}
        self.committed: dict[str, dict[Partition, int]] = defaultdict(dict)
        self.members: dict[tuple[str, str], list[MemoryConsumer]] = defaultdict(list)

    def producer(self) -> "MemoryProducer":
        return MemoryProducer(self)

    def consumer(self, group: str, topic: str, batch_size: int) -> "MemoryConsumer":
        return MemoryConsumer(self, group, topic, batch_size)

    def reader(self, topics: Collection[str], batch_size: int) -> "MemoryReader":
        return MemoryReader(self, [place for topic in topics for place in self.partitions(topic)], batch_size)

    def missing(self, topics: Collection[str]) -> Collection[str]:
        return set(topics) - {partition.topic for partition in self.logs}

    def read(self, topic: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Received]:
        for partition in self.partitions(topic):
            for record in list(self.logs[partition]):
                if (since is None or record.recorded_at >= since) and (until is None or record.recorded_at < until):
                    yield record

    def rewind(self, group: str, topic: str, since: datetime) -> Mapping[Partition, int]:
        if self.members[group, topic]:
            raise Reassigned(f"group {group} has members: stop them first")
        offsets = {partition: self.offset_at(partition, since) for partition in self.partitions(topic)}
        self.committed[group].update(offsets)
        return offsets

    def partitions(self, topic: str) -> list[Partition]:
        found = [partition for partition in self.logs if partition.topic == topic]
        if not found:
            raise BrokerError(f"there is no topic {topic}")
        return found

    def offset_at(self, partition: Partition, time: datetime) -> int:
        log = self.logs[partition]
        return next((record.offset for record in log if record.recorded_at >= time), len(log))

    def take(self, positions: dict[Partition, int], readable: Collection[Partition], room: int) -> Batch:
        """Up to `room` records from where `positions` stand, which it moves on."""
        batch: dict[Partition, Sequence[Received]] = {}
        for partition in readable:
            at = positions[partition]
            if records := self.logs[partition][at : at + room]:
                batch[partition] = records
                positions[partition] += len(records)
                room -= len(records)
        return batch


class MemoryProducer:
    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    def send(self, records: Sequence[Record]) -> None:
        with self._broker.arrived:
            for record in records:
                self._append(record)
            self._broker.arrived.notify_all()

    def _append(self, record: Record) -> None:
        partitions = self._broker.partitions(record.topic)
        partition = partitions[zlib.crc32(record.key or b"") % len(partitions)]
        log = self._broker.logs[partition]
        log.append(
            Received(partition, len(log), self._broker.clock(), record.key, record.value, dict(record.headers)),
        )

    def close(self) -> None:
        pass


class MemoryConsumer:
    def __init__(self, broker: MemoryBroker, group: str, topic: str, batch_size: int) -> None:
        self._broker, self._group, self._topic, self._batch_size = broker, group, topic, batch_size
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        with broker.arrived:
            self._members.append(self)
            broker.arrived.notify_all()

    @property
    def _members(self) -> list["MemoryConsumer"]:
        return self._broker.members[self._group, self._topic]

    def poll(self, timeout: float) -> Batch:
        with self._broker.arrived:
            self._broker.arrived.wait_for(self._has_records, timeout)
            return self._take()

    def _has_records(self) -> bool:
        self._rebalance()
        return any(self.lag(partition) for partition in self._positions if partition not in self._paused)

    def _rebalance(self) -> None:
        share = self._share()
        committed = self._broker.committed[self._group]
        self._positions = {p: self._positions.get(p, committed.get(p, 0)) for p in share}
        self._paused &= set(share)

    def _share(self) -> list[Partition]:
        if self not in self._members:
            return []
        mine = self._members.index(self)
        return self._broker.partitions(self._topic)[mine :: len(self._members)]

    def _take(self) -> Batch:
        readable = [partition for partition in self._positions if partition not in self._paused]
        return self._broker.take(self._positions, readable, self._batch_size)

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        with self._broker.arrived:
            if lost := set(offsets) - set(self._share()):
                raise Reassigned(f"no longer assigned: {sorted(lost)}")
            self._broker.committed[self._group].update(offsets)

    def commit_soon(self, offsets: Mapping[Partition, int]) -> None:
        with suppress(Reassigned):
            self.commit(offsets)

    def assignment(self) -> Collection[Partition]:
        return set(self._positions)

    def position(self, partition: Partition) -> int:
        return self._positions[partition]

    def lag(self, partition: Partition) -> int | None:
        return len(self._broker.logs[partition]) - self._positions[partition]

    def seek(self, partition: Partition, offset: int) -> None:
        self._positions[partition] = offset

    def pause(self, partition: Partition) -> None:
        self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        self._paused.discard(partition)

    def offsets_at(self, partitions: Collection[Partition], time: datetime) -> Mapping[Partition, int]:
        return {partition: self._broker.offset_at(partition, time) for partition in partitions}

    def close(self) -> None:
        with self._broker.arrived:
            if self in self._members:
                self._members.remove(self)
            self._broker.arrived.notify_all()


class MemoryReader:
    def __init__(self, broker: MemoryBroker, partitions: Collection[Partition], batch_size: int) -> None:
        self._broker, self._batch_size = broker, batch_size
        self._positions = dict.fromkeys(partitions, 0)

    def poll(self, timeout: float) -> Batch:
        with self._broker.arrived:
            self._broker.arrived.wait_for(self._behind, timeout)
            return self._broker.take(self._positions, list(self._positions), self._batch_size)

    def _behind(self) -> bool:
        return any(at < len(self._broker.logs[partition]) for partition, at in self._positions.items())

    def close(self) -> None:
        pass
