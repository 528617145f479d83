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
        self._events: OrderedDict[str, KnownEvent] = OrderedDict()
        self._newest: dict[UUID, str] = {}

    def get(self, stamp: str) -> KnownEvent | None:
        event = self._events.get(stamp)
        if event is not None:
            self._events.move_to_end(stamp)
        return event

    def put(self, event: KnownEvent, stamp: str) -> None:
        if before := self._newest.pop(event.event_id, None):
            self._forget(before)
        self._events[stamp] = event
        self._newest[event.event_id] = stamp
        self._held += len(event.reports)
        while self._held > self._most:
            self._forget(next(iter(self._events)))

    def _forget(self, stamp: str) -> None:
        if event := self._events.pop(stamp, None):
            self._held -= len(event.reports)
            if self._newest.get(event.event_id) == stamp:
                del self._newest[event.event_id]
