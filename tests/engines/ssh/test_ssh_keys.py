"""The keys to log in with: files that only their owner can read, and an agent that may never answer."""

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import paramiko
import pytest

from bot.core.errors import LoginRefusedError
from bot.core.rules.hosts import SshAddress
from bot.engines.failures import translated
from bot.engines.ssh.login import agent as ssh_agent
from bot.engines.ssh.login.agent import Agent, AgentError
from bot.engines.targets import Ssh
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.support.machines.hosts import HOST
from tests.support.machines.sshd import PrivateSshd


@pytest.fixture
def server(sshd: StartSshd) -> PrivateSshd:
    return sshd()


def log_in(make_clients: MakeClients, address: SshAddress) -> None:
    (link,) = make_clients(address).ssh.hops(Ssh(address=address))
    try:
        with translated(HOST):
            link.connect()
    finally:
        link.close()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_private_key_that_others_may_touch_is_refused_with_the_remedy(
    server: PrivateSshd, make_clients: MakeClients, mode: int
) -> None:
    server.identity.chmod(mode)
    words = rf"0{mode:o} of {server.identity} are too open: .* chmod 600 {server.identity}"
    with pytest.raises(LoginRefusedError, match=words):
        make_clients(server.ssh_address).client(HOST)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_key_of_its_owner_alone_is_used(
    server: PrivateSshd, make_clients: MakeClients, mode: int
) -> None:
    server.identity.chmod(mode)
    log_in(make_clients, server.ssh_address)


def test_the_rights_of_a_key_count_at_each_login(server: PrivateSshd, make_clients: MakeClients) -> None:
    clients = make_clients(server.ssh_address)
    (link,) = clients.ssh.hops(Ssh(address=server.ssh_address))
    link.connect()
    link.disconnect()
    server.identity.chmod(0o644)
    with pytest.raises(Exception, match="too open"):
        link.connect()
    server.identity.chmod(0o600)
    link.connect()
    link.close()


def test_an_identity_that_is_no_file_is_not_waited_for(
    server: PrivateSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"

    os.mkfifo(fifo, 0o600)
    with pytest.raises(LoginRefusedError, match="fifo is no file"):
        make_clients(replace(server.ssh_address, identity=str(fifo))).client(HOST)


# --- the agent ----------------------------------------------------------------------------------

Answer = Callable[[socket.socket], None]


@contextmanager
def an_agent(path: Path, answer: Answer) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        links: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    link, _ = listening.accept()
                    links.append(link)
                    while link.recv(10_000):
                        answer(link)
                except OSError:
                    return

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for link in links:
                link.close()
            thread.join(5)


def framed(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def drips(link: socket.socket) -> None:
    link.sendall(struct.pack(">I", 1_000))
    for _ in range(100):
        link.sendall(b"a")
        time.sleep(0.1)


def one_key(key: paramiko.PKey) -> Answer:
    """Lists the key, and answers nothing else."""
    told = paramiko.Message()
    told.add_byte(bytes([12]))
    told.add_int(1)
    told.add_string(key.asbytes())
    told.add_string("a key")
    left = [framed(told.asbytes())]

    def answer(link: socket.socket) -> None:
        if left:
            link.sendall(left.pop())

    return answer


LIES: dict[str, tuple[Answer, str]] = {
    "silence": (lambda _: None, "did not answer in 1 s"),
    "drips": (drips, "did not answer in 1 s"),
    "gigabytes": (lambda link: link.sendall(b"\xff" * 4), "wants to send 4294967295 bytes"),
    "no bytes": (lambda link: link.sendall(bytes(4)), "wants to send 0 bytes"),
    "four billion keys": (
        lambda link: link.sendall(framed(b"\x0c" + b"\xff" * 4)),
        "does not tell which keys",
    ),
    "a refusal": (lambda link: link.sendall(framed(b"\x05")), "does not tell which keys"),
    "an end": (lambda link: link.close(), "broke off"),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_agent_that_does_not_do_its_part_is_told_and_the_files_still_count(
    server: PrivateSshd,
    make_clients: MakeClients,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lie: str,
) -> None:
    answer, words = LIES[lie]
    monkeypatch.setattr(ssh_agent, "ANSWER_SECONDS", 1.0)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    with an_agent(tmp_path / "agent", answer):
        began = time.monotonic()
        with pytest.raises(LoginRefusedError, match=words):
            log_in(make_clients, replace(server.ssh_address, identity=None))
        log_in(make_clients, server.ssh_address)
        assert time.monotonic() - began < 8


def test_an_agent_that_never_signs_is_told(
    server: PrivateSshd, make_clients: MakeClients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_agent, "ANSWER_SECONDS", 1.0)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    with an_agent(tmp_path / "agent", one_key(paramiko.PKey.from_path(server.identity))):
        began = time.monotonic()
        with pytest.raises(LoginRefusedError, match="the SSH agent did not answer in 1 s"):
            log_in(make_clients, replace(server.ssh_address, identity=None))
        assert time.monotonic() - began < 6


def test_a_full_agent_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_agent, "ANSWER_SECONDS", 0.5)
    with ExitStack() as closing:
        listening = closing.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(str(tmp_path / "agent"))
        listening.listen(0)
        closing.enter_context(socket.socket(socket.AF_UNIX)).connect(str(tmp_path / "agent"))
        began = time.monotonic()
        with pytest.raises(AgentError, match="cannot be asked"):
            Agent(tmp_path / "agent")
        assert time.monotonic() - began < 5
