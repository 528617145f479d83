"""What a delivery says is kept beside its row: each change of its state writes the row anew, but not its content."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries SET (toast_tuple_target = 256)")  # of rows to come; 2040 is the default


def downgrade() -> None:
    op.execute("ALTER TABLE deliveries RESET (toast_tuple_target)")
