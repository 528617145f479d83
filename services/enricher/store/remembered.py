"""Events as they were last read, so that those that many reports are held against are read once."""

from collections import OrderedDict
from uuid import UUID

from services.enricher.domain.linking.reports import KnownEvent

REPORTS = 10_000  # of all events remembered together: about 150 MB


class Remembered:
    """The least recently used go first. A stamp names one state of one event, also across rolled back transactions."""

    def __init__(self, reports: int = REPORTS) -> None:
        self._most = reports
        self._held = 0
        self._events: OrderedDict[UUID, tuple[str, KnownEvent]] = OrderedDict()

    def get(self, event_id: UUID, stamp: str) -> KnownEvent | None:
        held = self._events.get(event_id)
        if held is None or held[0] != stamp:
            return None
        self._events.move_to_end(event_id)
        return held[1]

    def put(self, event: KnownEvent, stamp: str) -> None:
        self._forget(event.event_id)
        self._events[event.event_id] = (stamp, event)
        self._held += len(event.reports)
        while self._held > self._most:
            self._forget(next(iter(self._events)))

    def _forget(self, event_id: UUID) -> None:
        if before := self._events.pop(event_id, None):
            self._held -= len(before[1].reports)
