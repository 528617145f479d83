"""The inbox: what each stateful consumer has taken in, and how it ended. It is written in the handler's transaction."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, text

from shared.envelope import message_key
from shared.outcome import Outcome

# Sorted, so that two consumers that meet the same messages wait for one another instead of locking each other out.
_TAKE = text("""
    INSERT INTO inbox (consumer, message_id, outcome)
    SELECT :consumer, id, 'produced' FROM unnest(CAST(:ids AS text[])) AS id ORDER BY id
    ON CONFLICT DO NOTHING RETURNING message_id
""")
_REDELIVERED = text("""
    UPDATE inbox SET redeliveries = redeliveries + 1 WHERE consumer = :consumer AND message_id = ANY(:ids)
""")
_FORGET_DEAD = text("""
    DELETE FROM inbox WHERE consumer = :consumer AND message_id = ANY(:ids) AND outcome = 'dead'
""")
_SETTLE = text("""
    UPDATE inbox SET outcome = ended.outcome, reason = ended.reason
    FROM unnest(CAST(:ids AS text[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]))
         AS ended (message_id, outcome, reason)
    WHERE consumer = :consumer AND inbox.message_id = ended.message_id
""")


def take(connection: Connection, consumer: str, ids: Collection[str]) -> set[str]:
    """Enter messages as produced; returns those that were not in the inbox before."""
    new = set(connection.scalars(_TAKE, {"consumer": consumer, "ids": sorted(set(ids))}))
    if old := set(ids) - new:
        connection.execute(_REDELIVERED, {"consumer": consumer, "ids": sorted(old)})
    return new


def forget_dead(connection: Connection, consumer: str, ids: Collection[str]) -> None:
    """Let messages that died before be taken again."""
    if ids:
        connection.execute(_FORGET_DEAD, {"consumer": consumer, "ids": sorted(ids)})


def settle(connection: Connection, consumer: str, outcomes: Sequence[Outcome]) -> None:
    """Write down how messages ended that were not produced."""
    if others := [outcome for outcome in outcomes if outcome.name != "produced"]:
        values = {
            "ids": [message_key(outcome.received) for outcome in others],
            "outcomes": [outcome.name for outcome in others],
            "reasons": [outcome.reason for outcome in others],
        }
        connection.execute(_SETTLE, {"consumer": consumer, **values})
