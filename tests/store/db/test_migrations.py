"""A database of the first release comes up to this one, with its data: every step, on both databases.

``rows/NUMBER.sql`` holds what a database has in the tables of that migration, as the release that came with it
wrote it. Rows of 0001 are those of the first commit.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from bot.core.life.states import Outcome, Status
from bot.store.db import database, revisions, schema
from bot.store.models import Row
from bot.store.opening import Store
from tests.store.samples import POSTGRESQL_TRIGGERS, TRIGGERS

ROWS = Path(__file__).with_name("rows")
STEPS: list[Script] = list(ScriptDirectory.from_config(schema.configuration()).walk_revisions())[::-1]

Table = list[dict[str, object]]


def contents(connection: Connection) -> dict[str, Table]:
    """Every row of every table, in an order of its own."""
    found = {}
    for name in inspect(connection).get_table_names():
        if name != "alembic_version":
            rows = connection.exec_driver_sql(f"SELECT * FROM {name}").mappings()  # noqa: S608 - a table's own name
            found[name] = sorted((dict(row) for row in rows), key=lambda row: str(list(row.values())[:2]))
    return found


def add_rows(connection: Connection, revision: str) -> None:
    file = ROWS / f"{revision}.sql"
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        if not line.startswith("--"):
            percent = "%%" if connection.dialect.name == "postgresql" else "%"
            connection.exec_driver_sql(line.replace("%", percent))


def must_still_be_there(before: Mapping[str, Table], after: Mapping[str, Table]) -> None:
    for name, rows in before.items():
        columns = rows[0].keys() if rows else ()
        found = [{column: row[column] for column in columns} for row in after[name]]
        if name == "schema_release":  # each step says who made it
            found = [row for row in found if row in rows]
        assert found == rows, name


@pytest.fixture
def upgraded(empty_url: str) -> Iterator[Store]:
    """A database that began with the first schema, brought up step by step with rows in each table."""
    sessions, db = database.connect(empty_url), create_engine(empty_url, poolclass=NullPool)
    before: dict[str, Table] = {}
    for step in STEPS:
        schema.upgrade(sessions, step.revision)
        with db.begin() as connection:
            must_still_be_there(before, contents(connection))
            add_rows(connection, step.revision)
            before = contents(connection)
    db.dispose()
    empty = [name for name in Row.metadata.tables if not before[name]]
    assert empty == [], f"rows for these belong into {ROWS}, in the file of the migration that makes them"
    with closing(Store(sessions, sessions.close)) as store:
        yield store


def test_everything_reads_the_same_and_the_chain_holds(upgraded: Store) -> None:
    verdict = upgraded.chain.verify()
    assert (verdict.broken, verdict.first, verdict.events) == (None, 1, upgraded.audit.head().seq)
    done = upgraded.plans.get("k7m2p9wxyz")
    assert done is not None
    assert (done.status, done.reclaimed, [item.outcome for item in done.items]) == (
        Status.PARTIAL, 5 * 10**9, [Outcome.REMOVED, Outcome.KEPT, Outcome.GONE],
    )  # fmt: skip
    assert done.items[2].item.name == "café “ü”: $(x) 'q' \\ %s"
    assert done.message is not None
    assert (done.message.ts, done.message.permalink) == ("1700000000.000100", "")
    rejected = upgraded.plans.get("rej3ct2345")
    assert rejected is not None
    assert (rejected.status, rejected.votes[0].reason) == (Status.REJECTED, "not during the sale")
    assert {one.plan: one.outcome for one in upgraded.audit.cleanups()} == {
        "k7m2p9wxyz": "partial", "runn1ng234": "running",
    }  # fmt: skip
    assert all(link.seal == "" for link in upgraded.audit.events("k7m2p9wxyz"))


def test_records_of_earlier_releases_are_told_from_their_events_as_far_as_those_tell(
    upgraded: Store,
) -> None:
    for plan_id in ("k7m2p9wxyz", "rej3ct2345", "runn1ng234", "wa1ting234"):
        state, recorded = upgraded.plans.get(plan_id), upgraded.audit.recorded(plan_id)
        assert state is not None
        assert recorded is not None
        assert (recorded.state.status, recorded.state.approvers) == (state.status, state.approvers)
        assert [str(item.outcome) for item in recorded.state.items] == [
            str(item.outcome) for item in state.items
        ]
    assert [str(each) for each in upgraded.chain.compare().differences] == [
        "restore k7m2p9wxyz: no event tells of this row",  # they were added for the migrations alone
        "fleet f1: no event tells of this row",
    ]


def test_work_that_the_first_release_left_goes_on(upgraded: Store) -> None:
    waiting = upgraded.plans.get("wa1ting234")
    assert waiting is not None
    assert (upgraded.runs.claimable(), waiting.waits_for) == (("runn1ng234",), "runn1ng234")
    run = upgraded.runs.claim("runn1ng234", "replica-9", timedelta(seconds=60))
    assert run is not None
    assert run.attempt == 2
    upgraded.runs.start_items(run, [0])
    assert [link.seal for link in upgraded.audit.events("runn1ng234")][-2:] == ["sha256", "sha256"]
    assert upgraded.chain.verify().broken is None


def test_the_first_release_may_still_write_while_this_one_runs(upgraded: Store) -> None:
    """An event without the columns that came later, as the code of the first release adds it."""
    last = upgraded.audit.head()
    with upgraded.sessions._db.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO event (seq, at, tag, plan, host, actor, facts, previous, hash, key) VALUES (:seq, "
                "'2026-11-24T00:00:00.000000Z', 'slack:plan:voted', 'p', 'h', 'U1', '{}', :previous, 'x', 'k')"
            ),
            {"seq": last.seq + 1, "previous": last.hash},
        )
        connection.execute(text("UPDATE chain_head SET seq = :seq, hash = 'x'"), {"seq": last.seq + 1})


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.revision))
def test_a_migration_says_whether_it_is_safe_while_the_previous_release_runs(step: Script) -> None:
    assert re.search(
        r"^(Safe|Not safe) while the previous release runs: \w", str(step.module.__doc__), re.MULTILINE
    ), step.path


def test_the_steps_are_one_after_the_other() -> None:
    assert [step.down_revision for step in STEPS] == [None, *(step.revision for step in STEPS[:-1])]
    assert all(Path(step.path).name.startswith(f"{step.revision}_") for step in STEPS)


def test_the_tables_have_the_triggers_that_the_tests_drop(url: str) -> None:
    wanted = TRIGGERS if url.startswith("sqlite") else POSTGRESQL_TRIGGERS
    query = (
        "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
        if url.startswith("sqlite")
        else "SELECT relname, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE tgenabled = 'A'"
    )
    db = create_engine(url)
    with db.connect() as connection:
        found = {(str(row[0]), str(row[1])) for row in connection.exec_driver_sql(query)}
    db.dispose()
    assert found == {(table, name) for table, names in wanted.items() for name in names}


def test_the_revision_that_is_told_without_alembic_is_alembics_own(upgraded: Store, empty_url: str) -> None:
    assert revisions.newest() == STEPS[-1].revision == database.current_revision(empty_url)
