"""Every topic and every message: the whole pipeline on one screen.

Messages are CloudEvents in Kafka binary mode: the attributes stand in the record's headers (`ce_id`, `ce_source`,
`ce_type`, `ce_time`, `ce_causationid`, `traceparent`), the JSON body is one of the models below.

`ce_id`           deterministic where content decides it, so that redelivery and replay are recognised
`ce_time`         message time: it decides freshness, quiet hours and digests; every stage hands on the one it got
`ce_causationid`  `ce_id` of the message that this one comes from: the books are kept by it

Contracts are additive only: new fields get defaults; what breaks a reader is a new type with `.v2`.
Character spans are code points, `end` exclusive.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, JsonValue

from shared.codes import (
    ArticleKind,
    AttackType,
    Change,
    ClaimMode,
    Credibility,
    DatePrecision,
    EventStatus,
    Reliability,
    TargetType,
    WeaponType,
    WherePrecision,
)


class Message(BaseModel):
    """Unknown fields of a newer release are ignored, so that an older one can read on."""

    model_config = ConfigDict(extra="ignore", frozen=True)


# --- articles ---------------------------------------------------------------------------------------------------------


class FeedHints(Message):
    """What the feed said of an article before its page was read."""

    title: str | None = None
    published_at: AwareDatetime | None = None
    published_day_only: bool = False
    summary: str | None = None
    author: str | None = None
    language: str | None = None


class ArticleFetched(Message):
    """A page as it was served. `article_id` = UUIDv5 of the canonical URL; `version` = hash of the body."""

    article_id: UUID
    version: str
    url: str
    feed_url: str
    source: str = Field(description="the outlet, as the feed list names it")
    owner: str | None = Field(None, description="who owns the outlet; outlets of one owner corroborate nothing")
    source_country: str | None = Field(None, description="ISO 3166-1 alpha-2")
    backfill: bool = Field(False, description="a feed's first poll or a backfill: files what is older than 6 hours")
    fetched_at: AwareDatetime = Field(description="wall time")
    content_type: str | None = None
    body: Base64Bytes
    hints: FeedHints = FeedHints()


class Article(Message):
    """An article as read off its page; the common part of `ArticleParsed` and `ArticleEnriched`."""

    article_id: UUID
    version: str
    url: str
    feed_url: str
    source: str
    owner: str | None = None
    source_country: str | None = None
    backfill: bool = False
    fetched_at: AwareDatetime
    title: str | None
    text: str
    published_at: AwareDatetime | None = Field(description="midnight UTC where only a day is known")
    published_day_only: bool = False
    author: str | None = None
    language: str | None = Field(None, description="ISO 639-1")
    fingerprint: list[int] = Field(default_factory=list, description="MinHash of the text, 128 values of 32 bit")
    wire: str | None = Field(None, description="the agency credited, as in lexicon/wires.yml: Reuters, AFP ...")


class ArticleParsed(Article):
    pass


# --- what an article says of an attack --------------------------------------------------------------------------------


class Span(Message):
    """Where it stands in the text (`in_title`: in the title)."""

    start: int
    end: int
    in_title: bool = False


class Evidence(Span):
    """The words that give a value. `field` is a path: `killed`, `perpetrators[0].claim`, `place`."""

    field: str


class WhenRange(Message):
    """First and last day on which the attack may have happened; for precision `day` both are that day or that span."""

    start: date
    end: date
    precision: DatePrecision


class Place(Message):
    name: str
    locality: str | None = None
    admin1: str | None = None
    country: str | None = Field(None, description="ISO 3166-1 alpha-2")
    lat: float | None = None
    lon: float | None = None
    precision: WherePrecision
    geonameid: int | None = None
    radius_km: float | None = Field(None, description="the attack lies within this distance of the point")


class Perpetrator(Message):
    name: str
    id: str | None = Field(None, description="id in lexicon/groups.yml; null for a group known by name only")
    kind: Literal["organisation", "individual"]
    mention: str
    claim: ClaimMode = ClaimMode.UNKNOWN


class Target(Message):
    type: TargetType
    mention: str


class Victim(Message):
    mention: str


class Weapon(Message):
    type: WeaponType
    mention: str


class Toll(Message):
    """People killed, injured or taken hostage. low/best/high count everyone, `perpetrators` those of `best` that were
    perpetrators (null: not known). 0 only where the text says that nobody was."""

    low: int | None = None
    best: int
    high: int | None = None
    perpetrators: int | None = None


class Frame(Message):
    """One attack as one article tells it."""

    role: Literal["reported", "mentioned"]
    attack_types: list[AttackType] = Field(default_factory=list)
    date: WhenRange | None = None
    place: Place | None = None
    perpetrators: list[Perpetrator] = Field(default_factory=list)
    targets: list[Target] = Field(default_factory=list)
    victims: list[Victim] = Field(default_factory=list)
    weapons: list[Weapon] = Field(default_factory=list)
    killed: Toll | None = None
    injured: Toll | None = None
    hostages: Toll | None = None
    claim: ClaimMode | None = None
    suicide: bool | None = None
    success: bool | None = None
    property_damage: bool | None = None
    correction: bool = Field(False, description="the article says that an earlier report was wrong")
    retraction: bool = Field(False, description="the article says that there was no attack")
    evidence: list[Evidence] = Field(default_factory=list)


class PlaceMention(Span):
    text: str
    lat: float | None = None
    lon: float | None = None
    geonameid: int | None = None
    country: str | None = None


class ActorMention(Span):
    text: str
    name: str
    id: str | None = None


class Extraction(Message):
    """Everything the extractor says about one article."""

    kind: ArticleKind
    score: float = Field(ge=0, le=1, description="probability that the article is attack_report or follow_up")
    reason: str | None = Field(None, description="why `other`: gate, language, ...")
    frames: list[Frame] = Field(default_factory=list)
    places: list[PlaceMention] = Field(default_factory=list)
    actors: list[ActorMention] = Field(default_factory=list)
    evidence: list[Evidence] = Field(default_factory=list, description="`kind`: the deciding sentence")
    extractor: str = Field(description="version of the extractor")


class ArticleEnriched(Article):
    extraction: Extraction


# --- events -----------------------------------------------------------------------------------------------------------


class Reason(Message):
    """Why an event changed: `killed 5 → 12, per SOURCE: "sentence"`."""

    field: str
    old: str | None = None
    new: str | None = None
    source: str | None = None
    article_id: UUID | None = None
    sentence: str | None = None
    material: bool = False


class ReportBrief(Message):
    """One report (one attack in one article) as an alert shows it."""

    report_id: UUID
    article_id: UUID
    url: str
    title: str | None
    source: str
    owner: str | None = None
    wire: str | None = None
    reliability: Reliability = Field(Reliability.F, description="of the source, by its record: Admiralty code A to F")
    published_at: AwareDatetime | None
    language: str | None = None
    sentence: str | None = None


class EventSnapshot(Message):
    """An event's best values after a revision. An `EventStatus` of rejected or retracted says: no attack."""

    event_id: UUID
    revision: int
    status: EventStatus
    attack_types: list[AttackType] = Field(default_factory=list)
    date: WhenRange | None = None
    place: Place | None = None
    perpetrators: list[Perpetrator] = Field(default_factory=list)
    targets: list[Target] = Field(default_factory=list)
    victims: list[Victim] = Field(default_factory=list)
    weapons: list[Weapon] = Field(default_factory=list)
    killed: Toll | None = None
    injured: Toll | None = None
    hostages: Toll | None = None
    suicide: bool | None = None
    score: float = Field(ge=0, le=1)
    independent_sources: int
    reliability: Reliability = Field(Reliability.F, description="of the best source: Admiralty code A to F")
    credibility: Credibility = Field(Credibility.CANNOT_BE_JUDGED, description="Admiralty code 1 to 6")
    languages: list[str] = Field(default_factory=list)
    reports: list[ReportBrief] = Field(default_factory=list, description="newest first, at most 10")
    related: list[UUID] = Field(default_factory=list)
    reviewed: dict[str, JsonValue] = Field(
        default_factory=dict, description="fields whose value a reviewer set: field -> what the machine would say"
    )
    first_reported_at: AwareDatetime
    last_reported_at: AwareDatetime


