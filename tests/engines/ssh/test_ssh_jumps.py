"""Jump hosts hold up nothing either: neither those that keep silent, nor a dead host behind a good one."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from paramiko.common import MSG_CHANNEL_OPEN

from bot.core.errors import HostUnreachableError
from bot.core.rules.hosts import Host, SshAddress
from bot.core.rules.policy import Policy
from bot.engines.clients import Clients
from bot.engines.failures import translated
from bot.engines.limits import Limits
from bot.engines.tcp import resolve
from tests.conftest import StartSshd
from tests.engines.conftest import Lying
from tests.support.leftovers import until
from tests.support.machines.hosts import HOST, QUICK

PATIENT = Limits(read=600, channel=600, ping=600, auth=600, banner=600, reach=600)


def ways(folder: Path, jump: SshAddress, **behind: SshAddress) -> Path:
    """An SSH configuration: each name is reached through the jump host."""
    found = {"bastion": jump, **behind}
    config = folder / "config"
    config.write_text(
        "".join(
            f"Host {name}\n HostName {each.host}\n Port {each.port}\n User {each.user}\n"
            f" IdentityFile {each.identity}\n UserKnownHostsFile {each.known_hosts}\n"
            + ("" if name == "bastion" else " ProxyJump bastion\n")
            for name, each in found.items()
        )
    )
    return config


def clients_of(config: Path, *names: str, limits: Limits = QUICK) -> Clients:
    hosts = {name: Host(name=name, address=SshAddress(host=name), policy=Policy(name="p")) for name in names}
    return Clients(hosts, ssh_config=config, known_hosts=Path("/nonexistent"), limits=limits)


def test_a_jump_host_that_never_connects_further_is_a_failure_in_time(lying: Lying, tmp_path: Path) -> None:
    jump = lying.ssh(MSG_CHANNEL_OPEN).address
    clients = clients_of(ways(tmp_path, jump, behind=jump), "behind")
    began = time.monotonic()
    with pytest.raises(HostUnreachableError, match=r"through the jump host .* did not answer"):
        clients.client("behind")
    assert time.monotonic() - began < 10
    clients.close()


@pytest.mark.parametrize("ending", ["close", "adopt"])
def test_closing_and_reloading_wait_for_no_jump_host(lying: Lying, tmp_path: Path, ending: str) -> None:
    jump = lying.ssh(MSG_CHANNEL_OPEN).address
    clients = clients_of(ways(tmp_path, jump, behind=jump), "behind", limits=PATIENT)
    with ThreadPoolExecutor(1) as pool:
        look = pool.submit(clients.client, "behind")
        time.sleep(0.5)
        began = time.monotonic()
        if ending == "close":
            clients.close()
        else:
            clients.adopt({})
        assert time.monotonic() - began < 3
        clients.close()
        assert isinstance(look.exception(10), HostUnreachableError)


def test_a_dead_host_behind_a_jump_host_ends_no_other_connection(
    lying: Lying, sshd: StartSshd, tmp_path: Path
) -> None:
    jump, good = sshd(), sshd()
    with ExitStack() as closing:
        full = closing.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        dead = SshAddress(host="127.0.0.1", port=full.getsockname()[1], user="deckhand")
        for _ in range(4):
            waiting = closing.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the standard library's signature
            waiting.connect_ex(full.getsockname())
        clients = clients_of(
            ways(tmp_path, jump.ssh_address, good=good.ssh_address, dead=dead), "good", "dead"
        )
        closing.callback(clients.close)
        link = clients.ssh.link(clients.ssh.files.route(SshAddress(host="good")))
        closing.callback(link.close)
        link.connect()
        kept = link.connection
        began = time.monotonic()
        with pytest.raises(HostUnreachableError, match=r"the jump host .* could not or would not connect"):
            clients.client("dead")
        assert time.monotonic() - began < 10
        assert link.answers()
        assert link.connection is kept
        assert jump.logins() == 1


def test_while_a_jump_host_tries_to_connect_it_serves_others(
    lying: Lying, sshd: StartSshd, tmp_path: Path
) -> None:
    jump, good = sshd(), sshd()
    with ExitStack() as closing:
        full = closing.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        dead = SshAddress(host="127.0.0.1", port=full.getsockname()[1], user="deckhand")
        for _ in range(4):
            waiting = closing.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - as above
            waiting.connect_ex(full.getsockname())
        config = ways(tmp_path, jump.ssh_address, good=good.ssh_address, dead=dead)
        clients = clients_of(config, "good", "dead", limits=PATIENT)
        links = {
            name: clients.ssh.link(clients.ssh.files.route(SshAddress(host=name)))
            for name in ("dead", "good")
        }
        with ThreadPoolExecutor(1) as pool:
            stuck = pool.submit(links["dead"].connect)
            time.sleep(0.5)
            links["good"].connect()
            assert not stuck.done()
            clients.close()
            for link in links.values():
                link.close()
            assert stuck.exception(10) is not None


def test_one_thread_waits_for_a_name_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    asked: list[Any] = []

    def hangs(*arguments: object, **_: object) -> list[Any]:
        asked.append(arguments)
        over.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    for _ in range(5):
        with pytest.raises(HostUnreachableError, match=r"not resolved in 0\.1 s"), translated(HOST):
            resolve("silent.example.com", 22, 0.1)
    assert len(asked) == 1
    over.set()
    assert until(lambda: not [each for each in threading.enumerate() if "silent.example" in each.name])
    assert resolve("silent.example.com", 22, 5) == []
    assert len(asked) == 2
