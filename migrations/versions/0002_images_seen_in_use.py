"""The ledger of images seen in use.

Safe while the previous release runs: it adds a table that the previous one does not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "image_sighting",
        sa.Column("engine_id", sa.Text, primary_key=True),
        sa.Column("image_id", sa.Text, primary_key=True),
        sa.Column("first_at", sa.Text, nullable=False),
        sa.Column("used_at", sa.Text),
    )


def downgrade() -> None:
    op.drop_table("image_sighting")
