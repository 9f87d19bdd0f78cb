"""The use cases on a real engine, with SQLite; tests of runs ask for PostgreSQL too, by parameter ``url``."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from bot.engines.clients import Clients
from bot.engines.registry import DockerEngines
from bot.store.database import migrate, open_store
from bot.store.store import SqlStore
from tests.services.bench import Bench, hosts_at
from tests.store.samples import SECRET
from tests.support.engine import PrivateEngine
from tests.support.postgres import PrivatePostgres


@pytest.fixture(scope="session")
def postgres_template(postgres: PrivatePostgres) -> str:
    name = f"migrated_{uuid.uuid4().hex}"  # the server is shared with other folders' tests
    postgres.create_database(name)
    migrate(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the schema and no rows: SQLite, unless the test's parameter says PostgreSQL."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "deckhand.db")
        return f"sqlite:///{tmp_path / 'deckhand.db'}"
    server: PrivatePostgres = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    server.create_database(name, request.getfixturevalue("postgres_template"))
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


@pytest.fixture
def bench(clean_engine: PrivateEngine, store: SqlStore) -> Iterator[Bench]:
    by_name = hosts_at(clean_engine).by_name
    with closing(DockerEngines(by_name)) as engines, closing(Clients(by_name)) as clients:
        yield Bench(engine=clean_engine, store=store, engines=engines, clients=clients)


@pytest.fixture
def admin(postgres: PrivatePostgres) -> Iterator[Callable[[str], None]]:
    """Runs statements as the database server's own administrator."""
    db = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")

    def run(statement: str) -> None:
        with db.connect() as connection:
            connection.exec_driver_sql(statement)

    yield run
    db.dispose()
