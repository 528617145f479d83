"""Renderers of events for other software: each turns snapshots into pieces of one document, and reads nothing else.

An event is a snapshot (`EventSnapshot` as JSON) with `alertable`. Pieces come as they are made, so that a document of
any length takes little memory.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Event = Mapping[str, Any]


@dataclass(frozen=True)
class About:
    """What a document says of itself. `base_url`: of the API, without a slash at its end; `now`: aware."""

    base_url: str
    self_url: str
    now: datetime
    sender: str = "tocsin"

    def link(self, event: Event) -> str:
        return f"{self.base_url}/v1/events/{event['event_id']}"


Render = Callable[[Iterable[Event], About], Iterator[str]]
