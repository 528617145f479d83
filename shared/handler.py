"""What a stage is: the topic that it reads, the topics that it writes, and the function between them."""

import inspect
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic

from sqlalchemy import Connection

from shared.brokers.interface import Broker, Record
from shared.ceiling import Ceiling
from shared.clock import Clock, wall
from shared.contracts import Topic
from shared.envelope import Incoming, M, Outgoing, encode
from shared.health import Health

Hook = Callable[[], None]


@dataclass(frozen=True)
class Produced:
    """The message was handled. A stateless stage has something to send then; nothing is counted as filtered."""

    messages: Sequence[Outgoing] = ()
    after_commit: Sequence[Hook] = ()  # chores that may be lost, such as waking a worker; an error there is logged


@dataclass(frozen=True)
class Filtered:
    """The message ends here. `reason` is one of a few fixed words, for it labels a metric."""

    reason: str
    after_commit: Sequence[Hook] = ()


Handle = Callable[[Incoming[M]], Produced | Filtered]
HandleWith = Callable[[Incoming[M], Connection], Produced | Filtered]
Prepare = Callable[[Sequence[Incoming[M]], Connection], None]
Finish = Callable[[Connection], None]


@dataclass(frozen=True)
class Stage(Generic[M]):
    """`handle` takes the message, and in a stateful stage the connection whose transaction it is part of.

    `prepare` (stateful only) is called once in each transaction, before the first message, with all that are to be
    handled in it: the place to take locks, whose order no handler of one message can keep.

    `finish` (stateful only) is called once in each transaction, after the last message. A stage that has it writes
    there, for all its messages at once, and nowhere else; a handler that raises `Rejected` has nothing noted for it.
    Such messages need no savepoints of their own, which cost two round trips each.
    """

    name: str
    reads: Topic
    writes: tuple[Topic, ...]
    handle: Handle[M] | HandleWith[M]
    prepare: Prepare[M] | None = None
    finish: Finish | None = None


@dataclass(frozen=True)
class Runtime:
    """What a stage runs on.

    epoch  0 is the live consumer; another one is a run of its own over the same topic (`shared/replay.py`)
    until  stop before the first record sent at or after this time; None: never
    """

    broker: Broker
    epoch: int = 0
    batch_size: int = 100
    ceiling: Ceiling = field(default_factory=Ceiling)
    clock: Clock = wall
    stop: threading.Event = field(default_factory=threading.Event)
    health: Health = field(default_factory=Health)
    until: datetime | None = None
    poll_seconds: float = 0.5

    def consumer_name(self, stage: Stage[M]) -> str:
        """Name of the consumer group and of the inbox: `link`, and `link@2` in epoch 2."""
        return f"{stage.name}@{self.epoch}" if self.epoch else stage.name


def check_handler(stage: Stage[M], arguments: int) -> None:
    """A handler of the wrong kind is found at the start, not at the first message."""
    try:
        inspect.signature(stage.handle).bind(*[None] * arguments)
    except TypeError as error:
        kind = "(message)" if arguments == 1 else "(message, connection)"
        raise TypeError(f"stage {stage.name}: its handler must take {kind}: {error}") from error


def encode_all(stage: Stage[M], messages: Sequence[Outgoing], cause: Incoming[M]) -> list[Record]:
    """What a handler wants sent, on the wire."""
    for message in messages:
        if message.topic not in stage.writes:
            raise TypeError(f"stage {stage.name} does not write {message.topic.name}")
    return [encode(message, stage.name, cause) for message in messages]
