"""Clients that are closed at the end of the test, and nothing of the developer's own configuration."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from bot.core.hosts import Address
from bot.engines.clients import Clients
from bot.engines.limits import Limits
from tests.support.hosts import registered


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
