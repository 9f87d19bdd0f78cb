"""Clients that are closed at the end of the test, and nothing of the developer's own configuration."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from bot.core.rules.hosts import Address
from bot.engines.clients import Clients
from bot.engines.limits import Limits
from tests.support.leftovers import descriptors, until
from tests.support.lying.liar import LyingServer, SshPort
from tests.support.machines.hosts import registered


class MakeClients(Protocol):
    def __call__(
        self,
        address: Address,
        *,
        limits: Limits = ...,
        ssh_config: Path | None = None,
        known_hosts: Path = ...,
        engine_socket: str = ...,
    ) -> Clients: ...


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither an SSH agent nor a Docker configuration of whoever runs the tests."""
    for name in ("SSH_AUTH_SOCK", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


@pytest.fixture
def make_clients() -> Iterator[MakeClients]:
    """A function that makes Clients with one host, HOST."""
    with ExitStack() as stack:

        def make(
            address: Address,
            *,
            limits: Limits = Limits(),  # noqa: B008 - frozen
            ssh_config: Path | None = None,
            known_hosts: Path = Path("/nonexistent"),
            engine_socket: str = "/var/run/docker.sock",
        ) -> Clients:
            clients = Clients(
                registered(address),
                limits=limits,
                ssh_config=ssh_config,
                known_hosts=known_hosts,
                engine_socket=engine_socket,
            )
            stack.callback(clients.close)
            return clients

        yield make


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Checks, once the test is over, that no thread and no descriptor of ours is left."""
    before, files = set(threading.enumerate()), descriptors()

    def ours() -> list[str]:
        return [each.name for each in set(threading.enumerate()) - before]

    yield
    assert until(lambda: not ours()), ours()
    assert until(lambda: descriptors() <= files)


class Lying:
    """Starts lying servers, which end with the test."""

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        self._folder = folder
        self._closing = closing

    def ssh(self, *unanswered: int, **options: object) -> LyingServer:
        server = LyingServer(self._folder, unanswered=frozenset(unanswered), **options)  # type: ignore[arg-type]
        return self._closing.enter_context(server)

    def port(self, talk: Callable[..., None]) -> SshPort:
        return self._closing.enter_context(SshPort(talk))


@pytest.fixture
def lying(nothing_left: None, tmp_path: Path) -> Iterator[Lying]:
    with ExitStack() as closing:
        yield Lying(tmp_path, closing)
