"""What an SFTP server says of the disk is its word: what cannot be is unknown, and what never ends is given up."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import paramiko
import pytest
from paramiko.common import MSG_CHANNEL_REQUEST

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import DiskSpace
from bot.engines.clients import Clients
from bot.engines.disk.local import LocalDisk
from bot.engines.disk.remote import RemoteDisk
from bot.engines.limits import Limits
from bot.engines.targets import Ssh
from tests.engines.conftest import Lying, MakeClients
from tests.support.lying.liar import LyingServer
from tests.support.machines.hosts import QUICK

INFO = EngineInfo(
    id="e", name="n", version="28.5.2", api_version="1.51", store="overlay2", data_root="/var/lib/docker"
)
SOON = replace(QUICK, disk=1)
TRUE = (4096, 4096, 100, 50, 40, 1000, 900, 900, 7, 0, 255)
"""f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail, f_fsid, f_flag, f_namemax."""
MOST = 2**64 - 1


def figures(**changed: int) -> bytes:
    names = (
        "bsize",
        "block",
        "blocks",
        "bfree",
        "free",
        "files",
        "ffree",
        "free_files",
        "id",
        "flag",
        "name",
    )
    return struct.pack(">11Q", *{**dict(zip(names, TRUE, strict=True)), **changed}.values())


def framed(packet: bytes) -> bytes:
    return struct.pack(">I", len(packet)) + packet


def sftp(answer: Callable[[paramiko.Channel], None]) -> Callable[[paramiko.Transport], None]:
    """Speaks SFTP until the first question; then ``answer`` does what it likes with the channel."""

    def then(transport: paramiko.Transport) -> None:
        while transport.is_active():
            channel = transport.accept(0.2)
            if channel is not None and channel.recv(1_000):  # INIT
                channel.sendall(framed(b"\x02" + struct.pack(">I", 3)))
            while channel is not None and channel.recv(1_000):
                answer(channel)

    return then


def replying(packet: bytes) -> Callable[[paramiko.Channel], None]:
    return lambda channel: channel.sendall(framed(packet))


def told(
    lying: Lying, make_clients: MakeClients, answer: Callable[[paramiko.Channel], None]
) -> DiskSpace | None:
    server = lying.ssh(then=sftp(answer))
    clients = make_clients(server.address, limits=SOON)
    return ask(clients, server)


def ask(clients: Clients, server: LyingServer, limits: Limits = SOON) -> DiskSpace | None:
    (link,) = clients.ssh.hops(Ssh(address=server.address))
    try:
        return RemoteDisk(link, limits.disk)(INFO)
    finally:
        link.close()


HEAD = struct.pack(">BI", 201, 1)


def test_figures_that_can_be_are_taken(lying: Lying, make_clients: MakeClients) -> None:
    assert told(lying, make_clients, replying(HEAD + figures())) == DiskSpace(
        size=409_600, free=163_840, inodes=1000, free_inodes=900
    )


@pytest.mark.parametrize(
    "packet",
    [
        HEAD + figures(free=101),
        HEAD + figures(free=MOST),
        HEAD + figures(block=0),
        HEAD + figures(blocks=0),
        HEAD + figures(block=2**63),
        HEAD + figures(blocks=MOST),
        HEAD + figures(block=2**32, blocks=2**32),
        HEAD + figures()[:-1],
        HEAD + figures() + b"more",
        HEAD,
        struct.pack(">BI", 201, 2) + figures(),
        struct.pack(">BI", 101, 1) + figures(),
        b"\xc9",
    ],
    ids=str,
)
def test_figures_that_cannot_be_are_an_unknown_disk(
    lying: Lying, make_clients: MakeClients, packet: bytes
) -> None:
    assert told(lying, make_clients, replying(packet)) is None


@pytest.mark.parametrize("changed", [{"free_files": 1_001}, {"files": MOST}, {"files": 0}])
def test_inodes_that_cannot_be_are_left_out(
    lying: Lying, make_clients: MakeClients, changed: dict[str, int]
) -> None:
    found = told(lying, make_clients, replying(HEAD + figures(**changed)))
    assert found is not None
    assert (found.size, found.inodes, found.free_inodes) == (409_600, None, None)


def dripping(channel: paramiko.Channel) -> None:
    for byte in framed(HEAD + figures()):
        channel.sendall(bytes([byte]))
        time.sleep(0.5)


def flooding(channel: paramiko.Channel) -> None:
    channel.sendall(struct.pack(">I", 30_000))
    while True:
        channel.sendall(bytes(10))
        time.sleep(0.01)


@pytest.mark.parametrize(
    "answer",
    [lambda _: None, dripping, flooding, lambda channel: channel.sendall(b"\xff" * 8)],
    ids=["silence", "drips", "never ends", "claims gigabytes"],
)
def test_an_answer_that_does_not_come_is_an_unknown_disk_in_time(
    lying: Lying, make_clients: MakeClients, answer: Callable[[paramiko.Channel], None]
) -> None:
    began = time.monotonic()
    assert told(lying, make_clients, answer) is None
    assert time.monotonic() - began < 6


def test_a_subsystem_that_is_never_granted_is_an_unknown_disk_in_time(
    lying: Lying, make_clients: MakeClients
) -> None:
    server = lying.ssh(MSG_CHANNEL_REQUEST)
    began = time.monotonic()
    assert ask(make_clients(server.address, limits=SOON), server) is None
    assert time.monotonic() - began < 6


def test_who_asks_while_another_waits_for_the_disk_does_not_wait_for_ever(
    lying: Lying, make_clients: MakeClients
) -> None:
    server = lying.ssh(MSG_CHANNEL_REQUEST)
    (link,) = make_clients(server.address, limits=SOON).ssh.hops(Ssh(address=server.address))
    disk = RemoteDisk(link, 1)
    asking = [threading.Thread(target=disk, args=(INFO,)) for _ in range(6)]
    began = time.monotonic()
    for each in asking:
        each.start()
    for each in asking:
        each.join(20)
    assert time.monotonic() - began < 6
    link.close()


@pytest.mark.parametrize("path", ["/var/\ud800", "/var/\0lib", "/" + "a" * 10_000])
def test_a_data_root_that_is_no_path_is_an_unknown_disk(
    lying: Lying, make_clients: MakeClients, path: str
) -> None:
    server = lying.ssh(then=sftp(replying(HEAD + figures())))
    (link,) = make_clients(server.address, limits=SOON).ssh.hops(Ssh(address=server.address))
    assert RemoteDisk(link, 1)(replace(INFO, data_root=path)) is None or "\0" in path
    link.close()

    assert LocalDisk()(replace(INFO, name=socket.gethostname(), data_root=path)) is None
