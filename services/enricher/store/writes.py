"""What linking writes, gathered for as many articles as one likes, and written by one statement.

Rows go in as JSON documents, which the models write themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Connection, text

from services.enricher.domain.linking.ledger import frame_values
from services.enricher.domain.linking.link import Decision
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord
from services.enricher.store.rows import Row, article_row, event_row, ledger_row, report_row, revision_row
from services.enricher.store.statements import STAMP
from shared.contracts import ArticleEnriched, EventChanged

_ARTICLE = (
    "id", "version", "url", "source", "source_country", "owner", "wire", "title", "text", "language", "published_at",
    "message_time", "fetched_at", "kind", "score", "fingerprint", "extraction",
)  # fmt: skip
_EVENT = (
    "id", "revision", "status", "alertable", "merged_into", "country", "admin1", "locality", "lat", "lon",
    "place_precision", "date_start", "date_end", "attack_types", "perpetrators", "killed", "injured",
    "independent_sources", "score", "first_reported_at", "last_reported_at", "snapshot", "pinned",
)  # fmt: skip
_REVISION = ("event_id", "revision", "change", "material", "alertable", "body", "actor", "message_time")
_REPORT = ("id", "article_id", "frame_index", "event_id", "record", "link_score", "link_factors", "message_time")
_LEDGER = (
    "event_id", "report_id", "field", "value", "source", "owner", "wire", "said_at", "span", "sentence", "extractor"
)  # fmt: skip
_RELATED = ("a", "b", "relation")


@dataclass
class Writes:
    """Of an article, an event or a relation that is noted again the last state counts."""

    articles: dict[UUID, Row] = field(default_factory=dict)
    events: dict[UUID, tuple[KnownEvent, EventChanged]] = field(default_factory=dict)
    revisions: list[Row] = field(default_factory=list)
    reports: list[Row] = field(default_factory=list)
    ledger: list[Row] = field(default_factory=list)
    related: dict[tuple[UUID, UUID], Row] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.articles, self.events, self.revisions, self.reports, self.ledger, self.related))

    def article(self, article: ArticleEnriched, message_time: datetime) -> None:
        self.articles[article.article_id] = article_row(article, message_time)

    def event(self, event: KnownEvent, changed: EventChanged, message_time: datetime, actor: str) -> None:
        self.events[event.event_id] = event, changed
        self.revisions.append(revision_row(changed, message_time, actor))

    def report(self, event_id: UUID, report: ReportRecord, decision: Decision) -> None:
        self.reports.append(report_row(event_id, report, decision))
        self.ledger += [ledger_row(event_id, report, *value) for value in frame_values(report.frame).items()]

    def relation(self, a: UUID, b: UUID, relation: str) -> None:
        self.related.setdefault((a, b), {"a": a, "b": b, "relation": relation})

    def to(self, connection: Connection) -> Mapping[UUID, str]:
        """Write it all; returns the stamps of the events."""
        rows = {
            "articles": sorted(self.articles.values(), key=lambda row: row["id"]),  # one order, else linkers deadlock
            "events": [event_row(event, changed) for event, changed in self.events.values()],
            "revisions": self.revisions,
            "reports": self.reports,
            "ledger": self.ledger,
            "related": list(self.related.values()),
        }
        found = connection.execute(_WRITE, {name: to_json(value).decode() for name, value in rows.items()})
        return {row.id: row.stamp for row in found}


def _insert(table: str, columns: Sequence[str], rows: str) -> str:
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, CAST(:{rows} AS json))"  # noqa: S608, E501


def _or_update(columns: Sequence[str]) -> str:
    return "ON CONFLICT (id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in columns[1:])


_WRITE = text(f"""
    WITH kept AS ({_insert("articles", _ARTICLE, "articles")} {_or_update(_ARTICLE)}),
    saved AS (
        {_insert("events", _EVENT, "events")} {_or_update(_EVENT)}, updated_at = now() RETURNING id, {STAMP} AS stamp
    ),
    noted AS ({_insert("revisions", _REVISION, "revisions")}),
    attached AS ({_insert("reports", _REPORT, "reports")}),
    listed AS ({_insert("ledger", _LEDGER, "ledger")}),
    joined AS ({_insert("related_events", _RELATED, "related")} ON CONFLICT DO NOTHING)
    SELECT id, stamp FROM saved
""")  # noqa: S608 - made of the constants above
