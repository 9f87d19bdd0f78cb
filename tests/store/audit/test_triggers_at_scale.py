"""PostgreSQL's triggers find the one row that they ask for by its index, whatever their session's first event saw."""

import pytest
from sqlalchemy import create_engine

from bot.store.opening import Store

MANY = 3_000
ROW = "'2026-01-01T00:00:00.000000Z', '{tag}', '', '', '', '{facts}', '', 'hash ' || n, 'key ' || n, 'sha256'"
INSERT = (
    "INSERT INTO event (seq, at, tag, plan, host, actor, facts, previous, hash, key, seal) "
    "SELECT n, {row} FROM generate_series({first}, {last}) AS n"
)
MOVE = """DO $$ BEGIN FOR n IN 1..3000 LOOP
    UPDATE chain_head SET seq = n, hash = 'hash ' || n;
END LOOP; END $$"""
FACTS = f'{{"first":1,"last":{MANY}}}'


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_no_trigger_reads_through_the_events_in_a_session_that_began_with_an_empty_table(
    url: str, store: Store
) -> None:
    """Counted in rows that were read, and not in time: a scan an event would read millions."""
    event, checkpoint = ROW.format(tag="x", facts="{}"), ROW.format(tag="shell:audit:archived", facts=FACTS)
    read = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname = 'event'"
    db = create_engine(url)
    try:
        with db.begin() as connection:
            for first in range(1, 20):  # plans of statements are kept after some calls
                connection.exec_driver_sql(INSERT.format(row=event, first=first, last=first))
            connection.exec_driver_sql(INSERT.format(row=event, first=20, last=MANY))
            connection.exec_driver_sql(INSERT.format(row=checkpoint, first=MANY + 1, last=MANY + 1))
            connection.exec_driver_sql(MOVE)
            connection.exec_driver_sql("DELETE FROM event WHERE tag = 'x'")
            assert int(connection.exec_driver_sql(read).scalar_one()) <= 10 * MANY
    finally:
        db.dispose()