class EventChanged(Message):
    """One revision of one event. Material changes are told to those who were alerted; the rest is for the record."""

    event_id: UUID
    revision: int
    change: Change
    material: bool
    reasons: list[Reason] = Field(default_factory=list)
    alertable: bool
    not_alertable: str | None = Field(None, description="why nobody is woken: stale, backfill, rejected, epoch ...")
    late_seconds: int | None = Field(None, description="set when the news comes late, after an outage")
    merged_into: UUID | None = None
    merged_from: list[UUID] = Field(default_factory=list)
    article_id: UUID | None = Field(None, description="the article that caused the change; null for a reviewer's")
    fetched_at: AwareDatetime | None = None
    published_at: AwareDatetime | None = None
    snapshot: EventSnapshot


# --- bookkeeping ------------------------------------------------------------------------------------------------------


class OutcomeRecorded(Message):
    """A message that ended in a stateless stage without anything coming out of it."""

    stage: str
    message_id: str
    outcome: Literal["filtered"] = "filtered"
    reason: str


class DeadLetter(Message):
    """A message that can never be handled, kept with its bytes so that it can be put back."""

    stage: str
    topic: str
    partition: int
    offset: int
    message_id: str | None
    reason: str
    key: Base64Bytes | None = None
    value: Base64Bytes
    headers: dict[str, str] = Field(default_factory=dict)
    died_at: AwareDatetime


