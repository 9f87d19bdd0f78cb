"""Which release brought the schema to which revision, so that an older one can say whom to start.

Safe while the previous release runs: it adds a table that the previous one does not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schema_release",
        sa.Column("revision", sa.Text, primary_key=True),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("schema_release")
