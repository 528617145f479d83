"""The broker: what services and tests import. `python -m shared.broker` creates the topics.

The interface is in `shared/brokers/interface.py`, with one implementation beside it for each broker.
"""

import argparse
import sys

from shared.brokers.interface import (
    Batch,
    Broker,
    BrokerError,
    Consumer,
    Partition,
    Producer,
    Reader,
    Reassigned,
    Received,
    Record,
)
from shared.brokers.kafka import KafkaBroker
from shared.brokers.kafka_topics import create_topics
from shared.brokers.memory import MemoryBroker
from shared.settings import RuntimeSettings, load

__all__ = [
    "Batch",
    "Broker",
    "BrokerError",
    "Consumer",
    "KafkaBroker",
    "MemoryBroker",
    "Partition",
    "Producer",
    "Reader",
    "Reassigned",
    "Received",
    "Record",
    "create_topics",
]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m shared.broker",
        description="Create the topics of shared/contracts.py that are missing; existing ones are left as they are.",
        epilog="KAFKA_BOOTSTRAP_SERVERS, TOPIC_PREFIX say where: python -m shared.broker --replication-factor 3",
    )
    parser.add_argument(
        "--replication-factor",
        type=int,
        default=-1,
        metavar="N",
        help="copies of each partition (default: the cluster's)",
    )
    arguments = parser.parse_args()
    settings = load(RuntimeSettings)
    try:
        made = create_topics(
            settings.kafka_bootstrap_servers,
            settings.topic_prefix,
            replication_factor=arguments.replication_factor,
        )
    except BrokerError as error:
        sys.stderr.write(f"shared.broker: {error}\n")
        return 1
    sys.stdout.write("".join(f"created {name}\n" for name in made) or "all topics exist\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
