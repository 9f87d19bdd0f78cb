"""Up to which event each plan's thread was written. The threads of plans that exist already begin here.

Safe while the previous release runs: it adds a column with a default for the rows that the previous one writes.
What the previous release shows is told in the thread by the next process that shows the plan.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan", sa.Column("told_seq", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE plan SET told_seq = COALESCE((SELECT MAX(seq) FROM event), 0)")


def downgrade() -> None:
    op.drop_column("plan", "told_seq")
