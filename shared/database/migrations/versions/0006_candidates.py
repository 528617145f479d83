"""Indexes by which linking finds the events that a report may be about."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_POINTED = "lat IS NOT NULL AND lon IS NOT NULL AND place_precision < 4"


def upgrade() -> None:
    pointed, coarse = sa.text(_POINTED), sa.text(f"NOT ({_POINTED})")
    place = ["lat", "lon"]
    op.create_index("ix_events_near", "events", ["epoch", "cell", "last_reported_at", *place], postgresql_where=pointed)
    op.create_index("ix_events_near_date", "events", ["epoch", "cell", "date_start", *place], postgresql_where=pointed)
    op.create_index("ix_events_coarse", "events", ["epoch", "country", "last_reported_at"], postgresql_where=coarse)
    op.create_index("ix_events_time", "events", ["epoch", "last_reported_at"])


def downgrade() -> None:
    for name in ("time", "coarse", "near_date", "near"):
        op.drop_index(f"ix_events_{name}", "events")
