"""The statements that run for every report. A row goes in as one JSON document, which the models write themselves."""

from collections.abc import Sequence

from pydantic_core import to_json
from sqlalchemy import text

STAMP = "id || '/' || xmin::text || '/' || revision"  # of one state of one row, also across rolled back transactions

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


def as_json(row: object) -> str:
    """A row, or several, as the statements take them."""
    return to_json(row).decode()


def _insert(table: str, columns: Sequence[str], parameter: str, many: bool = False) -> str:
    names, records = ", ".join(columns), "json_populate_recordset" if many else "json_populate_record"
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {records}(NULL::{table}, CAST(:{parameter} AS json))"  # noqa: S608


def _or_update(columns: Sequence[str]) -> str:
    return "ON CONFLICT (id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in columns[1:])


_RELIABILITY = (
    "(SELECT coalesce(graded, reliability) FROM source_records WHERE source = coalesce(articles.wire, articles.source))"
)
KEEP_ARTICLE = text(f"{_insert('articles', _ARTICLE, 'article')} {_or_update(_ARTICLE)} RETURNING {_RELIABILITY}")
_SAVE_EVENT = (
    f"{_insert('events', _EVENT, 'event')} {_or_update(_EVENT)}, updated_at = now() RETURNING {STAMP} AS stamp"
)
_NOTE_REVISION = _insert("revisions", _REVISION, "revision")
SAVE = text(f"WITH saved AS ({_SAVE_EVENT}), noted AS ({_NOTE_REVISION}) SELECT stamp FROM saved")  # noqa: S608
ATTACH = text(
    f"WITH attached AS ({_insert('reports', _REPORT, 'report')}) {_insert('ledger', _LEDGER, 'entries', many=True)}"
)
STAMPS = text(f"SELECT {STAMP} AS stamp FROM events WHERE id = ANY(:ids) AND epoch = :epoch")  # noqa: S608
EVENTS = text(f"""
    SELECT id, {STAMP} AS stamp, snapshot::text AS snapshot, alertable, pinned FROM events WHERE id = ANY(:ids)
""")  # noqa: S608
LINKS = text("""
    SELECT reports.id, frame_index, event_id, fetched_at > :fetched_at
        OR (version, extraction ->> 'extractor') = (:version, :extractor) AS known
    FROM articles LEFT JOIN reports ON reports.article_id = articles.id WHERE articles.id = :article
""")
UNLINK = text("DELETE FROM reports WHERE article_id = :article")
RELATIONS = text("""
    SELECT b AS other, relation FROM related_events WHERE a = :event
    UNION ALL SELECT a, relation FROM related_events WHERE b = :event ORDER BY other
""")
REPORTS = text("SELECT event_id, record::text FROM reports WHERE event_id = ANY(:ids) ORDER BY message_time, id")
