"""What a decision must know of what was told before. Loaded by `store/past.py`, made up by the backtest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.alerting.domain.results import Result
from shared.codes import MessageKind
from shared.contracts import Place


@dataclass(frozen=True)
class OpenThread:
    """What a destination was told about an event. `closed`: why it ended (retracted, merged), where it did.

    `rules`: those that had something told in it; none: not known, so that every rule speaks for it.
    """

    subject: str
    closed: str | None = None
    rules: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Told:
    """A message to a destination, sent or queued. `at`: message time."""

    event_id: UUID | None
    kind: MessageKind
    at: datetime
    late: bool = False


@dataclass(frozen=True)
class Active:
    """An alert that a destination got and that was not retracted: it may hide others."""

    event_id: UUID
    rule_ids: Sequence[str]
    at: datetime
    place: Place | None
    killed: int | None


@dataclass(frozen=True)
class Past:
    """Of what the destinations in question got and wait for. Empty: nothing was told, nothing is held.

    told     messages as far back as they are counted, by destination
    active   alerts that may hide others, by destination
    pending  when what is held is due, by destination and why it is held
    hidden   how this event's alert was hidden before, by rule, its version and destination
    """

    told: Mapping[str, Sequence[Told]] = field(default_factory=dict)
    active: Mapping[str, Sequence[Active]] = field(default_factory=dict)
    pending: Mapping[tuple[str, Result], datetime] = field(default_factory=dict)
    hidden: Mapping[tuple[str, int, str], Result] = field(default_factory=dict)
