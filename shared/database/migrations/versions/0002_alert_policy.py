"""What alerting holds back, escalates, and hears from its readers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_OPEN = sa.text("settled_at IS NULL")


def upgrade() -> None:
    op.add_column(
        "destinations",
        sa.Column("unsubscribed", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_index(op.f("ix_deliveries_destination_id_message_time"), "deliveries", ["destination_id", "message_time"])
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("destination_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule_ids", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hidden_by", sa.Uuid(), nullable=True),
        sa.Column("message_time", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=True),
        sa.Column("due_wall_at", _TIME, nullable=True),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("delivery_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destinations.id"], name=op.f("fk_holds_destination_id_destinations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index("uq_holds_open", "holds", ["destination_id", "event_id"], unique=True, postgresql_where=_OPEN)
    op.create_index("ix_holds_due", "holds", ["due_at"], postgresql_where=_OPEN)
    op.create_index("ix_holds_due_wall", "holds", ["due_wall_at"], postgresql_where=_OPEN)
    op.create_index(op.f("ix_holds_event_id"), "holds", ["event_id"])
    op.create_table(
        "escalations",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("destination_id", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "destination_id", name=op.f("pk_escalations")),
    )
    op.create_index("ix_escalations_due", "escalations", ["due_at"], postgresql_where=_OPEN)
    op.create_table(
        "acknowledgements",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "by", name=op.f("pk_acknowledgements")),
    )
    op.create_index(op.f("ix_acknowledgements_event_id"), "acknowledgements", ["event_id"])
    op.create_table(
        "feedback",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_feedback_delivery_id_deliveries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "by", name=op.f("pk_feedback")),
    )


def downgrade() -> None:
    op.drop_table("feedback")
    op.drop_table("acknowledgements")
    op.drop_table("escalations")
    op.drop_table("holds")
    op.drop_index(op.f("ix_deliveries_destination_id_message_time"), "deliveries")
    op.drop_column("destinations", "unsubscribed")
