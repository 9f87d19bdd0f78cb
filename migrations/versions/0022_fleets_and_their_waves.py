"""Fleet plans, and which wave of a rollout a plan begins with.

Safe while the previous release runs: it leaves alone what has a newer format, as the plans of fleets have, and its own
plans are of no fleet.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fleet",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("snapshot", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("held", sa.Text, nullable=False),
        sa.Column("excused", sa.Text, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("message_channel", sa.Text, nullable=False),
        sa.Column("message_ts", sa.Text, nullable=False),
        sa.Column("message_permalink", sa.Text, nullable=False),
        sa.Column("shown_version", sa.Integer, nullable=False),
        sa.Column("shown_plans", sa.BigInteger, nullable=False),
        sa.Column("showing_until", sa.Text),
        sa.Column("told_seq", sa.BigInteger, nullable=False),
    )
    op.create_index("fleet_by_end", "fleet", ["ended", "created_at"])
    op.add_column("plan", sa.Column("fleet", sa.Text, nullable=False, server_default=""))
    op.add_column("plan", sa.Column("wave", sa.Integer, nullable=False, server_default="0"))
    of_fleets = sa.text("fleet <> ''")
    op.create_index("plan_by_fleet", "plan", ["fleet"], sqlite_where=of_fleets, postgresql_where=of_fleets)


def downgrade() -> None:
    op.drop_index("plan_by_fleet", "plan")
    for name in ("wave", "fleet"):
        op.drop_column("plan", name)
    op.drop_index("fleet_by_end", "fleet")
    op.drop_table("fleet")
