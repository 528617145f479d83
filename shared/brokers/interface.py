"""What the runtime needs of a broker. `tests/integration/test_broker_suite.py` holds every broker to it.

Topics and groups go by their plain names here; a broker that shares a cluster puts its prefix before both.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

Headers = Mapping[str, str]


class Partition(NamedTuple):
    topic: str
    number: int


class Record(NamedTuple):
    """What is sent. Records of one topic with the same key keep their order; no key: any partition."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers


class Received(NamedTuple):
    """What was read. `recorded_at` is when the broker's producer sent it, wall time."""

    partition: Partition
    offset: int
    recorded_at: datetime
    key: bytes | None
    value: bytes
    headers: Headers


Batch = Mapping[Partition, Sequence[Received]]  # records in order


class BrokerError(Exception):
    """The broker could not be reached or did not do it: worth trying again."""


class Reassigned(BrokerError):
    """The partition is, or may be, another consumer's by now: what was not committed will be read again."""


class Producer(Protocol):
    def send(self, records: Sequence[Record]) -> None:
        """Send all, return when all are acknowledged, else raise `BrokerError`: some may have been written then."""

    def close(self) -> None: ...


class Consumer(Protocol):
    """A member of a group. Partitions come and go only inside `poll`; a new group starts at the earliest record."""

    def poll(self, timeout: float) -> Batch:
        """Some records; waits `timeout` seconds at most for the first one."""

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Set where the group reads on: the offset after the last one that was done. Returns when that is certain."""

    def commit_soon(self, offsets: Mapping[Partition, int]) -> None:
        """As `commit`, but do not wait, nor tell when it fails: to be made certain by a `commit` now and then."""

    def assignment(self) -> Collection[Partition]: ...

    def position(self, partition: Partition) -> int:
        """Offset of the next record that `poll` returns."""

    def lag(self, partition: Partition) -> int | None:
        """Records between the position and the end as last heard of; None: not yet known."""

    def seek(self, partition: Partition, offset: int) -> None: ...

    def pause(self, partition: Partition) -> None: ...

    def resume(self, partition: Partition) -> None: ...

    def offsets_at(self, partitions: Collection[Partition], time: datetime) -> Mapping[Partition, int]:
        """Offset of the first record at or after `time`; where there is none, the end."""

    def close(self) -> None:
        """Leave the group."""


class Reader(Protocol):
    """Reads topics on from their earliest record, in no group: all of it, every time, and nobody is told."""

    def poll(self, timeout: float) -> Batch:
        """Some records; waits `timeout` seconds at most for the first one."""

    def close(self) -> None: ...


class Broker(Protocol):
    def producer(self) -> Producer: ...

    def consumer(self, group: str, topic: str, batch_size: int) -> Consumer: ...

    def reader(self, topics: Collection[str], batch_size: int) -> Reader: ...

    def missing(self, topics: Collection[str]) -> Collection[str]:
        """Those of `topics` that do not exist."""

    def read(self, topic: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Received]:
        """What the topic holds now from `since` (inclusive) to `until` (exclusive), without a group."""

    def rewind(self, group: str, topic: str, since: datetime) -> Mapping[Partition, int]:
        """Let a group that has no members start at `since`; returns where that is."""
