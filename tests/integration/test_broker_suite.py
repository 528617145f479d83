"""One suite that every broker passes: the one in memory, Apache Kafka, and the light stand-in.

What the light one cannot do is skipped by name: it tells the end of a topic too low.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local import tansu
from deploy.local.supervisor import Supervisor
from shared.broker import (
    Batch,
    Broker,
    BrokerError,
    Consumer,
    KafkaBroker,
    MemoryBroker,
    Partition,
    Reader,
    Reassigned,
    Received,
    Record,
    create_topics,
)
from shared.contracts import EVENTS_CHANGED

TOPIC = replace(EVENTS_CHANGED, name="suite", partitions=3, max_message_bytes=16_777_216)
PATIENCE = 30.0  # seconds; the light broker takes 11 for a second member


@pytest.fixture(scope="session")
def light_bootstrap(parts_supervisor: Supervisor) -> str:
    program, bootstrap = tansu.program()
    parts_supervisor.launch(program)
    parts_supervisor.wait()
    return bootstrap


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka_only), "light"])
def broker(request: pytest.FixtureRequest, topic_prefix: str) -> Broker:
    if request.param == "memory":
        return MemoryBroker([TOPIC])
    bootstrap = request.getfixturevalue("kafka_bootstrap" if request.param == "kafka" else "light_bootstrap")
    create_topics(bootstrap, topic_prefix, [TOPIC])
    return KafkaBroker(bootstrap, topic_prefix)


@pytest.fixture
def exact_end(request: pytest.FixtureRequest) -> None:
    if "light" in request.node.callspec.params.values():
        pytest.skip("Tansu tells the end of a topic too low")


def records(count: int, keys: int = 7) -> list[Record]:
    return [Record(TOPIC.name, f"k{n % keys}".encode(), str(n).encode(), {"ce_id": f"m{n}"}) for n in range(count)]


def send(broker: Broker, batch: list[Record]) -> None:
    with closing(broker.producer()) as producer:
        producer.send(batch)


def numbers(received: list[Received]) -> list[int]:
    return sorted(int(one.value) for one in received)


def take(
    consumer: Consumer | Reader, enough: Callable[[list[Received]], bool], seconds: float = PATIENCE
) -> list[Received]:
    """Poll until there is enough."""
    got: list[Received] = []
    deadline = time.monotonic() + seconds
    while not enough(got):
        assert time.monotonic() < deadline, f"only {len(got)} records in {seconds} s"
        got += flat(consumer.poll(0.2))
    return got


def flat(batch: Batch) -> list[Received]:
    return [one for records in batch.values() for one in records]


def take_all(consumer: Consumer, count: int) -> list[Received]:
    return take(consumer, lambda got: len(got) >= count)


@pytest.fixture
def consumer(broker: Broker) -> Iterator[Consumer]:
    with closing(broker.consumer("readers", TOPIC.name, 100)) as one:
        yield one


def test_everything_arrives_unchanged_and_keys_keep_their_order(broker: Broker, consumer: Consumer) -> None:
    sent = records(200)
    before = datetime.now(UTC) - timedelta(seconds=1)
    send(broker, sent)
    got = take_all(consumer, len(sent))
    assert numbers(got) == list(range(200))
    for key in {record.key for record in sent}:
        mine = [one for one in got if one.key == key]
        assert [one.value for one in mine] == [record.value for record in sent if record.key == key]
        assert len({one.partition for one in mine}) == 1, "a key has one partition"
    first = next(one for one in got if one.value == b"0")
    assert dict(first.headers) == {"ce_id": "m0"}
    assert first.partition.topic == TOPIC.name, "the prefix stays inside"
    assert before <= first.recorded_at <= datetime.now(UTC) + timedelta(seconds=1)


def test_a_batch_is_no_larger_than_asked_for(broker: Broker) -> None:
    send(broker, records(30))
    with closing(broker.consumer("readers", TOPIC.name, 4)) as consumer:
        sizes: list[int] = []
        while sum(sizes) < 30:
            sizes.append(sum(map(len, consumer.poll(5).values())))
        assert max(sizes) <= 4


def test_bytes_of_any_kind_and_a_message_of_many_megabytes(broker: Broker, consumer: Consumer) -> None:
    large = bytes(range(256)) * 4 * 8192  # 8 MiB
    send(broker, [Record(TOPIC.name, b"k", large, {}), Record(TOPIC.name, b"k", b"\xff\x00", {"name": "wörter"})])
    got = take_all(consumer, 2)
    assert [one.value for one in got] == [large, b"\xff\x00"]
    assert got[1].headers == {"name": "wörter"}


def test_what_was_committed_is_not_read_again_the_rest_is(broker: Broker) -> None:
    send(broker, records(10, keys=1))
    with closing(broker.consumer("readers", TOPIC.name, 5)) as consumer:
        got = take_all(consumer, 5)
        consumer.commit({got[0].partition: got[3].offset})
    with closing(broker.consumer("readers", TOPIC.name, 5)) as consumer:
        assert numbers(take_all(consumer, 7)) == list(range(3, 10))


def test_each_group_reads_everything(broker: Broker) -> None:
    send(broker, records(10))
    for group in ("one", "other"):
        with closing(broker.consumer(group, TOPIC.name, 100)) as consumer:
            assert numbers(take_all(consumer, 10)) == list(range(10))


class Member(threading.Thread):
    """Polls from a thread of its own: members of one group must not wait for one another's polls."""

    def __init__(self, broker: Broker, commits: bool) -> None:
        super().__init__()
        self._broker, self._commits, self._leave = broker, commits, threading.Event()
        self.got: list[Received] = []
        self.share: set[Partition] = set()
        self.start()

    def run(self) -> None:
        with closing(self._broker.consumer("readers", TOPIC.name, 100)) as consumer:
            while not self._leave.is_set():
                batch = consumer.poll(0.5)
                if batch and self._commits:
                    consumer.commit({partition: got[-1].offset + 1 for partition, got in batch.items()})
                self.got += flat(batch)
                self.share = set(consumer.assignment())

    def leave(self) -> None:
        self._leave.set()
        self.join()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_members_share_the_partitions_and_take_over(broker: Broker) -> None:
    first = Member(broker, commits=True)
    try:
        send(broker, records(60, keys=30))
        wait_until(lambda: len(first.got) == 60)
        second = Member(broker, commits=False)
        try:
            wait_until(lambda: bool(second.share) and len(first.share) + len(second.share) == TOPIC.partitions)
            send(broker, records(60, keys=30))
            wait_until(lambda: len(first.got) + len(second.got) == 120)
            before = len(first.got)
            assert before > 60 and second.got, "both had their share"
            assert numbers(first.got[60:] + second.got) == list(range(60)), "each record went to one of them"
        finally:
            second.leave()
        wait_until(lambda: len(first.got) == before + len(second.got))
        assert numbers(first.got[before:]) == numbers(second.got), "what the second had not committed"
    finally:
        first.leave()


