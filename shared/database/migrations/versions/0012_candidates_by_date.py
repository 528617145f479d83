"""Candidates of a date, or of no country, by indexes that hold all that is asked, so that a busy country costs no more.

`country IS NULL` gives an index on the country no order by time, and a day's attacks of a country are many more than
those that lie in no town of it: each such question has an index of its own. The indexes are made under a lock that
keeps writers out; meanwhile the linker's transactions run into their lock timeout and are tried again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_POINTED = "lat IS NOT NULL AND lon IS NOT NULL AND place_precision < 4"
_COARSE, _NOWHERE = f"NOT ({_POINTED})", "country IS NULL"
_DATES = ["date_start", "date_end"]
_NEW: dict[str, tuple[list[str], str | None]] = {
    "ix_events_candidates_dates": (["epoch", "country", *_DATES], None),
    "ix_events_near_dates": (["epoch", "cell", *_DATES, "lat", "lon"], _POINTED),
    "ix_events_coarse_dates": (["epoch", "country", *_DATES], _COARSE),
    "ix_events_nowhere": (["epoch", "last_reported_at"], _NOWHERE),
    "ix_events_nowhere_dates": (["epoch", *_DATES], _NOWHERE),
}
_OLD: dict[str, tuple[list[str], str | None]] = {
    "ix_events_candidates_date": (["epoch", "country", "date_start"], None),
    "ix_events_near_date": (["epoch", "cell", "date_start", "lat", "lon"], _POINTED),
}


def upgrade() -> None:
    _replace(_OLD, _NEW)


def downgrade() -> None:
    _replace(_NEW, _OLD)


def _replace(old: dict[str, tuple[list[str], str | None]], new: dict[str, tuple[list[str], str | None]]) -> None:
    for name, (columns, where) in new.items():
        op.create_index(name, "events", columns, postgresql_where=sa.text(where) if where else None)
    for name in old:
        op.drop_index(name, "events")
