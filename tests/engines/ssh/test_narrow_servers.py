"""SSH servers that let little in at once: few sessions on a connection, few strangers from an address."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import EngineUnavailableError
from bot.core.rules.hosts import SshAddress
from bot.engines.clients import Clients
from bot.engines.docker.budget import Budget
from bot.engines.docker.client import EngineClient
from bot.engines.docker.content.http2 import opened as grpc
from bot.engines.docker.engine import DockerEngine
from bot.engines.limits import Limits
from bot.engines.registry import DockerEngines
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.engines.ssh.test_ssh import jump_config
from tests.engines.ssh.test_ssh_failures import occupied
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST, registered
from tests.support.machines.sshd import PrivateSshd

Narrow = Callable[[int], PrivateSshd]


@pytest.fixture
def narrow(engine: PrivateEngine, sshd: StartSshd) -> Narrow:
    """A server that forwards nothing: all goes through sessions, of which it allows so many."""

    def started(sessions: int) -> PrivateSshd:
        settings = ("AllowStreamLocalForwarding no", f"MaxSessions {sessions}")
        return sshd(settings=settings, docker_host=engine.url)

    return started


def opened(clients: Clients) -> DockerEngine:
    return DockerEngine(HOST, lambda: clients.client(HOST), lambda info: clients.disk(HOST, info))


@pytest.mark.parametrize("sessions", [1, 2, 3])
def test_a_look_at_everything_waits_its_turn_and_tells_the_disk_too(
    engine: PrivateEngine, narrow: Narrow, make_clients: MakeClients, sessions: int
) -> None:
    for number in range(12):
        engine.build([f"FROM {engine.base()}", f"LABEL number={number}"])
    server = narrow(sessions)
    looking = opened(make_clients(server.ssh_address))
    for _ in range(2):
        survey = looking.survey()
        assert survey.disk is not None
        assert len(survey.inventory.images) > 12
    assert server.logins() == 1
    assert "no more sessions" in server.log()


@pytest.mark.parametrize("sessions", [1, 2])
def test_many_at_once_get_their_answers_over_one_session(
    engine: PrivateEngine, narrow: Narrow, make_clients: MakeClients, sessions: int
) -> None:
    server = narrow(sessions)
    clients = make_clients(server.ssh_address)
    looking = opened(clients)
    before = server.log().count("dial-stdio")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: clients.client(HOST).info()["ID"], range(64)))
        disks = list(pool.map(lambda _: looking.disk_space(), range(8)))
        more = list(pool.map(lambda _: clients.client(HOST).info()["ID"], range(64)))
    assert len(set(answers + more)) == 1
    assert any(disks)
    assert server.logins() == 1
    # Each of them starts a program on the host: there is one for all who ask, not one for each.
    assert server.log().count("dial-stdio") - before < 64


@pytest.mark.parametrize("sessions", [1, 2])
def test_what_is_asked_by_grpc_waits_its_turn_and_leaves_it_to_others(
    narrow: Narrow, make_clients: MakeClients, sessions: int
) -> None:
    clients = make_clients(narrow(sessions).ssh_address)
    looking = opened(clients)
    for _ in range(6):
        client = clients.client(HOST)
        assert isinstance(client, EngineClient)
        assert looking.disk_space() is not None
        with grpc(client.dial, Budget(30, 30, 4_000_000)) as channel:
            channel.in_time()  # it is open: the engine has told its settings
        assert client.info()["ID"]


def test_a_server_that_lets_no_session_in_at_all_is_told_as_before(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd(settings=("AllowStreamLocalForwarding no", "MaxSessions 0"), docker_host=engine.url)
    with pytest.raises(EngineUnavailableError, match=r"neither to .* nor through"):
        make_clients(server.ssh_address).client(HOST)


def test_a_session_that_somebody_holds_for_long_is_waited_for_and_then_told(
    engine: PrivateEngine, narrow: Narrow, make_clients: MakeClients
) -> None:
    clients = make_clients(narrow(1).ssh_address, limits=replace(Limits(), queue=1, read=20, disk=1))
    client = clients.client(HOST)
    engine.freeze()
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(client.info)
        time.sleep(0.5)
        try:
            with pytest.raises(EngineUnavailableError, match=r"MaxSessions.* no room for another"):
                opened(clients).info()
        finally:
            engine.thaw()
        assert held.result(10)["ID"] == client.info()["ID"]


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_check_passes_there_and_so_it_is_with_what_a_cleanup_holds(
    engine: PrivateEngine, narrow: Narrow, sessions: int
) -> None:
    server = narrow(sessions)
    assert checked(server, engine) == []
    with closing(DockerEngines(registered(server.ssh_address))) as engines:
        engines._clients = Clients(registered(server.ssh_address), ssh_config=None)
        meant = engines.connect(HOST).info()
        with engines.hold(HOST, meant) as held, ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: held.info().id, range(16)))
            assert set(found) == {meant.id}
            assert held.disk_space() is not None
            assert held.info().id == meant.id


# --- strangers ------------------------------------------------------------------------------------


def checked(server: PrivateSshd, engine: PrivateEngine, config: Path | None = None) -> list[str]:
    address = SshAddress(host="behind") if config else server.ssh_address
    with closing(DockerEngines(registered(address))) as engines:
        engines._clients = Clients(registered(address), ssh_config=config, engine_socket=str(engine.socket))
        steps = engines.check(HOST)
    return [f"{step.name}: {step.detail}" for step in steps if not step.ok]


@pytest.mark.parametrize("setting", ["PerSourceMaxStartups 1", "MaxStartups 1:100:1"])
def test_a_check_passes_where_one_stranger_is_let_in_at_a_time(
    engine: PrivateEngine, sshd: StartSshd, setting: str
) -> None:
    server = sshd(settings=(setting,))
    assert checked(server, engine) == []
    # The one that is checked, the one that is kept, and the one that shows that cleanups are possible.
    assert server.logins() == 3


def test_a_check_through_a_jump_host_passes_there_too(
    engine: PrivateEngine, sshd: StartSshd, tmp_path: Path
) -> None:
    jump, server = sshd(settings=("PerSourceMaxStartups 1",)), sshd(settings=("PerSourceMaxStartups 1",))
    assert checked(server, engine, jump_config(tmp_path, jump, server)) == []


def test_a_server_that_is_busy_for_a_moment_is_asked_again(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd(settings=("PerSourceMaxStartups 1",))
    clients = make_clients(server.ssh_address, engine_socket=str(engine.socket))
    with occupied(server) as stranger, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(clients.client, HOST)
        threading.Timer(0.4, stranger.close).start()
        assert asked.result(20).ping()


def test_many_who_come_at_once_to_such_a_server_are_all_served(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd(settings=("MaxStartups 2:100:2",))
    every = [make_clients(server.ssh_address, engine_socket=str(engine.socket)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda clients: clients.client(HOST).ping(), every))