def test_a_paused_partition_waits_while_the_others_go_on(broker: Broker, consumer: Consumer) -> None:
    send(broker, records(30))
    got = take_all(consumer, 30)
    paused = got[0].partition
    consumer.pause(paused)
    send(broker, records(30))
    others = [one for one in got if one.partition != paused]
    assert numbers(take_all(consumer, len(others))) == numbers(others)
    assert not consumer.poll(0.3)
    consumer.resume(paused)
    assert len(take_all(consumer, 30 - len(others))) == 30 - len(others)


def test_seek_goes_back(broker: Broker, consumer: Consumer) -> None:
    send(broker, records(10, keys=1))
    got = take_all(consumer, 10)
    partition = got[0].partition
    consumer.seek(partition, got[6].offset)
    assert consumer.position(partition) == got[6].offset
    assert numbers(take_all(consumer, 4)) == [6, 7, 8, 9]


def test_seek_while_more_is_on_its_way(broker: Broker) -> None:
    """As the runtime does it when a message fails: pause, seek, resume, with records read ahead."""
    send(broker, records(50, keys=1))
    with closing(broker.consumer("readers", TOPIC.name, 10)) as consumer:
        got = take_all(consumer, 10)
        partition = got[0].partition
        consumer.pause(partition)
        consumer.seek(partition, got[5].offset)
        assert not consumer.poll(0.3)
        consumer.resume(partition)
        assert [int(one.value) for one in take_all(consumer, 45)] == list(range(5, 50))


