"""Alerts: how each host stands, the alerts that opened, and the messages about them.

Safe while the previous release runs: it adds tables that the previous one does not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_standing",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("alert", sa.Text, nullable=False),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("alert", sa.Text, nullable=False),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
    )
    op.create_index("alert_going_on", "alert", ["done"])
    op.create_index("alert_of_notice", "alert", ["notice"])
    op.create_table(
        "alert_notice",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("shown_version", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("lease_until", sa.Text),
        sa.Column("done", sa.Boolean, nullable=False),
    )
    op.create_index("alert_notice_going_on", "alert_notice", ["done"])


def downgrade() -> None:
    op.drop_table("alert_notice")
    op.drop_table("alert")
    op.drop_table("alert_standing")
