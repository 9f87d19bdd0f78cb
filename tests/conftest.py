"""Fixtures that every test may ask for: a private Docker Engine, a PostgreSQL server, and SSH servers."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from tests.support.engine import PrivateEngine, private_engine
from tests.support.needs import program
from tests.support.postgres import PrivatePostgres, private_postgres
from tests.support.sshd import PrivateSshd

CONTAINERD = os.environ.get("DECKHAND_TEST_STORE") == "containerd"
MARKED_BY_FIXTURE = {"engine": "engine", "postgres": "postgres", "sshd": "sshd"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, marker in MARKED_BY_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)
        if CONTAINERD and item.get_closest_marker("overlay2"):
            item.add_marker(pytest.mark.skip(reason="it is true of the overlay2 store only"))


@pytest.fixture(scope="session")
def engine() -> Iterator[PrivateEngine]:
    """One real engine for the whole session; it keeps what earlier tests left in it."""
    with private_engine() as started:
        yield started


@pytest.fixture
def clean_engine(engine: PrivateEngine) -> PrivateEngine:
    """The session's engine, emptied."""
    engine.empty()
    return engine


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """One real server for the whole session; each test makes a database of its own."""
    with private_postgres() as server:
        yield server


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
