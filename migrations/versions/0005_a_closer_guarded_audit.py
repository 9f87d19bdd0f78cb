"""The audit's seals and checkpoints: how each hash was made, and the one way in which events may leave.

Safe while the previous release runs: it leaves the new columns empty, and its events are read as before. Its own
`audit verify` takes the events of this release for changed ones. Set DECKHAND_AUDIT_KEY only when no process of the
previous release is left: a chain that is keyed refuses the events of a process without the key.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("seal", sa.Text, nullable=False, server_default=""))
    op.add_column("plan", sa.Column("message_permalink", sa.Text, nullable=False, server_default=""))
    archived = sa.text("tag = 'shell:audit:archived'")
    op.create_index("event_checkpoints", "event", ["seq"], sqlite_where=archived, postgresql_where=archived)
    if op.get_bind().dialect.name == "postgresql":
        _protect_on_postgresql()
    else:
        _protect_on_sqlite()


def downgrade() -> None:
    raise NotImplementedError("events that are sealed would be read as changed ones")


def _protect_on_sqlite() -> None:
    # A checkpoint in the chain, and nothing else, lets go of the events that it names.
    op.execute("DROP TRIGGER event_refuses_delete")
    op.execute(
        """CREATE TRIGGER event_refuses_delete BEFORE DELETE ON event
        WHEN NOT EXISTS (
            SELECT 1 FROM event WHERE tag = 'shell:audit:archived' AND seq > OLD.seq
            AND OLD.seq BETWEEN json_extract(facts, '$.first') AND json_extract(facts, '$.last'))
        BEGIN SELECT RAISE(ABORT, 'audit events are never changed or removed'); END"""
    )
    op.execute(
        """CREATE TRIGGER event_stays_keyed BEFORE INSERT ON event
        WHEN NEW.seal NOT LIKE 'hmac-%' AND EXISTS (
            SELECT 1 FROM chain_head JOIN event ON event.seq = chain_head.seq WHERE event.seal LIKE 'hmac-%')
        BEGIN SELECT RAISE(ABORT, 'the audit is keyed: an event without a key does not belong here'); END"""
    )
    op.execute(
        """CREATE TRIGGER chain_head_moves_on BEFORE UPDATE ON chain_head
        WHEN NEW.seq <= OLD.seq
        OR NOT EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq AND hash = NEW.hash)
        BEGIN SELECT RAISE(ABORT, 'the head of the audit only moves on to the event that was written last'); END"""
    )
    op.execute(
        """CREATE TRIGGER chain_head_refuses_delete BEFORE DELETE ON chain_head
        BEGIN SELECT RAISE(ABORT, 'the head of the audit only moves on to the event that was written last'); END"""
    )
    op.execute(
        """CREATE TRIGGER chain_head_refuses_replace BEFORE INSERT ON chain_head
        WHEN EXISTS (SELECT 1 FROM chain_head)
        BEGIN SELECT RAISE(ABORT, 'the head of the audit only moves on to the event that was written last'); END"""
    )


def _protect_on_postgresql() -> None:
    op.execute("DROP TRIGGER event_refuses_change ON event")
    op.execute(
        """CREATE TRIGGER event_refuses_change BEFORE UPDATE OR TRUNCATE ON event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_event()"""
    )
    _trigger(
        "event_refuses_delete", "BEFORE DELETE", "event",
        """IF NOT EXISTS (
            SELECT 1 FROM event WHERE tag = 'shell:audit:archived' AND seq > OLD.seq
            AND OLD.seq BETWEEN (facts::jsonb ->> 'first')::bigint AND (facts::jsonb ->> 'last')::bigint)
        THEN RAISE EXCEPTION 'audit events are never changed or removed'; END IF; RETURN OLD;""",
    )  # fmt: skip
    _trigger(
        "event_stays_keyed", "BEFORE INSERT", "event",
        """IF NEW.seal NOT LIKE 'hmac-%' AND EXISTS (
            SELECT 1 FROM chain_head JOIN event ON event.seq = chain_head.seq WHERE event.seal LIKE 'hmac-%')
        THEN RAISE EXCEPTION 'the audit is keyed: an event without a key does not belong here'; END IF; RETURN NEW;""",
    )  # fmt: skip
    _trigger(
        "chain_head_moves_on", "BEFORE UPDATE", "chain_head",
        """IF NEW.seq <= OLD.seq
        OR NOT EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq AND hash = NEW.hash)
        THEN RAISE EXCEPTION 'the head of the audit only moves on to the event that was written last';
        END IF; RETURN NEW;""",
    )  # fmt: skip
    op.execute(
        """CREATE FUNCTION chain_head_stays() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the head of the audit only moves on to the event that was written last'; END $$"""
    )
    op.execute(
        """CREATE TRIGGER chain_head_stays BEFORE DELETE OR TRUNCATE ON chain_head
        FOR EACH STATEMENT EXECUTE FUNCTION chain_head_stays()"""
    )
    # ALWAYS: a session that plays a replica would else run no triggers.
    for table, trigger in (("event", "event_refuses_change"), ("chain_head", "chain_head_stays")):
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


def _trigger(name: str, when: str, table: str, body: str) -> None:
    """A trigger for each row, and the function that it runs."""
    # The LIKE patterns end in a percent sign, which the driver would take for a parameter.
    op.get_bind().exec_driver_sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$".replace(
            "%", "%%"
        )
    )
    op.execute(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
