"""What a run needs to be stopped, parked and taken up, and what several replicas need to show one message once.

Safe while the previous release runs: it adds columns, each with a default for rows that the previous one writes.
That release does not read them: it goes on with a run that was asked to stop, and leaves a parked one alone,
since such a run has no lease that could be past.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT_OF_PLAN = ("stop_by_id", "stop_by_name", "attention")


def upgrade() -> None:
    for name in TEXT_OF_PLAN:
        op.add_column("plan", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("plan", sa.Column("stop_at", sa.Text))
    op.add_column("plan", sa.Column("showing_until", sa.Text))
    op.add_column("plan", sa.Column("in_vain", sa.Integer, nullable=False, server_default="0"))
    op.add_column("plan", sa.Column("format", sa.Integer, nullable=False, server_default="1"))
    op.create_index("plan_by_host_and_status", "plan", ["host", "status"])
    op.add_column("plan_item", sa.Column("untagging", sa.Text, nullable=False, server_default=""))
    op.add_column("plan_item", sa.Column("reconciled", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("plan_item", "reconciled")
    op.drop_column("plan_item", "untagging")
    op.drop_index("plan_by_host_and_status", "plan")
    for name in ("format", "in_vain", "showing_until", "stop_at", *TEXT_OF_PLAN):
        op.drop_column("plan", name)
