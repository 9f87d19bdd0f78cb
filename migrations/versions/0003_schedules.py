"""Schedules, and when an approved plan may start.

Safe while the previous release runs: it adds two tables that the previous one does not know, and a column that
it leaves empty. A process of the previous release knows no windows, and starts an approved plan at once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan", sa.Column("starts_at", sa.Text))
    op.create_table(
        "schedule",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("next_at", sa.Text, nullable=False),
    )
    op.create_table(
        "schedule_host",
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("trouble", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("schedule_host")
    op.drop_table("schedule")
    op.drop_column("plan", "starts_at")
