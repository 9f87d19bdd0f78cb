"""First schema: plans with their items and votes, and the chain of audit events.

Safe while the previous release runs: there is none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

GENESIS = "0" * 64
"""What the first event follows; a migration keeps the value of its own day."""

SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _create_plan()
    _create_indexes_of_plan()
    _create_parts_of_plan()
    _create_event()
    if op.get_bind().dialect.name == "postgresql":
        _protect_on_postgresql()
    else:
        _protect_on_sqlite()


def downgrade() -> None:
    raise NotImplementedError("the first schema holds the audit, which no migration removes")


def _create_plan() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("shown_version", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("engine_id", sa.Text, nullable=False),
        sa.Column("requester_id", sa.Text, nullable=False),
        sa.Column("requester_name", sa.Text, nullable=False),
        sa.Column("quorum", sa.Integer, nullable=False),
        sa.Column("predicted_bytes", sa.BigInteger, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("changed_at", sa.Text, nullable=False),
        sa.Column("decided_at", sa.Text),
        sa.Column("started_at", sa.Text),
        sa.Column("finished_at", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("usage_before", sa.Text),
        sa.Column("usage_after", sa.Text),
        sa.Column("message_channel", sa.Text, nullable=False),
        sa.Column("message_ts", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Text),
    )


def _create_indexes_of_plan() -> None:
    running, unshown = sa.text("status = 'running'"), sa.text("shown_version < version")
    op.create_index(
        "plan_one_running_per_host",
        "plan",
        ["host"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_index("plan_by_status", "plan", ["status", "expires_at"])
    op.create_index("plan_unshown", "plan", ["changed_at"], sqlite_where=unshown, postgresql_where=unshown)
    op.create_index("plan_by_start", "plan", ["started_at"])
    op.create_index("plan_by_host_and_start", "plan", ["host", "started_at"])


def _create_parts_of_plan() -> None:
    op.create_table(
        "plan_item",
        sa.Column("plan_id", sa.Text, sa.ForeignKey("plan.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "vote",
        sa.Column("plan_id", sa.Text, sa.ForeignKey("plan.id"), primary_key=True),
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("person_name", sa.Text, nullable=False),
        sa.Column("approve", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
    )
    op.create_index("event_key", "event", ["key"], unique=True)
    op.create_index("event_by_plan", "event", ["plan", "seq"])
    head = op.create_table(
        "chain_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.CheckConstraint("id = 1", name="chain_head_is_one_row"),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": GENESIS}])


def _protect_on_sqlite() -> None:
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"""CREATE TRIGGER event_refuses_{action.lower()} BEFORE {action} ON event
            BEGIN SELECT RAISE(ABORT, 'audit events are never changed or removed'); END"""
        )
    # INSERT OR REPLACE removes the old row without a word to the triggers above.
    op.execute(
        """CREATE TRIGGER event_refuses_replace BEFORE INSERT ON event
        WHEN EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq OR key = NEW.key)
        BEGIN SELECT RAISE(ABORT, 'audit events are never changed or removed'); END"""
    )


def _protect_on_postgresql() -> None:
    op.execute(
        """CREATE FUNCTION refuse_change_of_event() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit events are never changed or removed'; END $$"""
    )
    op.execute(
        """CREATE TRIGGER event_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_event()"""
    )
    # ALWAYS: a session that plays a replica would else run no triggers.
    op.execute("ALTER TABLE event ENABLE ALWAYS TRIGGER event_refuses_change")