def test_lag_falls_to_zero(broker: Broker, consumer: Consumer) -> None:
    send(broker, records(10, keys=1))
    partition = take_all(consumer, 10)[0].partition
    assert consumer.lag(partition) == 0


def test_offsets_by_time(broker: Broker, consumer: Consumer, exact_end: None) -> None:
    early, middle = _two_batches(broker)
    got = take_all(consumer, 20)
    partition = got[0].partition
    offsets = [one.offset for one in got]
    far = datetime.now(UTC) + timedelta(days=1)
    assert consumer.offsets_at([partition], early) == {partition: offsets[0]}
    assert consumer.offsets_at([partition], middle) == {partition: offsets[10]}
    assert consumer.offsets_at([partition], far) == {partition: offsets[-1] + 1}


def test_read_without_a_group(broker: Broker) -> None:
    assert list(broker.read(TOPIC.name)) == []
    _two_batches(broker)
    assert numbers(list(broker.read(TOPIC.name))) == sorted([*range(10), *range(10)])


def test_a_reader_reads_on_without_a_group(broker: Broker) -> None:
    with closing(broker.reader([TOPIC.name], 500)) as reader:
        send(broker, records(10))
        assert numbers(take(reader, lambda got: len(got) >= 10)) == list(range(10))
        send(broker, records(3))
        assert numbers(take(reader, lambda got: len(got) >= 3)) == list(range(3))


def test_read_a_range_of_time(broker: Broker, exact_end: None) -> None:
    _, middle = _two_batches(broker)
    assert numbers(list(broker.read(TOPIC.name, since=middle))) == list(range(10))
    assert numbers(list(broker.read(TOPIC.name, until=middle))) == list(range(10))
    assert next(iter(broker.read(TOPIC.name, since=middle))).offset == 10


def test_rewind_sets_where_a_group_starts(broker: Broker, exact_end: None) -> None:
    _, middle = _two_batches(broker)
    assert 10 in broker.rewind("readers", TOPIC.name, middle).values()
    with closing(broker.consumer("readers", TOPIC.name, 100)) as consumer:
        assert take_all(consumer, 10)[0].offset == 10
        with pytest.raises(Reassigned):
            broker.rewind("readers", TOPIC.name, middle)


def test_nobody_there_is_an_error_soon() -> None:
    nowhere = KafkaBroker("127.0.0.1:1")
    for ask in (nowhere.producer, lambda: nowhere.consumer("g", "t", 1), lambda: list(nowhere.read("t"))):
        with pytest.raises(BrokerError, match=r"no broker at 127\.0\.0\.1:1"):
            ask()


def test_reading_a_topic_that_is_not_there_is_an_error(broker: Broker) -> None:
    with pytest.raises(BrokerError, match=r"there is no topic .*nowhere"):
        list(broker.read("nowhere"))


def test_missing_topics_are_named(broker: Broker) -> None:
    assert set(broker.missing([TOPIC.name, "nowhere"])) == {"nowhere"}


def _two_batches(broker: Broker) -> tuple[datetime, datetime]:
    """Ten records before and ten after the second of the times returned."""
    early = datetime.now(UTC) - timedelta(seconds=1)
    send(broker, records(10, keys=1))
    time.sleep(0.05)
    middle = datetime.now(UTC)
    time.sleep(0.05)
    send(broker, records(10, keys=1))
    return early, middle
