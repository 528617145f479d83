"""Dead letters: what cannot be handled, with its bytes, where it stood and why."""

from shared.brokers.interface import Received, Record
from shared.clock import Clock
from shared.contracts import DEAD_LETTERS, DeadLetter, message_id
from shared.envelope import Outgoing, encode, message_key


def dead_letter(stage: str, received: Received, reason: str, clock: Clock) -> Record:
    """The dead letter of one message; its id is the same however often the stage meets that record."""
    topic, partition = received.partition
    body = DeadLetter.model_construct(  # its bytes need no check, and Base64Bytes takes text where it checks
        stage=stage,
        topic=topic,
        partition=partition,
        offset=received.offset,
        message_id=received.headers.get("ce_id"),
        reason=reason,
        key=received.key,
        value=received.value,
        headers=dict(received.headers),
        died_at=clock(),
    )
    letter_id = message_id(DEAD_LETTERS, stage, topic, partition, received.offset)
    letter = Outgoing(DEAD_LETTERS, message_key(received), body, letter_id, time=received.recorded_at)
    record = encode(letter, stage)
    return Record(record.topic, record.key, record.value, {**record.headers, "ce_causationid": message_key(received)})
