"""Rules and silences as data: who must know what. Checked when they are read; a summary says each in one line."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.alerting.domain.conditions import Conditions, List
from services.alerting.domain.inhibition import Inhibition
from services.alerting.domain.updates import Updates
from shared.codes import EventStatus

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]  # an id as people write it: duty-desk
Stage = Literal["now", "unconfirmed", "confirmed", "digest"]


class Route(BaseModel):
    """Destinations told at once, while the event is unconfirmed, once it is confirmed, or in their digests."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    now: List[Slug] = ()
    unconfirmed: List[Slug] = ()
    confirmed: List[Slug] = ()
    digest: List[Slug] = ()

    @model_validator(mode="after")
    def _leads_somewhere(self) -> "Route":
        told = [destination for _, destination in self.stages()]
        if not told:
            raise ValueError("names no destination; give one under now, unconfirmed, confirmed or digest")
        if len(set(told)) < len(told):
            raise ValueError("names a destination twice; one under both stages belongs under now")
        return self

    def stages(self) -> list[tuple[Stage, str]]:
        """Every destination with the stage it is told at."""
        by_stage: list[tuple[Stage, tuple[str, ...]]] = [
            ("now", self.now),
            ("unconfirmed", self.unconfirmed),
            ("confirmed", self.confirmed),
            ("digest", self.digest),
        ]
        return [(stage, destination) for stage, destinations in by_stage for destination in destinations]


class Escalation(BaseModel):
    """Who is told where nobody acknowledges an alert in time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after_minutes: int = Field(ge=1, le=1440)
    to: List[Slug] = Field(min_length=1)


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Slug
    description: str = Field("", max_length=500)
    owner: str = Field(description="whom to ask about this rule", min_length=1, max_length=200)
    enabled: bool = True
    expires_at: AwareDatetime | None = Field(None, description="not in force from then on (message time)")
    when: Conditions = Conditions()
    route: Route
    updates: Updates = Field(Updates(), description="which material changes are told in the thread")
    urgent: bool = Field(False, description="goes past quiet hours, groups and throttles")
    inhibited_by: Inhibition | None = None
    escalate: Escalation | None = None

    def out_of_force(self, at: datetime) -> str | None:
        """Why this rule does not apply at `at`; None where it does."""
        if not self.enabled:
            return "disabled"
        if self.expires_at is not None and at >= self.expires_at:
            return f"expired {self.expires_at:%Y-%m-%d %H:%M %Z}"
        return None

    @property
    def summary(self) -> str:
        """`blasts: attack_type bombing_explosion; killed at least 5 -> duty-desk; confirmed -> board`."""
        off = "" if self.enabled else " (disabled)"
        until = f" (until {self.expires_at:%Y-%m-%d %H:%M %Z})" if self.expires_at else ""
        return f"{self.id}: {describe(self.when)} -> {_routes(self.route)}{_manner(self)}{off}{until}"


class Silence(BaseModel):
    """What matches between its times is recorded, not sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    comment: str
    created_by: str
    rule: List[str] = Field((), description="ids; none: any rule")
    destination: List[str] = Field((), description="ids; none: any destination")
    when: Conditions = Conditions()

    @model_validator(mode="after")
    def _lasts(self) -> "Silence":
        if self.ends_at < self.starts_at:
            raise ValueError("ends before it starts; give ends_at a later time")
        return self

    @property
    def summary(self) -> str:
        """`ID: country PK to desk, 2023-01-30 11:00 UTC to 13:00 UTC, by ann: drill`."""
        said = describe(self.when)
        by = f" by rule {' or '.join(self.rule)}" if self.rule else ""
        to = f" to {' or '.join(self.destination)}" if self.destination else ""
        span = f"{self.starts_at:%Y-%m-%d %H:%M %Z} to {self.ends_at:%Y-%m-%d %H:%M %Z}"
        return f"{self.id}: {said}{by}{to}, {span}, by {self.created_by}: {self.comment}"


def describe(conditions: Conditions) -> str:
    """The conditions in words; `every attack` where there are none."""
    words = [f"{name.replace('_', ' ')} {_value(value)}" for name, value in conditions.asked.items()]
    return "; ".join(words) or "every attack"


def confirmed(status: EventStatus) -> bool:
    """What is corrected was confirmed enough to be corrected."""
    return status in (EventStatus.CONFIRMED, EventStatus.CORRECTED)


def _value(value: Any) -> str:
    if not isinstance(value, tuple):
        return f"{value:g}"
    return " or ".join(
        f"{item.at_least.replace('_', ' ')} {item.km:g} km of {item.lat:g}, {item.lon:g}"
        if hasattr(item, "km")
        else str(item)
        for item in value
    )


def _manner(rule: Rule) -> str:
    said = [
        f"after {rule.escalate.after_minutes} min unacknowledged: {', '.join(rule.escalate.to)}"
        if rule.escalate
        else "",
        f"updates on {rule.updates.summary}" if rule.updates.summary else "",
        rule.inhibited_by.summary if rule.inhibited_by else "",
        "urgent" if rule.urgent else "",
    ]
    return "".join(f"; {words}" for words in said if words)


def _routes(route: Route) -> str:
    told: dict[str, list[str]] = {}
    for stage, destination in route.stages():
        told.setdefault(stage, []).append(destination)
    return "; ".join(("" if stage == "now" else f"{stage}: ") + ", ".join(names) for stage, names in told.items())
