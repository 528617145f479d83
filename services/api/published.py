"""What the relay has published, in its order: the rows behind `/v1/changes` and `/v1/stream`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, text

from shared.codes import AttackType, EventStatus
from shared.contracts import EventChanged

Json = dict[str, Any]

_BOUNDS = text("SELECT coalesce(min(cursor), 1) AS oldest, coalesce(max(cursor), 0) AS newest FROM published_changes")
_AFTER = text("""
    SELECT p.cursor, p.published_at, r.body AS change, before.body -> 'snapshot' AS before
    FROM (SELECT * FROM published_changes WHERE cursor > :after ORDER BY cursor LIMIT :limit) AS p
    JOIN revisions AS r ON r.event_id = p.event_id AND r.revision = p.revision
    LEFT JOIN revisions AS before ON before.event_id = p.event_id AND before.revision = p.revision - 1
    ORDER BY p.cursor
""")


class PublishedChange(BaseModel):
    """One change with its place in the order of publication; the same on both ways to read changes."""

    cursor: int = Field(description="counts up by one; give the last one you have as `after`", examples=[4711])
    published_at: datetime
    change: EventChanged


class Filter(BaseModel):
    """Which changes are wanted; what is not given asks for nothing, a list asks for any of its values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: list[Annotated[str, Field(pattern="^[A-Z]{2}$")]] = Field([], description="ISO 3166-1 alpha-2")
    attack_type: list[AttackType] = Field([])
    perpetrator: list[Annotated[str, Field(max_length=200)]] = Field([], description="id of lexicon/groups, else name")
    event_id: UUID | None = Field(None, description="changes of one event")
    status: list[EventStatus] = Field([])
    killed_at_least: int | None = Field(None, ge=0, le=1_000_000)
    alertable: bool | None = Field(None, description="true: without what is filed and wakes nobody")
    material: bool | None = Field(None, description="true: only changes that are told to those who were alerted")

    def wants(self, one: "Published") -> bool:
        """By the event as it is, or as it was before: a change that takes an event out of the filter is wanted too."""
        change = one.change
        if self.alertable is not None and change["alertable"] != self.alertable:
            return False
        if self.material is not None and change["material"] != self.material:
            return False
        return any(self._fits(snapshot) for snapshot in (change["snapshot"], one.before) if snapshot)

    def _fits(self, snapshot: Json) -> bool:
        place, killed = snapshot["place"] or {}, snapshot["killed"] or {}
        named = {each for found in snapshot["perpetrators"] for each in (found["id"], found["name"])}
        return (
            (not self.country or place.get("country") in self.country)
            and (not self.attack_type or not set(self.attack_type).isdisjoint(snapshot["attack_types"]))
            and (not self.perpetrator or not named.isdisjoint(self.perpetrator))
            and (self.event_id is None or snapshot["event_id"] == str(self.event_id))
            and (not self.status or snapshot["status"] in self.status)
            and (self.killed_at_least is None or (killed.get("best") or 0) >= self.killed_at_least)
        )


@dataclass(frozen=True)
class Published:
    """`change`: an `EventChanged`; `before`: the snapshot of the revision before it, None for the first."""

    cursor: int
    published_at: datetime
    change: Json
    before: Json | None

    @cached_property
    def json(self) -> bytes:
        """A `PublishedChange`, written once for all who want it."""
        whole = {"cursor": self.cursor, "published_at": self.published_at.isoformat(), "change": self.change}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()

    @cached_property
    def frame(self) -> bytes:
        """As a server-sent event: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
        return b"event: change\nid: %d\ndata: %b\n\n" % (self.cursor, self.json)


def bounds(connection: Connection) -> tuple[int, int]:
    """The oldest and the newest cursor that are kept; (1, 0) where there is none."""
    row = connection.execute(_BOUNDS).one()
    return row.oldest, row.newest


def after(connection: Connection, cursor: int, limit: int) -> list[Published]:
    """What follows a cursor. One relay numbers what it has published, so what is seen here has nothing missing."""
    rows: Iterable[Any] = connection.execute(_AFTER, {"after": cursor, "limit": limit})
    return [Published(row.cursor, row.published_at, row.change, row.before) for row in rows]
