"""Every table, by the service that owns it. A change here needs a migration beside it (`migrations/versions`).

Times are `timestamptz`. JSONB columns hold models of `shared/contracts.py` unless a comment says otherwise.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]
LIVE = text("epoch = 0")  # events that the world sees; others are shadow runs
POINTED = text("lat IS NOT NULL AND lon IS NOT NULL AND place_precision < 4")  # known more exactly than a province
COARSE = text(f"NOT ({POINTED})")
NOWHERE = text("country IS NULL")
_SHOWN = ["status", "alertable", "epoch"]  # what decides whether a list shows an event, in the indexes of its orders


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  read by SQLAlchemy, never changed
        str: Text,
        datetime: DateTime(timezone=True),
        date: Date,
        int: Integer,
        float: Float,
        bytes: LargeBinary,
        Json: JSONB,
        list[Any]: JSONB,
        list[str]: ARRAY(Text),
        list[int]: ARRAY(BigInteger),
    }


# --- runtime: shared/stage.py, shared/outbox.py -----------------------------------------------------------------------


class Inbox(Base):
    """What each stateful consumer has taken in, and how it ended: the books."""

    __tablename__ = "inbox"
    consumer: Mapped[str] = mapped_column(primary_key=True)  # stage name, with the epoch of a re-run: "link@2"
    message_id: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    reason: Mapped[str | None]
    redeliveries: Mapped[int] = mapped_column(server_default="0")
    received_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class Outbox(Base):
    """Messages of a committed transaction that the relay has yet to send; taken in id order, deleted when acked."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    service: Mapped[str]
    topic: Mapped[str]
    key: Mapped[bytes]
    headers: Mapped[Json]
    value: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_outbox_service_id", "service", "id"),)


# --- fetcher ----------------------------------------------------------------------------------------------------------


class Feed(Base):
    """A feed, when to poll it next, and its health."""

    __tablename__ = "feeds"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    url: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str]  # the outlet
    owner: Mapped[str | None]
    country: Mapped[str | None]
    language: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    interval_seconds: Mapped[int] = mapped_column(server_default="300")
    next_poll_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    lease_until: Mapped[datetime | None]
    polls: Mapped[int] = mapped_column(server_default="0")
    first_polled_at: Mapped[datetime | None]  # null: the first poll is a backfill
    last_polled_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_entry_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    failures: Mapped[float] = mapped_column(server_default="0")  # weighted, see fetcher/domain/schedule.py
    disabled_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Entry(Base):
    """A feed's entry: seen once over all feeds, fetched once; how it ended is the fetcher's book."""

    __tablename__ = "entries"
    article_id: Mapped[UUID] = mapped_column(primary_key=True)  # of the canonical URL
    feed_id: Mapped[int] = mapped_column(ForeignKey("feeds.id", ondelete="CASCADE"))
    guid: Mapped[str | None]
    url: Mapped[str]
    hints: Mapped[Json]  # FeedHints
    backfill: Mapped[bool] = mapped_column(server_default=text("false"))
    message_time: Mapped[datetime]
    outcome: Mapped[str | None]  # null: not finished
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("feed_id", "guid"),
        Index("ix_entries_due", "next_at", postgresql_where=text("outcome IS NULL")),
    )


# --- enricher: link ---------------------------------------------------------------------------------------------------


class StoredArticle(Base):
    """Every article with its text, kind and frames, kept 90 days (a setting)."""

    __tablename__ = "articles"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[str]
    url: Mapped[str]
    source: Mapped[str] = mapped_column(index=True)
    source_country: Mapped[str | None]
    owner: Mapped[str | None]
    wire: Mapped[str | None]
    title: Mapped[str | None]
    text: Mapped[str]
    language: Mapped[str | None]
    published_at: Mapped[datetime | None]
    message_time: Mapped[datetime] = mapped_column(index=True)
    fetched_at: Mapped[datetime]
    kind: Mapped[str]
    score: Mapped[float]
    fingerprint: Mapped[list[int]]
    extraction: Mapped[Json]  # Extraction
    stored_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_articles_stored", "stored_at", "id"),)


