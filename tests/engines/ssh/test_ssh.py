"""Engines behind a real SSH server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import HostUnreachableError
from bot.core.rules.hosts import ContextAddress, SshAddress
from bot.engines.failures import translated
from bot.engines.limits import Limits
from bot.engines.ssh.dial import Way
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.support.leftovers import descriptors, no_more_than
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST, QUICK
from tests.support.machines.sshd import PrivateSshd, make_key

NO_FORWARDING = ("AllowStreamLocalForwarding no",)


def way(client: Any) -> Way | None:
    found: Way | None = client.get_adapter(client.base_url)._pool._dial.way
    return found


def test_requests_go_straight_to_the_engines_socket(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd()
    client = make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST)
    assert client.info()["ID"] == engine.docker("info", "--format", "{{.ID}}")
    assert way(client) is Way.STREAMLOCAL
    assert "dial-stdio" not in server.log()


def test_where_forwarding_is_off_dockers_own_helper_is_used(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd(settings=NO_FORWARDING, docker_host=engine.url)
    client = make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST)
    assert client.info()["ID"] == engine.docker("info", "--format", "{{.ID}}")
    assert way(client) is Way.HELPER


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ('restrict,command="docker system dial-stdio"', Way.HELPER),
        (
            'restrict,port-forwarding,permitopen="[{socket}]:*",permitlisten="localhost:1",command="/bin/false"',
            Way.STREAMLOCAL,
        ),
    ],
)
def test_a_key_that_may_reach_the_engine_and_nothing_else_is_enough(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, options: str, expected: Way
) -> None:
    server = sshd(key_options=options.format(socket=engine.socket), docker_host=engine.url)
    client = make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST)
    assert client.ping()
    assert way(client) is expected


def test_one_login_serves_many_requests(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd()
    clients = make_clients(server.ssh_address, engine_socket=str(engine.socket))
    for _ in range(20):
        clients.client(HOST).version()
    assert server.logins() == 1


def test_eight_threads_share_one_login(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd()
    clients = make_clients(server.ssh_address, engine_socket=str(engine.socket))

    def ask(_: int) -> str:
        return str(clients.client(HOST).info()["ID"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(80)))) == 1
    assert server.logins() == 1


def test_large_answers_arrive_whole(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    image = engine.base()
    client = make_clients(sshd().ssh_address, engine_socket=str(engine.socket)).client(HOST)
    with translated(HOST):
        size = sum(len(chunk) for chunk in client.get_image(image))
    assert size > 1_500_000


@pytest.mark.parametrize("settings", [(), NO_FORWARDING], ids=["streamlocal", "helper"])
def test_a_read_on_a_killed_connection_is_repeated_silently(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, settings: tuple[str, ...]
) -> None:
    server = sshd(settings=settings, docker_host=engine.url)
    client = make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST)
    for _ in range(5):
        server.end_sessions()
        assert client.version()["ApiVersion"] == client.api_version


def test_a_removal_in_a_broken_connection_is_not_repeated(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = sshd()
    client = make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST)
    engine.freeze()
    try:
        timer = threading.Timer(0.3, server.end_sessions)
        timer.start()
        with pytest.raises(HostUnreachableError, match="in the middle"), translated(HOST):
            client.remove_volume("not-there")
        timer.join()
    finally:
        engine.thaw()
    assert server.logins() == 1


def test_a_removal_after_the_connection_was_seen_to_die_uses_a_new_one(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd()
    client = make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST)
    volume = engine.volume()
    transport = client.get_adapter(client.base_url)._pool._dial._link._kept.transport  # type: ignore[attr-defined] # ours
    server.end_sessions()
    transport.join(5)
    client.remove_volume(volume)
    assert volume not in engine.docker("volume", "ls", "--quiet")


def test_a_connection_that_was_idle_is_asked_before_it_carries_a_removal(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd()
    limits = replace(QUICK, idle=0)
    client = make_clients(server.ssh_address, engine_socket=str(engine.socket), limits=limits).client(HOST)
    volume = engine.volume()
    server.end_sessions()
    client.remove_volume(volume)
    assert volume not in engine.docker("volume", "ls", "--quiet")
    assert server.logins() == 2


def test_the_way_leads_through_a_jump_host_that_is_shared(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    jump, server = sshd(), sshd()
    config = jump_config(tmp_path, jump, server)
    address = SshAddress(host="behind")
    clients = make_clients(address, ssh_config=config, engine_socket=str(engine.socket))
    before = threading.active_count()
    assert clients.client(HOST).ping()
    server.end_sessions()
    assert clients.client(HOST).version()
    assert jump.logins() == 1
    assert server.logins() == 2
    clients.close()
    assert threading.active_count() <= before


def jump_config(folder: Path, jump: PrivateSshd, server: PrivateSshd) -> Path:
    known = folder / "known"
    known.write_text(f"{jump.known_line()}\n{server.known_line()}\n")
    hosts = {"bastion": jump, "behind": server}
    included = folder / "included"
    included.write_text(
        "".join(
            f"Host {name}\n HostName {each.address}\n Port {each.port}\n User {each.user}\n"
            f" IdentityFile {each.identity}\n UserKnownHostsFile {known}\n"
            for name, each in hosts.items()
        )
    )
    config = folder / "config"
    config.write_text(f"Include {included}\nHost behind\n ProxyJump bastion\n")
    return config


def test_a_jump_host_that_is_down_is_named(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    jump, server = sshd(), sshd()
    config = jump_config(tmp_path, jump, server)
    clients = make_clients(SshAddress(host="behind"), ssh_config=config, engine_socket=str(engine.socket))
    server.stop()
    with pytest.raises(
        HostUnreachableError, match=rf"jump host \S+:{jump.port} could not .* :?\S+{server.port}"
    ):
        clients.client(HOST)
    jump.stop()
    with pytest.raises(
        HostUnreachableError, match=rf"through the jump host .*nothing listens on .*{jump.port}"
    ):
        clients.client(HOST)


def test_an_ssh_context_uses_the_same_transport(
    engine: PrivateEngine,
    sshd: StartSshd,
    make_clients: MakeClients,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    server = sshd()
    monkeypatch.setenv("DOCKER_CONFIG", str(engine.directory / "config"))
    url = f"ssh://{server.user}@{server.address}:{server.port}"
    engine.docker("context", "create", "through-ssh", "--docker", f"host={url}")
    config = tmp_path / "config"
    config.write_text(f"IdentityFile {server.identity}\n")
    clients = make_clients(
        ContextAddress(context="through-ssh"),
        ssh_config=config,
        known_hosts=server.known_hosts,
        engine_socket=str(engine.socket),
    )
    try:
        assert clients.client(HOST).info()["ID"] == engine.docker("info", "--format", "{{.ID}}")
    finally:
        engine.docker("context", "rm", "through-ssh")


def test_an_ipv6_address_works(engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients) -> None:
    server = sshd(address="::1")
    assert make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST).ping()


def test_fifty_connections_leave_no_thread_and_no_descriptor_behind(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd()
    make_clients(server.ssh_address, engine_socket=str(engine.socket), limits=Limits()).client(HOST).ping()
    clients = make_clients(server.ssh_address, engine_socket=str(engine.socket))
    threads, files = threading.active_count(), descriptors()
    for _ in range(50):
        assert clients.client(HOST).ping()
        clients.drop(HOST)
    assert no_more_than(threads, files)
    clients.client(HOST)
    clients.close()
    assert no_more_than(threads, files)
    with pytest.raises(HostUnreachableError, match="shutting down"):
        clients.client(HOST)


def test_a_second_key_does_not_shadow_the_named_one(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    server = sshd()
    config = tmp_path / "config"
    others = [make_key(tmp_path / f"other{number}") for number in range(8)]
    config.write_text("".join(f"IdentityFile {path}\n" for path in others))
    clients = make_clients(server.ssh_address, ssh_config=config, engine_socket=str(engine.socket))
    assert clients.client(HOST).ping()
