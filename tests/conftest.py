"""Fixtures that every test may ask for: private Docker Engines, databases and SSH servers."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings
from playwright.sync_api import Browser
from sqlalchemy import create_engine

from bot.store.opening import Store, migrate, open_store
from tests.store.samples import SECRET
from tests.support.browser import chromium
from tests.support.databases import migrated_sqlite
from tests.support.effort import often
from tests.support.machines.engine import PrivateEngine, private_engine
from tests.support.machines.needs import program
from tests.support.machines.postgres import PrivatePostgres, private_postgres
from tests.support.machines.sshd import PrivateSshd
from tests.support.seen import SEEN

CONTAINERD = os.environ.get("DECKHAND_TEST_STORE") == "containerd"
settings.register_profile("here", max_examples=often(30, 100), deadline=None)
settings.load_profile("here")
HERE = Path(__file__).parent
COVERING = {Path("store/audit/test_rows_and_the_chain.py"), Path("store/audit/test_reviewing.py")}
"""Where the core's words about the audit are tested with a database: on SQLite they count for its coverage."""
MARKED_BY_FIXTURE = {"engine": "engine", "postgres": "postgres", "sshd": "sshd", "browser": "browser"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE / "core") or (
            item.path.relative_to(HERE) in COVERING and not item.get_closest_marker("postgres")
        ):
            item.add_marker("core")
        for fixture, marker in MARKED_BY_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)
        if CONTAINERD and item.get_closest_marker("overlay2"):
            item.add_marker(pytest.mark.skip(reason="it is true of the overlay2 store only"))
        if not CONTAINERD and item.get_closest_marker("containerd"):
            item.add_marker(pytest.mark.skip(reason="it is true of the containerd store only"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hostile words are written with escapes where a report shows what a test logged: a worker sends it as UTF-8."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what the failures of hosts looked like."""
    if SEEN:
        terminalreporter.section("how hosts fail")
    for seen in SEEN:
        terminalreporter.write_line(
            f"{seen.case:<28} {seen.seconds:6.2f} s  {seen.error:<24} {seen.sentence}"
        )


@pytest.fixture(scope="session")
def engine() -> Iterator[PrivateEngine]:
    """One real engine for the whole session; it keeps what earlier tests left in it."""
    with private_engine() as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole session; each test opens a context of its own."""
    with chromium() as started:
        yield started


@pytest.fixture
def clean_engine(engine: PrivateEngine) -> PrivateEngine:
    """The session's engine, emptied, and going on where a test before this one failed over it."""
    engine.thaw()
    engine.empty()
    return engine


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """One real server for the whole session; each test makes a database of its own."""
    with private_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PrivatePostgres) -> str:
    postgres.create_database("migrated")
    migrate(postgres.url("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    return migrated_sqlite()


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the schema and no rows: SQLite, unless the fixture's parameter says PostgreSQL."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "deckhand.db")
        yield f"sqlite:///{tmp_path / 'deckhand.db'}"
        return
    server: PrivatePostgres = request.getfixturevalue("postgres")
    database = server.new_database(request.getfixturevalue("postgres_template"))
    yield server.url(database, SECRET)
    server.drop_database(database)


@pytest.fixture
def open_another(url: str) -> Iterator[Callable[[], Store]]:
    """Opens the same database once more, as another replica would."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(open_store(url, migrate=False)))


@pytest.fixture
def store(open_another: Callable[[], Store]) -> Store:
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


class StartSshd(Protocol):
    """Starts one more private SSH server, which ends with the test; arguments as of PrivateSshd."""

    def __call__(
        self,
        *,
        settings: tuple[str, ...] = (),
        key_options: str = "",
        address: str = "127.0.0.1",
        docker_host: str = "",
        user: str = "",
    ) -> PrivateSshd: ...


@pytest.fixture
def sshd() -> Iterator[StartSshd]:
    """A function that starts private SSH servers."""
    program("sshd")
    program("ssh-keygen")
    with ExitStack() as stack:

        def start(
            *,
            settings: tuple[str, ...] = (),
            key_options: str = "",
            address: str = "127.0.0.1",
            docker_host: str = "",
            user: str = "",
        ) -> PrivateSshd:
            return stack.enter_context(
                PrivateSshd(
                    settings=settings,
                    key_options=key_options,
                    address=address,
                    docker_host=docker_host,
                    user=user,
                )
            )

        yield start
