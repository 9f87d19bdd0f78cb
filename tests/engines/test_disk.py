"""The disk behind an engine: measured where there is a way, and unknown where there is none."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import DiskSpace
from bot.core.rules.hosts import SocketAddress
from bot.engines.clients import Clients
from bot.engines.disk.local import LocalDisk
from bot.engines.docker.engine import DockerEngine
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST
from tests.support.machines.needs import free_port

SOCKET_ONLY = 'restrict,port-forwarding,permitopen="[{socket}]:*",permitlisten="localhost:1"'
ONLY_STATVFS = f'{SOCKET_ONLY},command="internal-sftp -R -p statvfs,realpath"'
NOTHING_ELSE = f'{SOCKET_ONLY},command="/bin/false"'
INFO = EngineInfo(
    id="e", name="n", version="28.5.2", api_version="1.51", store="overlay2", data_root="/var/lib/docker"
)
HELPER = 'restrict,command="docker system dial-stdio"'


def engine_at(clients: Clients) -> DockerEngine:
    return DockerEngine(HOST, lambda: clients.client(HOST), lambda engine: clients.disk(HOST, engine))


def is_the_disk_of(found: DiskSpace | None, path: Path) -> bool:
    """Whether these are the figures of a path's file system; what is free changes while the tests run."""
    true = os.statvfs(path)
    return found is not None and (
        found.size == true.f_frsize * true.f_blocks
        and abs(found.free - true.f_frsize * true.f_bavail) < found.size / 50
        and found.inodes == (true.f_files or None)
    )


def test_the_disk_of_this_machines_engine_is_measured(
    engine: PrivateEngine, make_clients: MakeClients
) -> None:
    one = engine_at(make_clients(SocketAddress(url=engine.url)))
    assert is_the_disk_of(one.disk_space(), engine.directory / "data")
    assert is_the_disk_of(one.survey().disk, engine.directory / "data")


def test_a_local_socket_that_leads_to_another_machine_tells_no_disk(
    engine: PrivateEngine, make_clients: MakeClients
) -> None:
    here = engine_at(make_clients(SocketAddress(url=engine.url))).info()
    assert here.name == socket.gethostname()
    assert LocalDisk()(replace(here, name="elsewhere")) is None
    assert LocalDisk()(replace(here, data_root="/var/lib/nowhere")) is None


@pytest.mark.parametrize("options", ["", ONLY_STATVFS], ids=["account", "limited key"])
def test_behind_ssh_the_disk_is_measured_with_a_limited_key_too(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, options: str
) -> None:
    server = sshd(key_options=options.format(socket=engine.socket))
    one = engine_at(make_clients(server.ssh_address, engine_socket=str(engine.socket)))
    assert is_the_disk_of(one.disk_space(), engine.directory / "data")
    assert is_the_disk_of(one.survey().disk, engine.directory / "data")
    assert server.logins() == 1


@pytest.mark.parametrize("options", [NOTHING_ELSE, HELPER], ids=["false", "dial-stdio"])
def test_where_the_server_has_no_sftp_for_us_the_disk_is_unknown_and_asked_for_once(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, options: str
) -> None:
    server = sshd(key_options=options.format(socket=engine.socket), docker_host=engine.url)
    one = engine_at(make_clients(server.ssh_address, engine_socket=str(engine.socket)))
    assert [one.disk_space() for _ in range(3)] == [None] * 3
    assert server.log().count("subsystem request for sftp") <= 1
    assert server.logins() == 1
    assert one.info().id


def test_a_data_root_that_is_not_there_is_an_unknown_disk(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    clients = make_clients(sshd().ssh_address, engine_socket=str(engine.socket))
    info = engine_at(clients).info()
    assert clients.disk(HOST, replace(info, data_root="/var/lib/nowhere")) is None


def test_over_tcp_the_disk_is_unknown(make_clients: MakeClients) -> None:
    clients = make_clients(SocketAddress(url=f"tcp://127.0.0.1:{free_port()}"))
    info = replace(INFO, name=socket.gethostname())
    assert clients.disk(HOST, info) is None


def test_a_disk_reads_as_people_say_it() -> None:
    space = DiskSpace(size=100 * 10**9, free=25 * 10**9, inodes=100, free_inodes=90)
    assert str(space) == "25GB free of 100GB (75% full)"
    assert str(replace(space, free_inodes=15)) == "25GB free of 100GB (75% full), 85% of its inodes taken"
    assert replace(space, inodes=None, free_inodes=None).inodes_share is None
