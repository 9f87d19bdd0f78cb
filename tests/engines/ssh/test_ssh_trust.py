"""Which servers are believed, and with what Deckhand logs in."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import HostKeyError, HostUnreachableError, LoginRefusedError
from bot.core.rules.hosts import SshAddress
from bot.engines.ssh.login.keys import PASSPHRASE
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST
from tests.support.machines.needs import program
from tests.support.machines.sshd import PrivateSshd, make_key

SECRET = "open sesame"  # noqa: S105 - of a key that lives as long as its test


@pytest.fixture
def server(sshd: StartSshd) -> PrivateSshd:
    return sshd()


def printed(key: Path) -> str:
    """The fingerprint as ssh-keygen prints it."""
    done = subprocess.run(
        [program("ssh-keygen"), "-l", "-f", str(key)], capture_output=True, text=True, check=True
    )
    return done.stdout.split()[1]


def test_a_server_with_an_unknown_key_is_refused_with_its_fingerprint_and_what_to_do(
    server: PrivateSshd, make_clients: MakeClients
) -> None:
    server.known_hosts.write_text("# nothing\n")
    with pytest.raises(HostKeyError) as caught:
        make_clients(server.ssh_address).client(HOST)
    assert printed(server.host_key) in str(caught.value)
    assert f"ssh-keyscan -p {server.port} {server.address}" in str(caught.value)
    assert server.logins() == 0


def test_a_missing_known_hosts_file_trusts_nobody(server: PrivateSshd, make_clients: MakeClients) -> None:
    server.known_hosts.unlink()
    with pytest.raises(HostKeyError, match="is not known"):
        make_clients(server.ssh_address).client(HOST)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_a_server_whose_key_changed_is_refused_with_both_fingerprints(
    server: PrivateSshd, make_clients: MakeClients, tmp_path: Path, kind: str
) -> None:
    old = make_key(tmp_path / "old", kind=kind)
    name = server.known_line().split()[0]
    server.known_hosts.write_text(f"{name} {' '.join(old.with_suffix('.pub').read_text().split()[:2])}\n")
    with pytest.raises(HostKeyError, match="has changed") as caught:
        make_clients(server.ssh_address).client(HOST)
    assert printed(server.host_key) in str(caught.value)
    assert printed(old) in str(caught.value)
    assert server.logins() == 0


def test_hashed_known_hosts_are_understood(
    engine: PrivateEngine, server: PrivateSshd, make_clients: MakeClients
) -> None:
    subprocess.run(
        [program("ssh-keygen"), "-H", "-f", str(server.known_hosts)], check=True, capture_output=True
    )
    assert server.known_hosts.read_text().startswith("|1|")
    assert make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST).ping()


def test_a_revoked_key_is_refused_although_it_is_known(
    server: PrivateSshd, make_clients: MakeClients
) -> None:
    line = server.known_line()
    server.known_hosts.write_text(f"{line}\n@revoked * {' '.join(line.split()[1:])}\n")
    with pytest.raises(HostKeyError, match="revoked"):
        make_clients(server.ssh_address).client(HOST)


def test_a_certificate_authority_is_named_as_what_deckhand_does_not_read(
    server: PrivateSshd, make_clients: MakeClients
) -> None:
    server.known_hosts.write_text(f"@cert-authority {server.known_line()}\n")
    with pytest.raises(HostKeyError, match="cert-authority"):
        make_clients(server.ssh_address).client(HOST)


def test_the_key_that_known_hosts_has_is_asked_for_when_the_server_has_several(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    other = make_key(tmp_path / "rsa", kind="rsa")
    server = sshd(settings=(f"HostKey {other}",))
    name = server.known_line().split()[0]
    server.known_hosts.write_text(f"{name} {other.with_suffix('.pub').read_text()}")
    assert make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST).ping()


def test_a_key_that_the_server_does_not_accept_is_a_refused_login(
    server: PrivateSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    wrong = make_key(tmp_path / "wrong")
    with pytest.raises(LoginRefusedError, match=f"accepted none of 1 keys for the user {server.user}"):
        make_clients(replace(server.ssh_address, identity=str(wrong))).client(HOST)


def test_an_identity_that_does_not_exist_is_said(
    server: PrivateSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    address = replace(server.ssh_address, identity=str(tmp_path / "gone"))
    with pytest.raises(LoginRefusedError, match=r"no key to log in with.*gone does not exist"):
        make_clients(address).client(HOST)


def test_too_many_attempts_end_in_a_sentence_about_keys(
    sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    server = sshd(settings=("MaxAuthTries 2",))
    config = tmp_path / "config"
    config.write_text("".join(f"IdentityFile {make_key(tmp_path / str(n))}\n" for n in range(4)))
    address = replace(server.ssh_address, identity=None)
    with pytest.raises(HostUnreachableError, match="broke off the login"):
        make_clients(address, ssh_config=config).client(HOST)


@pytest.fixture(params=["ed25519", "rsa"])
def locked(request: pytest.FixtureRequest, server: PrivateSshd, tmp_path: Path) -> SshAddress:
    """The server's address with an encrypted key that it accepts."""
    key = make_key(tmp_path / "locked", passphrase=SECRET, kind=request.param)
    server.authorize(key)
    return replace(server.ssh_address, identity=str(key))


