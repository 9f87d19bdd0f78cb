"""What each host showed when it was looked at the last time.

Safe while the previous release runs: it adds a table that the previous one does not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "last_look",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("usage", sa.Text, nullable=False),
        sa.Column("disk", sa.Text),
    )


def downgrade() -> None:
    op.drop_table("last_look")
