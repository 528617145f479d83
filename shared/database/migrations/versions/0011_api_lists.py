"""Lists of events by indexes alone: which fifty are asked for is found without reading a row that is not among them.

`event_perpetrators` is `events.perpetrators` the other way round, in the order of events, and kept by a trigger, so
that no writer knows of it, the old release's neither. The indexes are made under a lock that keeps writers out (292,000
events: 110 s on a machine that had a tenth of its time to spare); meanwhile the linker's transactions run into their
lock timeout and are tried again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_LIVE = sa.text("epoch = 0")
_SHOWN = ["status", "alertable", "epoch"]
_COVERING: dict[str, tuple[str, list[str]]] = {  # name -> what is compared, what a list looks at besides
    "date": ("coalesce(date_start, '-infinity')", ["date_start", "date_end", *_SHOWN]),
    "killed": ("coalesce(killed, -1)", ["killed", *_SHOWN]),
    "injured": ("coalesce(injured, -1)", ["injured", *_SHOWN]),
}
_COVERING_LIVE = {"sources": "independent_sources", "score": "score"}

_KEEP = """
CREATE FUNCTION keep_event_perpetrators() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM event_perpetrators WHERE event_id = OLD.id AND perpetrator = ANY (OLD.perpetrators);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO event_perpetrators SELECT DISTINCT unnest(NEW.perpetrators), NEW.id;
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "event_perpetrators",
        sa.Column("perpetrator", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("perpetrator", "event_id", name=op.f("pk_event_perpetrators")),
    )
    op.execute(_KEEP)
    op.execute(
        "CREATE TRIGGER event_perpetrators_added AFTER INSERT OR DELETE ON events"
        " FOR EACH ROW EXECUTE FUNCTION keep_event_perpetrators()"
    )
    op.execute(
        "CREATE TRIGGER event_perpetrators_changed AFTER UPDATE OF perpetrators ON events FOR EACH ROW"
        " WHEN (OLD.perpetrators <> NEW.perpetrators) EXECUTE FUNCTION keep_event_perpetrators()"
    )
    op.execute("INSERT INTO event_perpetrators SELECT DISTINCT unnest(perpetrators), id FROM events ORDER BY 1, 2")
    for name, (compared, besides) in _COVERING.items():
        op.drop_index(f"ix_events_{name}", "events")
        op.create_index(f"ix_events_{name}", "events", [sa.text(compared), "id"], postgresql_include=besides)
    for name, column in _COVERING_LIVE.items():
        op.drop_index(f"ix_events_{name}", "events")
        op.create_index(
            f"ix_events_{name}",
            "events",
            [column, "id"],
            postgresql_where=_LIVE,
            postgresql_include=["status", "alertable"],
        )
    op.create_index("ix_events_admin1", "events", ["admin1", "id"], postgresql_where=_LIVE)
    op.create_index(
        "ix_events_point",
        "events",
        [sa.text("point(lon, lat)")],
        postgresql_using="gist",
        postgresql_where=_LIVE,
        postgresql_include=["lon", "lat", "id", "status", "alertable"],
    )
    op.drop_index("ix_events_cell", "events")
    op.execute("ANALYZE events, event_perpetrators")


def downgrade() -> None:
    op.create_index("ix_events_cell", "events", ["cell"], postgresql_where=_LIVE)
    op.drop_index("ix_events_point", "events")
    op.drop_index("ix_events_admin1", "events")
    for name, column in _COVERING_LIVE.items():
        op.drop_index(f"ix_events_{name}", "events")
        op.create_index(f"ix_events_{name}", "events", [column, "id"], postgresql_where=_LIVE)
    for name, (compared, _) in _COVERING.items():
        op.drop_index(f"ix_events_{name}", "events")
        op.create_index(f"ix_events_{name}", "events", [sa.text(compared), "id"])
    op.execute("DROP TRIGGER event_perpetrators_changed ON events")
    op.execute("DROP TRIGGER event_perpetrators_added ON events")
    op.execute("DROP FUNCTION keep_event_perpetrators()")
    op.drop_table("event_perpetrators")
