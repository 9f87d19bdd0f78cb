"""What hosts showed over time: who samples each, its histories, and their samples.

Safe while the previous release runs: it adds tables that the previous one does not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KINDS = ("images", "containers", "volumes", "cache")


def upgrade() -> None:
    op.create_table(
        "watched_host",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("slot", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("lease_until", sa.Text),
        sa.Column("series", sa.Integer),
        sa.Column("volumes_at", sa.Text),
        sa.Column("forecast", sa.Text, nullable=False),
    )
    op.create_table(
        "watch_series",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("thinned", sa.Integer, nullable=False),
    )
    op.create_index("watch_series_of_engine", "watch_series", ["host", "engine", "id"])
    op.create_table(
        "watch_sample",
        sa.Column("step", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("series", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("inodes", sa.BigInteger),
        sa.Column("free_inodes", sa.BigInteger),
        sa.Column("size", sa.Integer),
        sa.Column("free", sa.Integer),
        sa.Column("took", sa.Integer, nullable=False),
        *(sa.Column(kind + figure, sa.Integer) for kind in KINDS for figure in ("", "_size", "_reclaimable")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("watch_sample")
    op.drop_table("watch_series")
    op.drop_table("watched_host")
