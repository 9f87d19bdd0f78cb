"""Sightings and mountings belong to a host and the engine there: an engine's id alone may be that of many.

Safe while the previous release runs: it adds tables and a column that the previous one does not know, and leaves its
own tables to it. What is known of an engine goes over where one host alone has its id; where machines were cloned,
what the old tables say may be of any of them, and each begins anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OF_ONE_HOST = (
    "JOIN host_engine AS known ON known.engine_id = old.engine_id "
    "WHERE (SELECT count(*) FROM host_engine AS other WHERE other.engine_id = old.engine_id) = 1"
)


def _of_an_engine() -> tuple[sa.Column[str], ...]:
    return tuple(
        sa.Column(name, sa.Text, primary_key=True) for name in ("host", "engine_id", "machine", "data_root")
    )


def upgrade() -> None:
    op.add_column("host_engine", sa.Column("data_root", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "host_image_sighting",
        *_of_an_engine(),
        sa.Column("image_id", sa.Text, primary_key=True),
        sa.Column("first_at", sa.Text, nullable=False),
        sa.Column("used_at", sa.Text),
    )
    op.create_table(
        "host_volume_mounting",
        *_of_an_engine(),
        sa.Column("volume", sa.Text, primary_key=True),
        sa.Column("first_at", sa.Text, nullable=False),
        sa.Column("at", sa.Text),
        sa.Column("container", sa.Text, nullable=False),
        sa.Column("image", sa.Text, nullable=False),
    )
    _take_over("image_sighting", "image_id", "first_at", "used_at")
    _take_over("volume_mounting", "volume", "first_at", "at", "container", "image")


def _take_over(table: str, *columns: str) -> None:
    old = ", ".join(f"old.{column}" for column in columns)
    op.execute(
        f"INSERT INTO host_{table} (host, engine_id, machine, data_root, {', '.join(columns)}) "  # noqa: S608 - names of this file
        f"SELECT known.host, known.engine_id, known.name, '', {old} FROM {table} AS old {OF_ONE_HOST}"
    )


def downgrade() -> None:
    op.drop_table("host_volume_mounting")
    op.drop_table("host_image_sighting")
    op.drop_column("host_engine", "data_root")
