"""Creates the topics of `shared/contracts.py`."""

from collections.abc import Collection
from contextlib import closing, suppress

from kafka import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError

from shared.brokers.kafka_client import CLIENT, OVERHEAD, check_reachable, translated
from shared.contracts import TOPICS, Topic

DAY_MS = 24 * 60 * 60 * 1000


@translated()
def create_topics(
    bootstrap: str, prefix: str = "", topics: Collection[Topic] = TOPICS, replication_factor: int = -1
) -> list[str]:
    """Create the topics that are missing; returns their names. `replication_factor` -1: the cluster's default."""
    servers = bootstrap.split(",")
    check_reachable(servers)
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
            with suppress(TopicAlreadyExistsError):  # another process was as quick
                admin.create_topics(wanted)
            admin.wait_for_topics(list(wanted))
    return sorted(wanted)
