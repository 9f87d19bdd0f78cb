"""What a person's Home shows: the plans that they asked for, and since when something is in a schedule's way.

Safe while the previous release runs: it adds an index, which takes a moment in which no plan can be written, and
a column that may be empty. What the previous release notes of a schedule has no moment, and no Home shows it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("plan_by_requester", "plan", ["requester_id", "created_at"])
    op.add_column("schedule_host", sa.Column("at", sa.Text))


def downgrade() -> None:
    op.drop_column("schedule_host", "at")
    op.drop_index("plan_by_requester", "plan")