class Event(Base):
    """An attack: the columns that are searched, and the snapshot of its newest revision."""

    __tablename__ = "events"
    id: Mapped[UUID] = mapped_column(primary_key=True)  # UUIDv7
    epoch: Mapped[int] = mapped_column(server_default="0")  # 0: the live one; others are shadow runs of `reprocess`
    revision: Mapped[int]
    status: Mapped[str]
    alertable: Mapped[bool]
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("events.id"))
    country: Mapped[str | None]
    admin1: Mapped[str | None]
    locality: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    place_precision: Mapped[int | None]
    date_start: Mapped[date | None]
    date_end: Mapped[date | None]
    attack_types: Mapped[list[str]]
    perpetrators: Mapped[list[str]]  # ids, else names
    killed: Mapped[int | None]
    injured: Mapped[int | None]
    independent_sources: Mapped[int]
    score: Mapped[float]
    first_reported_at: Mapped[datetime]
    last_reported_at: Mapped[datetime]
    snapshot: Mapped[Json]  # EventSnapshot
    pinned: Mapped[Json] = mapped_column(server_default=text("'{}'"))  # field -> value that a reviewer set
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    # Drawn by the database from `snapshot`, `lat` and `lon` (functions of migration 0005); never written.
    targets: Mapped[list[str]] = mapped_column(Computed("event_targets(snapshot)", persisted=True), nullable=True)
    languages: Mapped[list[str]] = mapped_column(Computed("event_languages(snapshot)", persisted=True), nullable=True)
    words: Mapped[Any] = mapped_column(TSVECTOR, Computed("event_words(snapshot)", persisted=True), nullable=True)
    cell: Mapped[int | None] = mapped_column(Computed("map_cell(lat, lon)", persisted=True))  # one degree square
    __table_args__ = (
        Index("ix_events_candidates", "epoch", "country", "last_reported_at"),
        Index("ix_events_candidates_dates", "epoch", "country", "date_start", "date_end"),
        Index("ix_events_near", "epoch", "cell", "last_reported_at", "lat", "lon", postgresql_where=POINTED),
        Index(
            "ix_events_near_dates", "epoch", "cell", "date_start", "date_end", "lat", "lon", postgresql_where=POINTED
        ),
        Index("ix_events_coarse", "epoch", "country", "last_reported_at", postgresql_where=COARSE),
        Index("ix_events_coarse_dates", "epoch", "country", "date_start", "date_end", postgresql_where=COARSE),
        Index("ix_events_nowhere", "epoch", "last_reported_at", postgresql_where=NOWHERE),
        Index("ix_events_nowhere_dates", "epoch", "date_start", "date_end", postgresql_where=NOWHERE),
        Index("ix_events_time", "epoch", "last_reported_at"),
        Index("ix_events_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("ix_events_country", "country", "id", postgresql_where=LIVE),
        Index("ix_events_status", "status", "id", postgresql_where=LIVE),
        # Whole: the planner takes no statistics of an expression from a partial index.
        Index(
            "ix_events_date",
            text("coalesce(date_start, '-infinity')"),
            "id",
            postgresql_include=["date_start", "date_end", *_SHOWN],
        ),
        Index("ix_events_killed", text("coalesce(killed, -1)"), "id", postgresql_include=["killed", *_SHOWN]),
        Index("ix_events_injured", text("coalesce(injured, -1)"), "id", postgresql_include=["injured", *_SHOWN]),
        Index(
            "ix_events_sources",
            "independent_sources",
            "id",
            postgresql_where=LIVE,
            postgresql_include=["status", "alertable"],
        ),
        Index("ix_events_score", "score", "id", postgresql_where=LIVE, postgresql_include=["status", "alertable"]),
        Index(
            "ix_events_point",
            text("point(lon, lat)"),
            postgresql_using="gist",
            postgresql_include=["lon", "lat", "id", "status", "alertable"],
            postgresql_where=LIVE,
        ),
        Index("ix_events_admin1", "admin1", "id", postgresql_where=LIVE),
        Index(
            "ix_events_statistics",
            "date_start",
            postgresql_where=LIVE,
            postgresql_include=["date_end", "country", "admin1", "killed", "injured", "alertable", "status"],
        ),
        Index(
            "ix_events_facets",
            "attack_types",
            "perpetrators",
            "targets",
            "languages",
            postgresql_using="gin",
            postgresql_where=LIVE,
        ),
        Index("ix_events_words", "words", postgresql_using="gin", postgresql_where=LIVE),
    )


class EventPerpetrator(Base):
    """`events.perpetrators`, the other way round. Kept by a trigger of migration 0011; never written."""

    __tablename__ = "event_perpetrators"
    perpetrator: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)


