"""What a person is told when an engine behind SSH cannot be reached."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import (
    ConflictError,
    EngineTimeoutError,
    EngineUnavailableError,
    HostUnreachableError,
    NotFoundError,
)
from bot.core.rules.hosts import SshAddress
from bot.engines.failures import translated
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.support.machines.engine import PrivateEngine, private_engine
from tests.support.machines.hosts import HOST, QUICK
from tests.support.machines.needs import free_port
from tests.support.machines.sshd import PrivateSshd, account


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_port_where_nothing_listens_is_named(make_clients: MakeClients) -> None:
    port = free_port()
    with pytest.raises(HostUnreachableError, match=rf"nothing listens on 127\.0\.0\.1:{port}"):
        make_clients(SshAddress(host="127.0.0.1", port=port)).client(HOST)


def test_a_name_that_does_not_exist_is_named(make_clients: MakeClients) -> None:
    name = "x" * 64  # longer than DNS allows, so nobody outside is asked
    with pytest.raises(HostUnreachableError, match=f"the name {name} does not resolve"):
        make_clients(SshAddress(host=name)).client(HOST)


def test_a_server_that_never_greets_is_given_up(make_clients: MakeClients, silent_port: int) -> None:
    began = time.monotonic()
    with pytest.raises(HostUnreachableError, match="no SSH server answered in 1 s"):
        make_clients(SshAddress(host="127.0.0.1", port=silent_port), limits=QUICK).client(HOST)
    assert time.monotonic() - began < 3


def test_a_full_backlog_is_a_machine_that_does_not_answer(make_clients: MakeClients) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)  # noqa: FBT003 - the standard library's signature
                each.connect_ex(("127.0.0.1", port))
            with pytest.raises(HostUnreachableError, match=f"no answer from 127.0.0.1:{port} in 1 s"):
                make_clients(SshAddress(host="127.0.0.1", port=port), limits=QUICK).client(HOST)
        finally:
            for each in waiting:
                each.close()


@contextmanager
def occupied(server: PrivateSshd) -> Iterator[socket.socket]:
    """A stranger who has been let in, and says nothing; the server may still count those before."""
    while True:
        with socket.create_connection((server.address, server.port)) as stranger:
            if stranger.recv(100).startswith(b"SSH-"):
                yield stranger
                return
        time.sleep(0.05)


def test_a_server_that_is_too_busy_is_told_from_a_silent_one(
    sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd(settings=("MaxStartups 1:100:1", "LoginGraceTime 20"))
    with (
        occupied(server),
        pytest.raises(HostUnreachableError, match="closed the connection before SSH began"),
    ):
        make_clients(server.ssh_address, limits=QUICK).client(HOST)


def test_a_stopped_engine_is_told_from_a_missing_socket(sshd: StartSshd, make_clients: MakeClients) -> None:
    with private_engine() as own:
        server = sshd(docker_host=own.url)
        clients = make_clients(server.ssh_address, engine_socket=str(own.socket))
        client = clients.client(HOST)
        own.stop()
        with pytest.raises(EngineUnavailableError, match="socket is not there"), translated(HOST):
            client.version()
        leftover = socket.socket(socket.AF_UNIX)
        leftover.bind(str(own.socket))
        leftover.close()
        with pytest.raises(EngineUnavailableError, match="engine is not running"), translated(HOST):
            client.version()
        own.socket.unlink()
        own.start()
        assert client.version()
        assert server.logins() == 1


@pytest.mark.parametrize("settings", [(), ("AllowStreamLocalForwarding no",)], ids=["streamlocal", "helper"])
def test_a_frozen_engine_is_a_timeout(
    sshd: StartSshd, make_clients: MakeClients, settings: tuple[str, ...]
) -> None:
    with private_engine() as own:
        server = sshd(settings=settings, docker_host=own.url)
        clients = make_clients(server.ssh_address, engine_socket=str(own.socket), limits=QUICK)
        client = clients.client(HOST)
        own.freeze()
        with pytest.raises(EngineTimeoutError, match="did not answer within 1 s"), translated(HOST):
            client.version()
        fresh = make_clients(server.ssh_address, engine_socket=str(own.socket), limits=QUICK)
        with pytest.raises(EngineTimeoutError, match="did not answer within 1 s"):
            fresh.client(HOST)
        own.thaw()
        assert client.version()
        assert fresh.client(HOST).version()


def test_a_user_outside_the_docker_group_is_told_so(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    with account() as user:
        engine.directory.chmod(0o711)
        server = sshd(user=user, docker_host=engine.url)
        clients = make_clients(server.ssh_address, engine_socket=str(engine.socket))
        with pytest.raises(EngineUnavailableError, match=f"the user {user} may not use .* docker group"):
            clients.client(HOST)
        clients.close()
        server.stop()


def test_a_host_without_docker_is_told_so(sshd: StartSshd, make_clients: MakeClients, tmp_path: Path) -> None:
    server = sshd(settings=(f"SetEnv PATH={tmp_path}",))
    clients = make_clients(server.ssh_address, engine_socket=str(tmp_path / "none.sock"))
    with pytest.raises(EngineUnavailableError, match="has no docker command"):
        clients.client(HOST)


def test_an_account_that_allows_nothing_is_told_so(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd(key_options='restrict,command="/bin/false"')
    clients = make_clients(server.ssh_address, engine_socket=str(engine.socket))
    with pytest.raises(EngineUnavailableError, match="the login works, but"):
        clients.client(HOST)


def test_a_network_that_swallows_everything_is_an_unreachable_host(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd()
    clients = make_clients(
        server.ssh_address, engine_socket=str(engine.socket), limits=replace(QUICK, idle=0)
    )
    client = clients.client(HOST)
    server.freeze()
    try:
        with pytest.raises(HostUnreachableError, match="no SSH server answered"), translated(HOST):
            client.remove_volume("not-there")
    finally:
        server.thaw()
    assert client.version()


def test_the_engines_own_refusals_keep_their_status(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    image = engine.base()
    container = engine.run(image)
    client = make_clients(sshd().ssh_address, engine_socket=str(engine.socket)).client(HOST)
    with pytest.raises(NotFoundError, match=r"404.*no such volume") as missing, translated(HOST):
        client.remove_volume("not-there")
    assert missing.value.status == 404
    with pytest.raises(ConflictError, match=r"409.*running") as running, translated(HOST):
        client.remove_container(container)
    assert running.value.host == HOST
