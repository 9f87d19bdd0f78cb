"""Rows are a cache of the chain: whatever somebody writes into them is named, and none of it is shown."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column
from sqlalchemy.exc import IntegrityError

from bot.core.audit.review import cleanup_json, plan_json
from bot.core.json import Json
from bot.store.audit.rebuilding import ONLY_OURS
from bot.store.opening import Store
from tests.store.conftest import Filled
from tests.store.samples import the
from tests.store.whole import whole_life

Sql = Callable[[str], None]
SHOWN = tuple(
    (str(table.__tablename__), column)
    for table, ours in ONLY_OURS.items()
    for column in table.metadata.tables[str(table.__tablename__)].columns
    if column.name not in ours
)
"""Every column of every table that is compared: one that is added is attacked here too."""
NAMES = [f"{table}.{column.name}" for table, column in SHOWN]


@pytest.fixture
def url(request: pytest.FixtureRequest, filled: Filled, tmp_path: Path) -> Iterator[str]:
    """Of a database in which one plan, p1, has had its whole life."""
    with filled.url(request.param, whole_life, tmp_path) as url:
        yield url


def record_of(store: Store, plan_id: str = "p1") -> Json:
    """All that people are shown of one cleanup, but for what is said of changed rows."""
    recorded = store.audit.recorded(plan_id)
    assert recorded is not None
    items: list[Json] = [str(item) for item in store.audit.recorded_items([plan_id])]
    shown: Json = json.loads(json.dumps([plan_json(recorded), items]))
    assert isinstance(shown, list)
    assert isinstance(shown[0], dict)
    del shown[0]["differences"]
    return shown


def lines_of(store: Store) -> list[Json]:
    return [cleanup_json(line) | {"differs": False} for line in store.audit.cleanups()]


def named(store: Store) -> list[str]:
    return [str(difference) for difference in store.chain.compare().differences]


def another(column: Column[object]) -> str:
    """SQL for another value of the same sort."""
    kind = column.type.python_type
    if kind is bool:
        return f"NOT {column.name}"
    if kind is int:
        return f"COALESCE({column.name}, 0) + 7"
    return {
        "usage_before": "REPLACE(usage_before, '\"free\":', '\"free\":1')",
        "usage_after": "REPLACE(usage_after, '\"total\":', '\"total\":1')",
        "images": "REPLACE(images, 'failed', 'restored')",
        "snapshot": "REPLACE(snapshot, 'app:2', 'app:9')",
    }.get(
        column.name,
        "'2026-01-01T00:00:00.000000Z'"
        if column.name.endswith("_at") or column.name == "at"
        else f"'x' || COALESCE({column.name}, '')",
    )


def test_what_was_not_changed_has_no_differences(store: Store) -> None:
    recorded = store.audit.recorded("p1")
    assert recorded is not None
    assert (recorded.differences, recorded.state, named(store)) == ((), the(store, "p1"), [])
    assert not store.audit.cleanups()[0].differs


@pytest.mark.parametrize(("table", "column"), SHOWN, ids=NAMES)
def test_a_changed_column_is_named_and_never_shown(
    store: Store, sql: Sql, table: str, column: Column[object]
) -> None:
    record, lines = record_of(store), lines_of(store)
    try:
        sql(f"UPDATE {table} SET {column.name} = {another(column)}")  # noqa: S608 - the names above
    except IntegrityError:
        assert column.foreign_keys or column.primary_key, "PostgreSQL lets nobody take a row's plan away"
        return
    assert any(each.startswith(table) for each in named(store)), named(store)
    assert record_of(store) == record
    # What only finds may find nothing any more, and never something else.
    assert lines_of(store) == lines or (table == "cleanup_word" and lines_of(store) == [])


@pytest.mark.parametrize(
    "column", ["status", "host", "started_at", "finished_at", "profile", "reclaimed_bytes"]
)
def test_a_line_and_a_record_of_changed_rows_say_that_they_were(store: Store, sql: Sql, column: str) -> None:
    value = "7" if column == "reclaimed_bytes" else "'2020-01-01T00:00:00.000000Z'"
    sql(f"UPDATE plan SET {column} = {value}")  # noqa: S608 - the names above
    assert store.audit.cleanups()[0].differs
    recorded = store.audit.recorded("p1")
    assert recorded is not None
    assert any(f"plan p1: {column} is" in each for each in recorded.differences)


@pytest.mark.parametrize("table", ["vote", "plan_item", "restore", "cleanup_word", "plan"])
def test_a_row_that_was_deleted_is_named_and_the_record_is_the_same(
    store: Store, sql: Sql, table: str
) -> None:
    record, lines = record_of(store), lines_of(store)
    for part in ("vote", "plan_item", "restore") if table == "plan" else ():  # they refer to it
        sql(f"DELETE FROM {part}")  # noqa: S608 - the names above
    sql(f"DELETE FROM {table}")  # noqa: S608 - the names above
    assert any(each.startswith(table) and "the row is missing" in each for each in named(store)), named(store)
    assert record_of(store) == record
    assert lines_of(store) == lines or table == "cleanup_word"


INSERTS = {
    "vote": "INSERT INTO vote (plan_id, person_id, person_name, approve, reason, at, version) "
    "VALUES ('p1', 'U0EVE', 'Eve', TRUE, '', '2026-01-01T00:00:00.000000Z', 2)",
    "plan_item": "INSERT INTO plan_item (plan_id, position, kind, object_id, name, outcome, reason, bytes) "
    "VALUES ('p1', 3, 'volume', 'db', 'db', 'removed', '', 5)",
    "cleanup_word": "INSERT INTO cleanup_word SELECT 'by:U0EVE', started_at, plan_id, host FROM cleanup_word "
    "WHERE word = ''",
}


@pytest.mark.parametrize("table", INSERTS)
def test_a_row_of_which_no_event_tells_is_named_and_not_shown(store: Store, sql: Sql, table: str) -> None:
    record, lines = record_of(store), lines_of(store)
    sql(INSERTS[table])
    assert [each for each in named(store) if each.startswith(table) and "no event tells" in each]
    assert (record_of(store), lines_of(store)) == (record, lines)


def test_a_cleanup_that_never_was_is_in_no_list(store: Store, sql: Sql) -> None:
    columns = [column.name for table, column in SHOWN if table == "plan"]
    every = ", ".join(["version", "shown_version", "changed_at", "owner", *columns])
    forged = every.replace("owner, id,", "owner, 'forged',")
    sql(f"INSERT INTO plan ({every}) SELECT {forged} FROM plan")  # noqa: S608 - the names above
    sql("INSERT INTO cleanup_word SELECT word, started_at, 'forged', host FROM cleanup_word")
    assert [line.plan for line in store.audit.cleanups(limit=1)] == ["p1"]
    assert "plan forged: no event tells of this row" in named(store)


def test_what_is_found_by_a_host_that_was_written_there_is_not_shown_to_who_may_not_read_its_own(
    store: Store, sql: Sql
) -> None:
    whole_life(store, "p2", "secret-1")
    sql(
        "INSERT INTO cleanup_word SELECT 'host:ci', started_at, plan_id, 'ci' FROM cleanup_word WHERE word = ''"
    )
    assert store.audit.cleanups(hosts=["ci"]) == ()
    assert [line.plan for line in store.audit.cleanups(hosts=["secret-1"])] == ["p2"]


@pytest.mark.parametrize("seq", ["999999", "-5"])
def test_an_event_that_was_put_beside_the_chain_is_not_shown_and_is_said(
    store: Store, sql: Sql, seq: str
) -> None:
    record, lines = record_of(store), lines_of(store)
    forged = "REPLACE(facts, 'kept', 'removed')"
    sql(
        f"INSERT INTO event (seq, at, tag, plan, host, actor, facts, previous, hash, key, seal) SELECT {seq}, at, tag, "  # noqa: S608 - ours
        f"plan, host, 'U0EVE', {forged}, previous, hash, 'new', seal FROM event WHERE tag = 'deckhand:cleanup:finished'"
    )
    assert (record_of(store), lines_of(store)) == (record, lines)
    recorded = store.audit.recorded("p1")
    assert recorded is not None
    assert recorded.differences == (f"event {seq} is none of the chain's, and was left out",)


@pytest.mark.parametrize("column", ["started_at", "finished_at", "snapshot", "usage_before", "status"])
def test_what_cannot_be_read_is_named_and_hinders_nobody_from_reading_the_rest(
    store: Store, sql: Sql, column: str
) -> None:
    record, lines = record_of(store), lines_of(store)
    sql(f"UPDATE plan SET {column} = 'garbage'")  # noqa: S608 - the names above
    sql("UPDATE cleanup_word SET started_at = 'garbage' WHERE word <> ''")
    assert (record_of(store), lines_of(store)) == (record, lines)
    assert any(f"plan p1: {column}" in each for each in named(store))
