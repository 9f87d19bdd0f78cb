"""Databases: which are taken, how their schema comes to be, and what is said when they are away."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlmodel import Session, select

from bot.core.audit.facts import deckhand
from bot.core.errors import ConfigurationError, StoreUnavailableError
from bot.core.life.states import PlanState, Status
from bot.store.db.database import current_revision
from bot.store.db.sessions import now
from bot.store.models import Row, SchemaReleaseRow
from bot.store.opening import Store, migrate, open_store
from bot.store.plan import plans
from tests.store.samples import SECRET, approval, approved, at_once, changes, propose, the
from tests.support.machines.postgres import PrivatePostgres

LATEST = "0022"


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://deckhand:{SECRET}@db/deckhand",
        f"postgresql+asyncpg://deckhand:{SECRET}@db/deckhand",
        f"deckhand:{SECRET}",
        f"postgresql://deckhand:{SECRET}@db:port/deckhand",
        "",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_other_urls_are_refused_with_a_sentence_that_keeps_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="write") as refused:
        open_store(url)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match=f"{tmp_path}/no of"):
        open_store(f"sqlite:///{tmp_path}/no/deckhand.db")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, but my notes " * 100)
    with pytest.raises(StoreUnavailableError, match="is not a SQLite database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("not a database")


def test_a_new_database_is_migrated_once(empty_url: str) -> None:
    assert current_revision(empty_url) is None
    migrate(empty_url)
    assert current_revision(empty_url) == LATEST
    migrate(empty_url)
    store = open_store(empty_url)
    propose(store)
    store.close()


def test_a_database_without_tables_is_unavailable(empty_url: str) -> None:
    store = open_store(empty_url, migrate=False)
    with pytest.raises(StoreUnavailableError):
        propose(store)
    store.close()


def test_many_processes_may_migrate_at_once(empty_url: str) -> None:
    program = "import sys; from bot.store.opening import migrate; migrate(sys.argv[1])"
    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", program, empty_url], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    results = at_once([lambda: migrate(empty_url)] * 4)
    said = [process.communicate(timeout=60)[1].decode() for process in processes]
    assert results == [None] * 4
    assert said == [""] * 4
    assert [process.returncode for process in processes] == [0] * 4
    assert current_revision(empty_url) == LATEST


def test_a_postgresql_database_without_an_encoding_keeps_every_word(postgres: PrivatePostgres) -> None:
    """As one is made where no locale is set."""
    name = f"ascii_{uuid4().hex}"
    with psycopg.connect(postgres.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'".encode()
        )
    with closing(open_store(postgres.url(name))) as store:
        propose(store, "p1", "café-ü")
        state = store.plans.get("p1")
        assert state is not None
        assert state.plan.host == "café-ü"
        assert store.chain.verify().broken is None


def test_a_schema_of_a_newer_release_is_refused(url: str, sql: Callable[[str], None]) -> None:
    sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailableError, match=r"schema 9999, .* a newer release has changed it"):
        open_store(url)
    sql(
        "INSERT INTO schema_release (revision, release, at) VALUES ('9999', '7.1.0', '2027-01-02T03:04:05.000000Z')"
    )
    said = rf"this Deckhand \({re.escape(deckhand())}\) does not know: Deckhand 7\.1\.0 has changed it"
    with pytest.raises(StoreUnavailableError, match=said):
        open_store(url)


def test_each_release_says_which_schema_it_made(url: str, store: Store) -> None:
    made = store.sessions.reading(
        lambda session: [(row.revision, row.release) for row in session.exec(select(SchemaReleaseRow))]
    )
    assert made == [(LATEST, deckhand())]


def test_the_migrations_make_what_the_models_say(url: str) -> None:
    db = create_engine(url)
    with db.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
        made = inspect(connection)
        for table in Row.metadata.tables.values():
            indexes = {each["name"]: each for each in made.get_indexes(table.name)}
            for index in table.indexes:
                where = index.dialect_options[db.dialect.name]["where"]
                found = indexes[index.name]["dialect_options"].get(f"{db.dialect.name}_where")
                assert (where is None) == (found is None)
    db.dispose()


def test_sqlite_is_set_up_for_an_audit(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deckhand.db"
    store = open_store(url)

    def pragmas(name: str) -> object:
        return store.sessions.reading(
            lambda session: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar()
        )

    assert [pragmas(name) for name in ("journal_mode", "synchronous", "foreign_keys")] == ["wal", 2, 1]
    store.close()


def test_a_read_only_sqlite_file_is_unavailable_and_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "deckhand.db"
    store = open_store(f"sqlite:///{path}")
    before = approved(store)
    read_only = open_store(f"sqlite:///file:{path}?mode=ro&uri=true", migrate=False)
    assert read_only.plans.get("p1") == before
    for attempt in changes(read_only):
        with pytest.raises(StoreUnavailableError, match="read-only") as said:
            attempt()
        assert "UPDATE" not in str(said.value)
    assert store.plans.get("p1") == before
    read_only.close()
    store.close()


def test_the_password_is_in_no_representation(url: str, store: Store) -> None:
    assert "deckhand.db" in repr(store) or "PostgreSQL test_" in repr(store)
    for shown in (repr(store), str(store), repr(vars(store)), repr(vars(store.sessions))):
        assert SECRET not in shown


def test_migrations_are_found_in_an_installed_package(tmp_path: Path) -> None:
    root, site = Path(__file__).parents[3], tmp_path / "site"
    for name in ("core", "ports", "process", "services", "store"):
        shutil.copytree(root / "bot" / name, site / "bot" / name)
    shutil.copytree(root / "migrations", site / "bot" / "migrations")
    shutil.copy(root / "bot" / "__init__.py", site / "bot" / "__init__.py")
    url = f"sqlite:///{tmp_path}/deckhand.db"
    program = (
        "import sys; from bot.store import opening; from bot.store.db import schema; opening.migrate(sys.argv[1]); "
        "print(schema.configuration().get_main_option('script_location'))"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, url],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout.strip(), ran.stderr) == (str(site / "bot" / "migrations"), "")
    assert current_revision(url) == LATEST


def test_a_reader_sees_one_snapshot_and_keeps_no_writer_waiting(
    store: Store, open_another: Callable[[], Store]
) -> None:
    before, writer = propose(store), open_another()

    def look(session: Session) -> tuple[PlanState | None, PlanState | None]:
        first = plans.load(session, "p1")
        writer.plans.change("p1", approval())
        return first, plans.load(session, "p1")

    assert store.sessions.reading(look) == (before, before)
    assert the(store).status is Status.APPROVED


def test_the_clock_is_asked_anew_at_each_statement(store: Store) -> None:
    def twice(session: Session) -> tuple[datetime, datetime]:
        first = now(session)
        time.sleep(0.02)
        return first, now(session)

    first, second = store.sessions.writing(twice)
    assert second > first
    assert abs(datetime.now(UTC) - second) < timedelta(seconds=10)
