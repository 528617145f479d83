"""What the API searches by: columns drawn from the snapshot, and the indexes of its filters, sorts and statistics.

The columns are generated, so no writer knows of them, the old release's neither. Adding them writes `events` anew
under an exclusive lock (50,000 events with 250,000 reports: 24 s in all on a busy machine); meanwhile the linker's
transactions run into their lock timeout and are tried again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXTS = """
CREATE FUNCTION {name}(snapshot jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT DISTINCT value #>> '{{}}' FROM jsonb_path_query(snapshot, '{path}') AS value ORDER BY 1)
"""
_WORDS = """
CREATE FUNCTION event_words(snapshot jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN setweight(jsonb_to_tsvector('pg_catalog.english', jsonb_path_query_array(snapshot, '$.reports[*].title')
    || jsonb_path_query_array(snapshot, '$.place.name') || jsonb_path_query_array(snapshot, '$.place.admin1')
    || jsonb_path_query_array(snapshot, '$.perpetrators[*].name'), '["string"]'), 'A')
  || jsonb_to_tsvector('pg_catalog.english', jsonb_path_query_array(snapshot, '$.reports[*].sentence')
    || jsonb_path_query_array(snapshot, '$.victims[*].mention'), '["string"]')
"""
_CELL = """
CREATE FUNCTION map_cell(lat float, lon float) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (floor(lat) * 360 + floor(lon))::integer
"""
_LIVE = sa.text("epoch = 0")


def upgrade() -> None:
    op.execute(_TEXTS.format(name="event_targets", path="$.targets[*].type"))
    op.execute(_TEXTS.format(name="event_languages", path="$.languages[*]"))
    op.execute(_WORDS)
    op.execute(_CELL)
    op.execute(
        """ALTER TABLE events
        ADD COLUMN targets text[] GENERATED ALWAYS AS (event_targets(snapshot)) STORED,
        ADD COLUMN languages text[] GENERATED ALWAYS AS (event_languages(snapshot)) STORED,
        ADD COLUMN words tsvector GENERATED ALWAYS AS (event_words(snapshot)) STORED,
        ADD COLUMN cell integer GENERATED ALWAYS AS (map_cell(lat, lon)) STORED"""
    )
    for name, columns in _EVENTS.items():
        op.create_index(f"ix_events_{name}", "events", columns, postgresql_where=_LIVE)
    op.create_index(
        "ix_events_statistics",
        "events",
        ["date_start"],
        postgresql_where=_LIVE,
        postgresql_include=["date_end", "country", "admin1", "killed", "injured", "alertable", "status"],
    )
    op.create_index(
        "ix_events_facets",
        "events",
        ["attack_types", "perpetrators", "targets", "languages"],
        postgresql_using="gin",
        postgresql_where=_LIVE,
    )
    op.create_index("ix_events_words", "events", ["words"], postgresql_using="gin", postgresql_where=_LIVE)
    op.create_index("ix_reports_source", "reports", [sa.text("(record ->> 'source')"), "event_id"])
    op.create_index("ix_reports_message_time", "reports", ["message_time"])
    op.create_index("ix_articles_stored", "articles", ["stored_at", "id"])
    op.create_index("ix_deliveries_created", "deliveries", ["created_at", "id"])


_EVENTS: dict[str, list[str | sa.TextClause]] = {
    "country": ["country", "id"],
    "status": ["status", "id"],
    "date": [sa.text("coalesce(date_start, '-infinity')"), "id"],
    "killed": [sa.text("coalesce(killed, -1)"), "id"],
    "injured": [sa.text("coalesce(injured, -1)"), "id"],
    "score": ["score", "id"],
    "cell": ["cell"],
}


def downgrade() -> None:
    op.drop_index("ix_deliveries_created", "deliveries")
    op.drop_index("ix_articles_stored", "articles")
    op.drop_index("ix_reports_message_time", "reports")
    op.drop_index("ix_reports_source", "reports")
    op.drop_index("ix_events_words", "events")
    op.drop_index("ix_events_facets", "events")
    op.drop_index("ix_events_statistics", "events")
    for name in _EVENTS:
        op.drop_index(f"ix_events_{name}", "events")
    for column in ("targets", "languages", "words", "cell"):
        op.drop_column("events", column)
    op.execute("DROP FUNCTION map_cell(float, float)")
    for function in ("event_words", "event_languages", "event_targets"):
        op.execute(f"DROP FUNCTION {function}(jsonb)")
