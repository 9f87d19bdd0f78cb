"""Each test of behaviour runs on SQLite and on PostgreSQL, in a database of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.store.opening import Store
from tests.store.samples import SECRET
from tests.support.machines.postgres import PrivatePostgres

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    own = {mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")}
    for fixture in ("url", "empty_url"):
        if fixture in metafunc.fixturenames and fixture not in own:
            metafunc.parametrize(fixture, BOTH, indirect=True)


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