class Report(Base):
    """One attack in one article, and the event it was linked to, with the factors that decided."""

    __tablename__ = "reports"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    article_id: Mapped[UUID] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    frame_index: Mapped[int]
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"), index=True)
    record: Mapped[Json]  # ReportRecord of enricher/domain/linking/reports.py: the frame and what linking compares
    link_score: Mapped[float | None]  # null: the report created the event
    link_factors: Mapped[Json]  # name -> weight
    message_time: Mapped[datetime]
    linked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (
        UniqueConstraint("article_id", "frame_index"),
        Index("ix_reports_source", text("(record ->> 'source')"), "event_id"),
        Index("ix_reports_message_time", "message_time"),
    )


class LedgerEntry(Base):
    """One value of one event as one report gave it. Append-only."""

    __tablename__ = "ledger"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"), index=True)
    report_id: Mapped[UUID | None] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))  # null: a reviewer's
    field: Mapped[str]
    value: Mapped[Any] = mapped_column(JSONB)
    source: Mapped[str]
    owner: Mapped[str | None]
    wire: Mapped[str | None]
    said_at: Mapped[datetime]
    span: Mapped[Json | None]  # Span
    sentence: Mapped[str | None]
    extractor: Mapped[str]


class Revision(Base):
    """Append-only history of an event: `EventChanged` as it was published."""

    __tablename__ = "revisions"
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    change: Mapped[str]
    material: Mapped[bool]
    alertable: Mapped[bool]
    body: Mapped[Json]  # EventChanged
    actor: Mapped[str] = mapped_column(server_default="machine")
    message_time: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RelatedEvents(Base):
    """Events that belong together: a second device, several sites, a reprisal. `a` < `b`."""

    __tablename__ = "related_events"
    a: Mapped[UUID] = mapped_column(ForeignKey("events.id"), primary_key=True)
    b: Mapped[UUID] = mapped_column(ForeignKey("events.id"), primary_key=True)
    relation: Mapped[str]
    __table_args__ = (CheckConstraint("a < b", name="ordered"), Index("ix_related_events_b", "b"))


class KeptApart(Base):
    """Events that a reviewer parted: the machine does not merge them again. `a` < `b`."""

    __tablename__ = "kept_apart"
    a: Mapped[UUID] = mapped_column(ForeignKey("events.id"), primary_key=True)
    b: Mapped[UUID] = mapped_column(ForeignKey("events.id"), primary_key=True)
    __table_args__ = (CheckConstraint("a < b", name="ordered"), Index("ix_kept_apart_b", "b"))


