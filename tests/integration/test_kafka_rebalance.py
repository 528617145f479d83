"""A rebalance that outlasts a poll is finished by the next ones: a flaw of kafka-python that the broker mends."""

import time
from contextlib import closing

import pytest
from kafka.coordinator.base import MemberState

from shared.broker import KafkaBroker, create_topics
from tests.toys import PINGS, TOY_TOPICS

pytestmark = pytest.mark.kafka_only


def test_a_member_that_ran_out_of_time_while_rejoining_stays_a_member(kafka_bootstrap: str, topic_prefix: str) -> None:
    create_topics(kafka_bootstrap, topic_prefix, TOY_TOPICS)
    broker = KafkaBroker(kafka_bootstrap, topic_prefix)
    with closing(broker.consumer("group", PINGS.name, 100)) as consumer:
        coordinator = consumer._client._coordinator

        def settle() -> None:
            deadline = time.monotonic() + 20
            while coordinator.need_rejoin() or coordinator.state != MemberState.STABLE:
                assert time.monotonic() < deadline, f"it is {coordinator.state} and does nothing about it"
                consumer.poll(0.001)  # far less than a rebalance takes

        settle()
        for _ in range(5):
            coordinator._assignment_snapshot = {}  # as when the topic gets partitions: its leader joins anew
            settle()
        deadline = time.monotonic() + 20
        while len(consumer.assignment()) != PINGS.partitions:  # a topic just made may have no metadata at first
            assert time.monotonic() < deadline, f"it has {consumer.assignment()}"
            consumer.poll(0.05)
