"""Each test of behaviour runs on SQLite and on PostgreSQL, in a database of its own."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.store.opening import Store, open_store
from tests.store.samples import SECRET
from tests.support.machines.postgres import PrivatePostgres

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    own = {mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")}
    for fixture in ("url", "empty_url"):
        if fixture in metafunc.fixturenames and fixture not in own:
            metafunc.parametrize(fixture, BOTH, indirect=True)


Fill = Callable[[Store], object]


class Filled:
    """Databases that begin with the same rows: written once, then copied."""

    def __init__(
        self, folder: Path, sqlite: Path, postgres: Callable[[], tuple[PrivatePostgres, str]]
    ) -> None:
        self._folder, self._sqlite, self._postgres = folder, sqlite, postgres
        self._ready: set[str] = set()

    @contextmanager
    def url(self, kind: str, fill: Fill, folder: Path) -> Iterator[str]:
        """A new one, filled; on SQLite in this folder."""
        name = f"filled_{fill.__module__.rpartition('.')[2]}_{fill.__name__}"
        if kind == "sqlite":
            template = self._folder / f"{name}.db"
            if not template.exists():
                shutil.copy(self._sqlite, template)
                _fill(f"sqlite:///{template}", fill)
            shutil.copy(template, folder / "deckhand.db")
            yield f"sqlite:///{folder / 'deckhand.db'}"
            return
        server, migrated = self._postgres()
        if name not in self._ready:
            server.create_database(name, migrated)
            _fill(server.url(name), fill)
            self._ready.add(name)
        database = server.new_database(name)
        yield server.url(database, SECRET)
        server.drop_database(database)


def _fill(url: str, fill: Fill) -> None:
    with closing(open_store(url, migrate=False)) as store:
        fill(store)


@pytest.fixture(scope="session")
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Filled:
    def postgres() -> tuple[PrivatePostgres, str]:
        return request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template")

    return Filled(tmp_path_factory.mktemp("filled"), sqlite_template, postgres)


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deckhand.db'}"
    server: PrivatePostgres = request.getfixturevalue("postgres")
    return server.url(server.new_database(), SECRET)


@pytest.fixture
def attack(url: str, store: Store) -> Iterator[Callable[..., None]]:
    """Runs statements as somebody with the application's own right to write; the triggers are in place."""
    assert store.chain.verify().broken is None
    db = create_engine(url)

    def run(statement: str, **values: object) -> None:
        with db.begin() as connection:
            connection.execute(text(statement), values)

    yield run
    db.dispose()
