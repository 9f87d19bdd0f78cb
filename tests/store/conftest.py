"""Each test of behaviour runs on SQLite and on PostgreSQL, in a database of its own."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from bot.store.database import migrate, open_store
from bot.store.store import SqlStore
from tests.store.samples import SECRET
from tests.support.postgres import PrivatePostgres


@pytest.fixture(scope="session")
def postgres_template(postgres: PrivatePostgres) -> str:
    postgres.create_database("migrated")
    migrate(postgres.url("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deckhand.db'}"
    return _postgres_database(request, "template1")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the schema and no rows."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "deckhand.db")
        return f"sqlite:///{tmp_path / 'deckhand.db'}"
    return _postgres_database(request, request.getfixturevalue("postgres_template"))


def _postgres_database(request: pytest.FixtureRequest, template: str) -> str:
    server: PrivatePostgres = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    server.create_database(name, template)
    return server.url(name, SECRET)


@pytest.fixture
def open_another(url: str) -> Iterator[Callable[[], SqlStore]]:
    """Opens the same database once more, as another replica would."""
    opened: list[SqlStore] = []

    def open_it() -> SqlStore:
        opened.append(open_store(url, migrate=False))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_another: Callable[[], SqlStore]) -> SqlStore:
    return open_another()


@pytest.fixture
def sql(url: str) -> Iterator[Callable[[str], None]]:
    """Runs statements past Deckhand, as someone with the database's own shell would."""
    db = create_engine(url)

    def run(statement: str) -> None:
        with db.begin() as connection:
            connection.exec_driver_sql(statement)

    yield run
    db.dispose()