class SourceRecord(Base):
    """How reliable a source has been: its events that a person confirmed, and those that a person rejected."""

    __tablename__ = "source_records"
    source: Mapped[str] = mapped_column(primary_key=True)  # the agency credited, else the outlet
    held: Mapped[int] = mapped_column(server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    reliability: Mapped[str] = mapped_column(server_default="F")  # Reliability that follows from the two
    graded: Mapped[str | None]  # ... that a person gave it instead
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ShadowEvent(Base):
    """An event as `services.enricher reprocess` would have it, until its epoch is promoted or made anew."""

    __tablename__ = "shadow_events"
    epoch: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    until: Mapped[datetime]
    extractor: Mapped[str]
    snapshot: Mapped[Json]  # EventSnapshot
    reports: Mapped[list[Any]]  # ReportRecord
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ShadowArticle(Base):
    """What the extractor of a shadow epoch says of one version of an article."""

    __tablename__ = "shadow_articles"
    epoch: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[str]
    kind: Mapped[str]
    score: Mapped[float]
    extraction: Mapped[Json]  # Extraction


class PublishedChange(Base):
    """What the relay has published on `events.changed`, in the order it did: the API's gap-free cursor, kept 7 days."""

    __tablename__ = "published_changes"
    cursor: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # given out by the one relay, never a sequence
    event_id: Mapped[UUID]
    revision: Mapped[int]
    published_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    __table_args__ = (UniqueConstraint("event_id", "revision"),)


# --- alerting ---------------------------------------------------------------------------------------------------------


class Destination(Base):
    """Where alerts go. Secrets are references (environment variable or file) in `config`, never values."""

    __tablename__ = "destinations"
    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]  # slack, slack_webhook, email, webhook
    config: Mapped[Json]  # validated by alerting/domain/rules.py
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")
    unsubscribed: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))  # addresses that want no more mail
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Rule(Base):
    """Who must know what. Each edit is a new version; the newest one is in force."""

    __tablename__ = "rules"
    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[Json]  # validated by alerting/domain/rules.py
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    expires_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Silence(Base):
    __tablename__ = "silences"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    matchers: Mapped[Json]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    comment: Mapped[str]
    created_by: Mapped[str]


class Decision(Base):
    """For every revision, rule and destination: what alerting decided and why."""

    __tablename__ = "decisions"
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(primary_key=True)
    destination_id: Mapped[str] = mapped_column(primary_key=True)
    rule_version: Mapped[int]
    result: Mapped[str]
    reason: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Thread(Base):
    """One thread per event and destination: the first alert and what follows it."""

    __tablename__ = "threads"
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    destination_id: Mapped[str] = mapped_column(primary_key=True)
    root: Mapped[Json]  # the channel's reference of the first message: Slack channel and ts, e-mail Message-ID
    subject: Mapped[str]
    closed: Mapped[str | None]  # retracted, merged into ...
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_threads_root", "destination_id", text("(root ->> 'delivery_id')")),)


class Delivery(Base):
    """One message to one destination: Postgres is the queue, Celery only a hint."""

    __tablename__ = "deliveries"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID | None]  # null: a digest or a test
    revision: Mapped[int | None]
    destination_id: Mapped[str] = mapped_column(ForeignKey("destinations.id"))
    kind: Mapped[str]  # MessageKind
    state: Mapped[str]  # DeliveryState
    rule_ids: Mapped[list[str]]
    content: Mapped[Json]  # what the channel renders: alerting/domain/rendering.py
    message_ref: Mapped[str]  # e-mail Message-ID, webhook delivery id: the same on every attempt
    provider_ref: Mapped[Json | None]  # what the channel answered
    attempts: Mapped[int] = mapped_column(server_default="0")
    ambiguous: Mapped[int] = mapped_column(server_default="0")  # sends after which no answer came
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None]
    article_id: Mapped[UUID | None]
    published_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    message_time: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("event_id", "revision", "destination_id"),
        Index(
            "ix_deliveries_due", "next_at", postgresql_where=text("state IN ('pending', 'retry', 'unknown', 'sending')")
        ),
        Index("ix_deliveries_destination_created", "destination_id", "created_at"),
        Index(
            "ix_deliveries_open",
            "destination_id",
            "created_at",
            "id",
            postgresql_where=text("state IN ('pending', 'sending', 'retry', 'unknown')"),
        ),
        Index("ix_deliveries_dead", "destination_id", "next_at", postgresql_where=text("state = 'dead'")),
        Index("ix_deliveries_created", "created_at", "id"),
        Index("ix_deliveries_destination_id_message_time", "destination_id", "message_time"),
    )


