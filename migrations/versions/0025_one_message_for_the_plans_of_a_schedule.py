"""The message of a schedule that has a line for each of its plans, and which plans have one.

Safe while the previous release runs: it adds a table that the previous one does not know, and two columns of a plan
that it leaves as they are; it posts each plan by itself, as it always did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0021"
branch_labels = None
depends_on = None

IN_A_BATCH = sa.text("batch <> ''")


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("ts", sa.Text, nullable=False),
        sa.Column("permalink", sa.Text, nullable=False),
        sa.Column("opens_at", sa.Text, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("shown", sa.BigInteger, nullable=False),
        sa.Column("showing_until", sa.Text),
    )
    op.create_index(
        "batch_open", "batch", ["opens_at"], sqlite_where=sa.text("open"), postgresql_where=sa.text("open")
    )
    op.add_column("plan", sa.Column("batch", sa.Text, nullable=False, server_default=""))
    op.add_column("plan", sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("plan_by_batch", "plan", ["batch"], sqlite_where=IN_A_BATCH, postgresql_where=IN_A_BATCH)


def downgrade() -> None:
    op.drop_index("plan_by_batch", "plan")
    op.drop_column("plan", "held")
    op.drop_column("plan", "batch")
    op.drop_table("batch")