def test_an_encrypted_key_opens_with_the_passphrase_of_the_environment(
    engine: PrivateEngine, locked: SshAddress, make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = make_clients(locked, engine_socket=str(engine.socket))
    with pytest.raises(LoginRefusedError, match=f"is encrypted; set {PASSPHRASE}"):
        clients.client(HOST)
    monkeypatch.setenv(PASSPHRASE, "wrong")
    with pytest.raises(LoginRefusedError, match=f"cannot be read with the passphrase in {PASSPHRASE}"):
        clients.client(HOST)
    monkeypatch.setenv(PASSPHRASE, SECRET)
    assert clients.client(HOST).ping()


def test_a_passphrase_does_not_hinder_a_key_without_one(
    engine: PrivateEngine, server: PrivateSshd, make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE, "for another key")
    assert make_clients(server.ssh_address, engine_socket=str(engine.socket)).client(HOST).ping()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    """The socket of a private SSH agent."""
    path = tmp_path / "agent"
    process = subprocess.Popen([program("ssh-agent"), "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            assert process.poll() is None
        yield path
    finally:
        process.terminate()
        process.wait()


def test_the_agent_is_asked_when_no_identity_fits(
    engine: PrivateEngine,
    server: PrivateSshd,
    make_clients: MakeClients,
    agent: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
    environment = dict(os.environ)
    subprocess.run(
        [program("ssh-add"), str(server.identity)], env=environment, check=True, capture_output=True
    )
    address = replace(server.ssh_address, identity=None)
    assert make_clients(address, engine_socket=str(engine.socket)).client(HOST).ping()


def test_a_certificate_beside_the_key_is_used(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    authority = make_key(tmp_path / "authority")
    key = make_key(tmp_path / "certified")
    server = sshd(settings=(f"TrustedUserCAKeys {authority}.pub",))
    subprocess.run(
        [
            program("ssh-keygen"),
            "-q",
            "-s",
            str(authority),
            "-I",
            "deckhand",
            "-n",
            server.user,
            f"{key}.pub",
        ],
        check=True,
    )
    address = replace(server.ssh_address, identity=str(key))
    assert make_clients(address, engine_socket=str(engine.socket)).client(HOST).ping()


@pytest.mark.parametrize("host", ["-oProxyCommand=touch", ""])
def test_a_host_name_that_looks_like_an_option_is_none(make_clients: MakeClients, host: str) -> None:
    with pytest.raises(HostUnreachableError, match="is not a host name"):
        make_clients(SshAddress(host=host)).client(HOST)


def test_a_configuration_that_cannot_be_parsed_is_quoted(make_clients: MakeClients, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host *\n Port many\n")
    with pytest.raises(HostUnreachableError, match=re.escape(str(config))):
        make_clients(SshAddress(host="anywhere"), ssh_config=config).client(HOST)


def test_a_proxy_jump_in_a_circle_is_noticed(make_clients: MakeClients, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host a\n ProxyJump b\nHost b\n ProxyJump a\n")
    with pytest.raises(HostUnreachableError, match="circle"):
        make_clients(SshAddress(host="a"), ssh_config=config).client(HOST)
