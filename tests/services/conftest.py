"""The use cases on a real engine, with SQLite; tests of runs ask for PostgreSQL too, by parameter ``url``."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import create_engine

from bot.engines.clients import Clients
from bot.engines.registry import DockerEngines
from bot.store.opening import Store
from tests.services.bench import Bench, hosts_at
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.postgres import PrivatePostgres


@pytest.fixture
def bench(clean_engine: PrivateEngine, store: Store) -> Iterator[Bench]:
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
