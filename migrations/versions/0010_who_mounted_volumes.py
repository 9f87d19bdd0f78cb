"""Who was last seen to mount each named volume.

Safe while the previous release runs: it adds a table that the previous one does not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "volume_mounting",
        sa.Column("engine_id", sa.Text, primary_key=True),
        sa.Column("volume", sa.Text, primary_key=True),
        sa.Column("first_at", sa.Text, nullable=False),
        sa.Column("at", sa.Text),
        sa.Column("container", sa.Text, nullable=False),
        sa.Column("image", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("volume_mounting")
