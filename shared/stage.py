"""The runtime that all consumers share: a stage reads one topic, its handler says what comes out.

A handler is a plain function from one message to what is to be sent (`Produced`) or why nothing is (`Filtered`). It
never commits. It may get the same message again after a crash and must then say the same, ids included.

stateless  poll → handle → send all, await acks → commit offsets                          (shared/stateless.py)
stateful   poll → a transaction per partition: inbox, effects, outbox → COMMIT → commit offsets → hooks
                                                                                          (shared/stateful.py)

There are two failures. `Rejected`: the message goes to the dead letters and the next one follows. Anything else
passes: the partition pauses, the message is tried again later, order is kept.
"""

from shared.ceiling import Ceiling, TooManyDead
from shared.envelope import Incoming, Outgoing, Rejected
from shared.handler import Filtered, Handle, HandleWith, Produced, Runtime, Stage
from shared.stateful import run_stateful
from shared.stateless import run_stateless

__all__ = [
    "Ceiling",
    "Filtered",
    "Handle",
    "HandleWith",
    "Incoming",
    "Outgoing",
    "Produced",
    "Rejected",
    "Runtime",
    "Stage",
    "TooManyDead",
    "run_stateful",
    "run_stateless",
]
