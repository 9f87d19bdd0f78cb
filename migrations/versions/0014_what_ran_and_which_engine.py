"""What services of a host ran before, who holds the stream of its events, and one cleanup at a time per engine.

Safe while the previous release runs: it adds tables, a column with a default and two indexes. A plan that the previous
release makes names no engine there, and is held to one cleanup at a time per host alone, as that release does.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

RUNNING = sa.text("status = 'running' AND engine <> ''")


def upgrade() -> None:
    op.create_table(
        "image_ran",
        *(
            sa.Column(name, sa.Text, primary_key=True)
            for name in ("host", "engine_id", "machine", "data_root", "kind", "service", "image_id")
        ),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table(
        "event_stream",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("lease_until", sa.Text),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
    )
    op.add_column("plan", sa.Column("engine", sa.Text, nullable=False, server_default=""))
    _name_engines()
    op.create_index(
        "plan_one_running_per_engine",
        "plan",
        ["engine"],
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.create_index("plan_by_engine_and_status", "plan", ["engine", "status"])


def _name_engines() -> None:
    """Of plans that may still run; where one engine runs two already, they end as they began."""
    plan = sa.table("plan", sa.column("id"), sa.column("engine"), sa.column("status"), sa.column("snapshot"))
    connection = op.get_bind()
    waiting = sa.select(plan.c.id, plan.c.snapshot).where(plan.c.status.in_(["proposed", "approved"]))
    for plan_id, snapshot in connection.execute(waiting).all():
        try:
            engine = json.loads(snapshot)["draft"]["engine"]
            named = " ".join(engine[key] for key in ("id", "name", "data_root"))
        except (ValueError, KeyError, TypeError):  # whoever runs it says what is wrong with it
            continue
        connection.execute(sa.update(plan).where(plan.c.id == plan_id).values(engine=named))


def downgrade() -> None:
    op.drop_index("plan_by_engine_and_status", "plan")
    op.drop_index("plan_one_running_per_engine", "plan")
    op.drop_column("plan", "engine")
    op.drop_table("event_stream")
    op.drop_table("image_ran")
