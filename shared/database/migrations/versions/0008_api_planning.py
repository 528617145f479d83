"""Indexes that PostgreSQL's planner can count by: it takes no statistics of an expression from a partial index."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_EXPRESSIONS = {
    "date": "coalesce(date_start, '-infinity')",
    "killed": "coalesce(killed, -1)",
    "injured": "coalesce(injured, -1)",
}
_LIVE = sa.text("epoch = 0")


def upgrade() -> None:
    for name, expression in _EXPRESSIONS.items():
        op.drop_index(f"ix_events_{name}", "events")
        op.create_index(f"ix_events_{name}", "events", [sa.text(expression), "id"])
    op.create_index("ix_events_sources", "events", ["independent_sources", "id"], postgresql_where=_LIVE)
    op.execute("ANALYZE events, reports")


def downgrade() -> None:
    op.drop_index("ix_events_sources", "events")
    for name, expression in _EXPRESSIONS.items():
        op.drop_index(f"ix_events_{name}", "events")
        op.create_index(f"ix_events_{name}", "events", [sa.text(expression), "id"], postgresql_where=_LIVE)
