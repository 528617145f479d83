"""Indexes by which runs of deliveries find what is due, threads by their root; troubles that were told of."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('pending', 'sending', 'retry', 'unknown')")
_DEAD = sa.text("state = 'dead'")


def upgrade() -> None:
    op.create_index("ix_deliveries_open", "deliveries", ["destination_id", "created_at", "id"], postgresql_where=_OPEN)
    op.create_index("ix_deliveries_dead", "deliveries", ["destination_id", "next_at"], postgresql_where=_DEAD)
    op.create_index("ix_threads_root", "threads", ["destination_id", sa.text("(root ->> 'delivery_id')")])
    op.create_table(
        "troubles",
        sa.Column("destination_id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"],
            ["destinations.id"],
            name=op.f("fk_troubles_destination_id_destinations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("destination_id", "what", name=op.f("pk_troubles")),
    )


def downgrade() -> None:
    op.drop_table("troubles")
    op.drop_index("ix_threads_root", "threads")
    op.drop_index("ix_deliveries_dead", "deliveries")
    op.drop_index("ix_deliveries_open", "deliveries")