class Hold(Base):
    """An event that a destination is told of in its next digest; settled when it was told, or need not be any more."""

    __tablename__ = "holds"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    destination_id: Mapped[str] = mapped_column(ForeignKey("destinations.id"))
    event_id: Mapped[UUID]
    kind: Mapped[str]  # MessageKind: alert, or update of what the destination was told before
    why: Mapped[str]  # Result of alerting/domain/case.py: quiet, throttled, grouped ...
    reason: Mapped[str]
    rule_ids: Mapped[list[str]]
    body: Mapped[Json]  # EventChanged, the newest
    hidden_by: Mapped[UUID | None]  # the event whose alert inhibits this one: told only if that is retracted
    message_time: Mapped[datetime]
    due_at: Mapped[datetime | None]  # message time; null: not until what hides it is retracted
    due_wall_at: Mapped[datetime | None]  # the same moment on the clock on the wall, for when no message comes
    settled_at: Mapped[datetime | None]
    delivery_id: Mapped[UUID | None]  # the digest
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (
        Index("uq_holds_open", "destination_id", "event_id", unique=True, postgresql_where=text("settled_at IS NULL")),
        Index("ix_holds_due", "due_at", postgresql_where=text("settled_at IS NULL")),
        Index("ix_holds_due_wall", "due_wall_at", postgresql_where=text("settled_at IS NULL")),
        Index("ix_holds_event_id", "event_id"),
    )


class Escalation(Base):
    """A second destination that is told unless somebody acknowledges an alert in time."""

    __tablename__ = "escalations"
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)  # the alert
    destination_id: Mapped[str] = mapped_column(primary_key=True)  # whom to tell
    rule_id: Mapped[str]
    minutes: Mapped[int]
    due_at: Mapped[datetime]  # on the clock on the wall, for people answer by it
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]  # told, acknowledged by ..., told before ...
    __table_args__ = (Index("ix_escalations_due", "due_at", postgresql_where=text("settled_at IS NULL")),)


class Acknowledgement(Base):
    """Somebody looks after an event that a message was about."""

    __tablename__ = "acknowledgements"
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    by: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[UUID | None] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Feedback(Base):
    """What a recipient says of a message: useful, or a false alarm. The last word counts."""

    __tablename__ = "feedback"
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True)
    by: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[str]  # useful, false_alarm
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Trouble(Base):
    """What a destination was told of Tocsin itself, and that has not ended yet."""

    __tablename__ = "troubles"
    destination_id: Mapped[str] = mapped_column(ForeignKey("destinations.id", ondelete="CASCADE"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)  # quiet; dead:DESTINATION
    since: Mapped[datetime]


class SendSlot(Base):
    """When a receiver may be sent to again: its rate limit, and the Retry-After it last answered."""

    __tablename__ = "send_slots"
    key: Mapped[str] = mapped_column(primary_key=True)  # destination id; for Slack the channel, which several may share
    open_at: Mapped[datetime] = mapped_column(server_default=func.now())


# --- api --------------------------------------------------------------------------------------------------------------


class ApiKey(Base):
    """Keys are shown once and kept as a SHA-256 hash; the prefix finds the row."""

    __tablename__ = "api_keys"
    prefix: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[bytes]
    name: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class IdempotentRequest(Base):
    """The answer to a request that came with an idempotency key, kept a day for when it comes again."""

    __tablename__ = "idempotent_requests"
    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]  # SHA-256 of method, path, query and body
    status: Mapped[int | None]  # null only inside the transaction that does what was asked
    headers: Mapped[Json | None]
    body: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class AuditEntry(Base):
    """Who changed what by hand. Append-only."""

    __tablename__ = "audit_log"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    detail: Mapped[Json]
