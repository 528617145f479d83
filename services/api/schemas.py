"""What the API answers. Values of events are those of `shared/contracts.py`."""

from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from services.api.timeline import Moment
from shared.codes import ArticleKind, Change, DeliveryState, MessageKind
from shared.contracts import EventSnapshot, Extraction, Frame, Reason, Span

Item = TypeVar("Item")


class Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Page(Answer, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = Field(None, description="give it as `cursor` for the next page; null: this is the last")


class EventBrief(EventSnapshot):
    alertable: bool = Field(description="false: filed, it wakes nobody")


def _part(whole: type[BaseModel]) -> dict[str, Any]:
    """Its fields, each of which may be left out."""
    return {name: (field.annotation | None, None) for name, field in whole.model_fields.items()}  # type: ignore[operator]


EventPart = create_model(  # what `fields` leaves of an event
    "EventPart", __base__=Answer, **_part(EventBrief) | {"event_id": (UUID, ...)}
)


class Relation(Answer):
    event_id: UUID
    relation: str = Field(description="how it belongs to this event", examples=["same_attack_series"])


class ReportAnswer(Answer):
    report_id: UUID
    article_id: UUID
    url: str
    title: str | None
    source: str
    owner: str | None
    wire: str | None
    language: str | None
    kind: ArticleKind
    score: float
    published_at: datetime | None
    frame: Frame = Field(description="what the article says of this attack; `evidence` has the spans in its text")
    sentence: str | None
    extractor: str
    link_score: float | None = Field(description="null: this report created the event")
    link_factors: dict[str, float]


class LedgerRow(Answer):
    field: str
    value: Any
    report_id: UUID | None
    source: str
    owner: str | None
    wire: str | None
    said_at: datetime
    span: Span | None
    sentence: str | None
    extractor: str


class RevisionAnswer(Answer):
    revision: int
    change: Change
    material: bool
    alertable: bool
    not_alertable: str | None
    reasons: list[Reason]
    actor: str
    message_time: datetime


class DecisionAnswer(Answer):
    revision: int
    rule_id: str
    rule_version: int
    destination_id: str
    result: str
    reason: str
    decided_at: datetime


class EventAnswer(EventBrief):
    pinned: dict[str, Any] = Field(description="fields that a reviewer set; they outrank every report")
    all_reports: list[ReportAnswer]
    ledger: list[LedgerRow]
    revisions: list[RevisionAnswer]
    decisions: list[DecisionAnswer]
    relations: list[Relation]
    timeline: list[Moment] = Field(description="oldest first: the attack, reports, revisions, decisions")


class ArticleBrief(Answer):
    id: UUID
    url: str
    source: str
    owner: str | None
    wire: str | None
    title: str | None
    language: str | None
    published_at: datetime | None
    fetched_at: datetime
    kind: ArticleKind
    score: float


class ArticleAnswer(ArticleBrief):
    version: str
    message_time: datetime
    text: str
    extraction: Extraction


class FeedAnswer(Answer):
    id: int
    url: str
    source: str
    owner: str | None
    country: str | None
    language: str | None
    enabled: bool
    interval_seconds: int
    next_poll_at: datetime
    polls: int
    last_polled_at: datetime | None
    last_success_at: datetime | None
    last_entry_at: datetime | None
    last_status: int | None
    last_error: str | None
    failures: float
    disabled_reason: str | None


class DeliveryAnswer(Answer):
    id: UUID
    event_id: UUID | None
    revision: int | None
    destination_id: str
    kind: MessageKind
    state: DeliveryState
    rule_ids: list[str]
    attempts: int
    ambiguous: int
    next_at: datetime
    error: str | None
    article_id: UUID | None
    published_at: datetime | None
    fetched_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
