"""Which engine each host was first seen with.

Safe while the previous release runs: it adds a table that the previous one does not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "host_engine",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("engine_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("store", sa.Text, nullable=False),
        sa.Column("first_at", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("host_engine")
