"""Reviews: events that a reviewer parted stay apart; indexes to follow merged events and related ones."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_apart",
        sa.Column("a", sa.Uuid(), nullable=False),
        sa.Column("b", sa.Uuid(), nullable=False),
        sa.CheckConstraint("a < b", name=op.f("ck_kept_apart_ordered")),
        sa.ForeignKeyConstraint(["a"], ["events.id"], name=op.f("fk_kept_apart_a")),
        sa.ForeignKeyConstraint(["b"], ["events.id"], name=op.f("fk_kept_apart_b")),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_kept_apart")),
    )
    op.create_index("ix_kept_apart_b", "kept_apart", ["b"])
    op.create_index("ix_related_events_b", "related_events", ["b"])
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_events_merged_into", "events", ["merged_into"], postgresql_where=merged)


def downgrade() -> None:
    op.drop_index("ix_events_merged_into", "events")
    op.drop_index("ix_related_events_b", "related_events")
    op.drop_table("kept_apart")
