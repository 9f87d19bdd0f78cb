"""ProxyCommand: a program in the place of a socket, run as ssh runs it, watched to its end."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.errors import HostUnreachableError
from bot.core.rules.hosts import SshAddress
from bot.engines.clients import Clients
from bot.engines.failures import translated
from bot.engines.registry import DockerEngines
from bot.engines.ssh.link import SshLink
from bot.engines.ssh.proxy import ProxyCommand
from bot.engines.targets import Ssh
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.engines.ssh.openssh.test_refused import every_process
from tests.support.leftovers import descriptors, no_more_than, until
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST, QUICK, registered
from tests.support.machines.sshd import PrivateSshd

WEB = SshAddress(host="web")
RELAY = """
import os, socket, sys, threading
link = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while data := os.read(0, 65536): link.sendall(data)
    link.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := link.recv(65536): os.write(1, data)
"""


@pytest.fixture
def server(sshd: StartSshd) -> PrivateSshd:
    return sshd()


@pytest.fixture
def relay(tmp_path: Path) -> str:
    """A command that connects to where its arguments say, as nc does."""
    script = tmp_path / "relay.py"
    script.write_text(RELAY)
    return f"{sys.executable} {script}"


def configured(folder: Path, server: PrivateSshd, command: str) -> Path:
    config = folder / "config"
    config.write_text(
        f"Host web\n HostName {server.address}\n Port {server.port}\n User {server.user}\n"
        f" IdentityFile {server.identity}\n UserKnownHostsFile {server.known_hosts}\n ProxyCommand {command}\n"
    )
    return config


@pytest.fixture(autouse=True)
def nobody_left() -> Iterator[None]:
    threads, files, before = threading.active_count(), descriptors(), children()
    yield
    assert until(lambda: no_more_than(threads, files))
    assert until(lambda: children() <= before)


def children() -> set[int]:
    return {
        pid for pid, (name, parent) in every_process().items() if parent == os.getpid() and "sshd" not in name
    }


def link_to(clients: Clients) -> SshLink:
    (link,) = clients.ssh.hops(Ssh(address=WEB))
    return link


def test_an_engine_behind_a_proxy_command_answers(
    engine: PrivateEngine, server: PrivateSshd, make_clients: MakeClients, tmp_path: Path, relay: str
) -> None:
    config = configured(tmp_path, server, f"{relay} %h %p")
    clients = make_clients(WEB, ssh_config=config, engine_socket=str(engine.socket))
    assert clients.client(HOST).info()["ID"] == engine.docker("info", "--format", "{{.ID}}")
    clients.close()


def test_the_accounts_startup_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".bashrc").write_text("echo read >&2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", "/bin/bash")
    monkeypatch.delenv("SHLVL", raising=False)
    command = ProxyCommand("true")
    assert until(lambda: command.epitaph() != "")
    command.carrier.close()
    assert command.epitaph() == "ended with status 0"


def test_it_is_run_by_the_accounts_shell_as_ssh_does(
    server: PrivateSshd,
    make_clients: MakeClients,
    tmp_path: Path,
    relay: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its tokens, its quotes, and what only a shell understands; and told nothing secret."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    seen = tmp_path / "seen"
    command = f"env > '{seen}' ; echo %n-%r-%% >> {seen} && exec {relay} %h %p 2>/dev/null"
    shell = f'sh -c "{command}"'
    config = configured(tmp_path, server, shell)
    clients = make_clients(WEB, ssh_config=config)
    link = link_to(clients)
    link.connect()
    link.close()
    ours = seen.read_text()
    assert ours.endswith(f"web-{server.user}-%\n")
    assert "xoxb-secret" not in ours
    done = subprocess.run(["ssh", "-F", config, "web", "true"], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    assert seen.read_text().splitlines()[-1] == ours.splitlines()[-1]
    clients.close()


def test_ssh_itself_can_be_the_command(
    sshd: StartSshd, server: PrivateSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    bastion = sshd()
    options = f"-o UserKnownHostsFile={bastion.known_hosts} -i {bastion.identity} -F none"
    command = f"ssh {options} -p {bastion.port} -W %h:%p {bastion.user}@{bastion.address}"
    clients = make_clients(WEB, ssh_config=configured(tmp_path, server, command))
    link = link_to(clients)
    link.connect()
    assert bastion.logins() == 1
    link.close()
    clients.close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("false", "its ProxyCommand “false” ended with status 1 before an SSH server answered"),
        ("no-such-program-here %p", r"ended with status 127, saying “.*not found.*”"),
        (
            "sh -c 'echo no route to %h >&2; exit 7'",
            r"ended with status 7, saying “no route to 127\.0\.0\.1”",
        ),
        ("cat", "ended with status 0 before an SSH server answered"),
        ("sleep 60", "no SSH server answered in 1 s"),
        ("sh -c 'yes complaint >&2'", "no SSH server answered in 1 s"),
        ("sh -c 'trap \"\" HUP; sleep 60 & wait; sleep 60'", "no SSH server answered in 1 s"),
    ],
)
def test_what_goes_wrong_with_it_is_told_in_time(
    server: PrivateSshd, make_clients: MakeClients, tmp_path: Path, command: str, words: str
) -> None:
    clients = make_clients(WEB, ssh_config=configured(tmp_path, server, command), limits=QUICK)
    began = time.monotonic()
    with pytest.raises(HostUnreachableError, match=words):
        clients.client(HOST)
    assert time.monotonic() - began < 12
    clients.close()


def test_a_command_that_dies_costs_no_processor_time_and_a_read_survives_it(
    engine: PrivateEngine, server: PrivateSshd, make_clients: MakeClients, tmp_path: Path, relay: str
) -> None:
    config = configured(tmp_path, server, f"{relay} %h %p")
    clients = make_clients(WEB, ssh_config=config, engine_socket=str(engine.socket))
    before = children()
    client = clients.client(HOST)
    (process,) = children() - before
    os.kill(process, 9)
    assert until(lambda: process not in every_process())
    used = time.process_time()
    time.sleep(1.5)
    assert time.process_time() - used < 0.75
    assert client.version()["ApiVersion"]
    assert server.logins() == 2
    clients.close()


def test_closing_waits_for_no_command(server: PrivateSshd, make_clients: MakeClients, tmp_path: Path) -> None:
    clients = make_clients(WEB, ssh_config=configured(tmp_path, server, "sleep 600"))
    link = link_to(clients)
    failed = threading.Event()

    def connect() -> None:
        with pytest.raises(HostUnreachableError), translated(HOST):
            link.connect()
        failed.set()

    thread = threading.Thread(target=connect)
    before = children()
    thread.start()
    assert until(lambda: bool(children() - before))
    began = time.monotonic()
    link.close()
    assert failed.wait(5)
    assert time.monotonic() - began < 5
    thread.join()
    clients.close()


def test_a_check_tells_of_the_command_in_the_place_of_name_and_port(
    engine: PrivateEngine, server: PrivateSshd, tmp_path: Path, relay: str
) -> None:
    config = configured(tmp_path, server, f"{relay} %h %p")
    engines = DockerEngines(registered(WEB))
    engines._clients = Clients(registered(WEB), ssh_config=config, engine_socket=str(engine.socket))
    steps = engines.check(HOST)
    engines.close()
    assert [(step.name, step.ok) for step in steps][:4] == [
        ("configuration", True), ("proxy command", True), ("host key", True), ("login", True),
    ]  # fmt: skip
    assert steps[1].detail == f"{relay} {server.address} {server.port}"
