"""How rows are compared with the chain, and triggers that are as fast in a table that grew as in a new one.

Safe while the previous release runs: it adds two indexes, which take a moment in which no event and no cleanup can
be written, and makes three triggers of PostgreSQL find the one row that each asks for by its index, always. Before,
they went by statistics of their session's first event: in a table that was empty then, each event read all others.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OF_LINES = (
    "tag IN ('slack:plan:proposed', 'slack:plan:voted', 'slack:plan:withdrawn', 'slack:plan:approved', "
    "'deckhand:cleanup:started', 'deckhand:cleanup:finished')"
)
KEYED = """DECLARE last bigint; BEGIN
    IF NEW.seal NOT LIKE 'hmac-%' THEN
        SELECT seq INTO last FROM chain_head WHERE id = 1;
        IF EXISTS (SELECT 1 FROM event WHERE seq = last AND seal LIKE 'hmac-%') THEN
            RAISE EXCEPTION 'the audit is keyed: an event without a key does not belong here';
        END IF;
    END IF; RETURN NEW; END"""


def upgrade() -> None:
    where = sa.text(OF_LINES)
    op.create_index("event_of_lines", "event", ["plan", "seq"], sqlite_where=where, postgresql_where=where)
    op.create_index("cleanup_word_by_plan", "cleanup_word", ["plan_id"])
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        # The driver would take a percent sign for a parameter.
        body = KEYED.replace("%", "%%")
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION event_stays_keyed() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"
        )
        for function in ("event_stays_keyed", "event_refuses_delete", "chain_head_moves_on"):
            op.execute(f"ALTER FUNCTION {function}() SET enable_seqscan = off")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for function in ("event_stays_keyed", "event_refuses_delete", "chain_head_moves_on"):
            op.execute(f"ALTER FUNCTION {function}() RESET enable_seqscan")
    op.drop_index("cleanup_word_by_plan", "cleanup_word")
    op.drop_index("event_of_lines", "event")