# --- topics -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Topic:
    """A Kafka topic: one message type, what its key is, how long it is kept."""

    name: str
    event_type: str
    message: type[Message]
    key: str
    partitions: int
    retention_days: int
    max_message_bytes: int = 1_048_576


ARTICLES_FETCHED = Topic(
    "articles.fetched", "tocsin.article.fetched.v1", ArticleFetched, "article id", 6, 7, max_message_bytes=16_777_216
)
ARTICLES_PARSED = Topic(
    "articles.parsed", "tocsin.article.parsed.v1", ArticleParsed, "article id", 6, 7, max_message_bytes=4_194_304
)
ARTICLES_ENRICHED = Topic(
    "articles.enriched",
    "tocsin.article.enriched.v1",
    ArticleEnriched,
    "country of the first reported attack, else article id",
    6,
    30,
    max_message_bytes=4_194_304,
)
EVENTS_CHANGED = Topic("events.changed", "tocsin.event.changed.v1", EventChanged, "event id", 6, 30)
OUTCOMES = Topic("pipeline.outcomes", "tocsin.pipeline.outcome.v1", OutcomeRecorded, "message id", 3, 7)
DEAD_LETTERS = Topic(
    "dead.letters", "tocsin.dead.letter.v1", DeadLetter, "message id", 1, 30, max_message_bytes=33_554_432
)

TOPICS: tuple[Topic, ...] = (
    ARTICLES_FETCHED,
    ARTICLES_PARSED,
    ARTICLES_ENRICHED,
    EVENTS_CHANGED,
    OUTCOMES,
    DEAD_LETTERS,
)


# --- ids --------------------------------------------------------------------------------------------------------------


def article_id(canonical_url: str) -> UUID:
    """The id of an article: one for each canonical URL, whoever fetches it."""
    return uuid5(NAMESPACE_URL, canonical_url)


def report_id(article: UUID, version: str, frame: int) -> UUID:
    """The id of a report: one attack (the frame's index) in one version of one article."""
    return uuid5(article, f"{version}/{frame}")


def message_id(topic: Topic, *parts: object) -> str:
    """The `ce_id` of a message whose content is decided by `parts`."""
    return str(uuid5(NAMESPACE_URL, "/".join([topic.event_type, *map(str, parts)])))
