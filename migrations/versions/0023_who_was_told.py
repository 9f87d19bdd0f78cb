"""Who was told of what, and how people want to be told.

Safe while the previous release runs: it adds tables that the previous one does not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("begun_at", sa.Text, nullable=False),
        sa.Column("lease_until", sa.Text),
        sa.Column("told_at", sa.Text),
    )
    op.create_index(
        "notice_open", "notice", ["begun_at"], sqlite_where=sa.text("told_at IS NULL"),
        postgresql_where=sa.text("told_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "person",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("wish", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("person")
    op.drop_table("notice")
