"""What a person said stands: what of it passes on when events merge, and which the machine must not merge."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from services.enricher.domain.linking.reports import KnownEvent
from shared.codes import EventStatus


def inherited(survivor: Mapping[str, Any], absorbed: Mapping[str, Any]) -> dict[str, Any]:
    """Pinned values of an event that took in another one: its own first. A rejection ends with the event rejected."""
    passed = {field: value for field, value in absorbed.items() if value != EventStatus.REJECTED}
    return {**passed, **survivor}


def rejected(event: KnownEvent) -> bool:
    return bool(event.pinned.get("status") == EventStatus.REJECTED)


def absorbable(
    survivor: KnownEvent, others: Iterable[KnownEvent], kept_apart: Callable[[UUID], Collection[UUID]]
) -> tuple[KnownEvent, ...]:
    """Those that the machine may merge: nothing that a reviewer parted, and nothing into or out of a rejected event."""
    taken: list[KnownEvent] = []
    parted = set(kept_apart(survivor.event_id))
    for other in others:
        if other.event_id not in parted and not rejected(other) and not rejected(survivor):
            taken.append(other)
            parted |= set(kept_apart(other.event_id))
    return tuple(taken)
