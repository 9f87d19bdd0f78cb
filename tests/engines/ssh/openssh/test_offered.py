"""Which keys and certificates are offered, from files and from a real agent."""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import LoginRefusedError
from bot.engines.failures import translated
from bot.engines.ssh.login import agent as ssh_agent
from bot.engines.targets import Ssh
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.engines.ssh.test_ssh_keys import an_agent
from tests.support.machines.agent import add, certify, private_agent, some_keys
from tests.support.machines.hosts import HOST
from tests.support.machines.sshd import PrivateSshd, make_key

LogIn = Callable[..., None]


@pytest.fixture
def server(sshd: StartSshd) -> PrivateSshd:
    return sshd()


@pytest.fixture
def log_in(make_clients: MakeClients, server: PrivateSshd, tmp_path: Path) -> LogIn:
    """Logs in at the server as an SSH configuration with these lines says, with no identity of Deckhand's own."""

    def logged_in(*lines: str, at: PrivateSshd = server, identity: Path | None = None) -> None:
        config = tmp_path / "config"
        config.write_text("".join(f"{line}\n" for line in lines))
        address = replace(at.ssh_address, identity=str(identity) if identity else None)
        clients = make_clients(address, ssh_config=config)
        (link,) = clients.ssh.hops(Ssh(address=address))
        try:
            with translated(HOST):
                link.connect()
        finally:
            link.close()

    return logged_in


# --- the agent ------------------------------------------------------------------------------------


def test_the_agent_that_the_configuration_names_is_asked_and_none_other(
    server: PrivateSshd, log_in: LogIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private_agent(tmp_path / "agent", [server.identity]) as agent:
        log_in(f"IdentityAgent {agent}")
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "nobody"))
        monkeypatch.setenv("MY_AGENT", str(agent))
        log_in("IdentityAgent $MY_AGENT")
        log_in("IdentityAgent ${MY_AGENT}")
        with pytest.raises(LoginRefusedError, match="there is no key to log in with"):
            log_in()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        log_in("IdentityAgent SSH_AUTH_SOCK")
        log_in()
        with pytest.raises(LoginRefusedError, match="there is no key to log in with"):
            log_in("IdentityAgent none")
        with pytest.raises(LoginRefusedError, match=rf"{tmp_path}/nowhere does not exist"):
            log_in(f"IdentityAgent {tmp_path}/nowhere")


def test_among_eight_keys_of_an_agent_the_one_that_a_public_key_names_is_offered(
    server: PrivateSshd, log_in: LogIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = some_keys(tmp_path / "others", 8)
    right = tmp_path / "right.pub"
    (tmp_path / "unusual").write_bytes(server.identity.with_suffix(".pub").read_bytes())
    shutil.copy(server.identity.with_suffix(".pub"), right)
    with private_agent(tmp_path / "agent", [*others, server.identity]) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        with pytest.raises(
            LoginRefusedError, match=r"none of 5 keys .*only the first 5 keys are offered.*\.pub"
        ):
            log_in()
        log_in("IdentitiesOnly yes", f"IdentityFile {right}")
        log_in(f"IdentityFile {right}")
        log_in(identity=right)
        log_in("IdentitiesOnly yes", f"IdentityFile {tmp_path}/unusual")
        log_in(f"IdentityFile {right.with_suffix('')}")  # ssh looks for the .pub of a file that is not there
        with pytest.raises(LoginRefusedError, match=r"none of 1 keys"):
            log_in("IdentitiesOnly yes", f"IdentityFile {others[0]}.pub")
        with pytest.raises(LoginRefusedError, match="there is no key to log in with"):
            log_in("IdentitiesOnly yes")
        unknown = make_key(tmp_path / "unknown")
        unknown.unlink()
        with pytest.raises(LoginRefusedError, match=f"the SSH agent does not hold the key {unknown}"):
            log_in("IdentitiesOnly yes", f"IdentityFile {unknown}")
    with pytest.raises(LoginRefusedError, match=f"{right} is a public key, whose agent is not there"):
        log_in(f"IdentityFile {right}")


def test_eight_wrong_keys_of_an_agent_do_not_stand_in_the_way_of_a_key_that_is_named(
    server: PrivateSshd, log_in: LogIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private_agent(tmp_path / "agent", some_keys(tmp_path / "others", 8)) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        log_in(f"IdentityFile {server.identity}")
        log_in(identity=server.identity)
        with pytest.raises(LoginRefusedError, match="none of 5 keys"):
            log_in()


def test_an_encrypted_key_is_used_where_the_agent_holds_it(
    server: PrivateSshd, log_in: LogIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = make_key(tmp_path / "locked", passphrase="secret")  # noqa: S106 - of a key that lives for a moment
    shutil.copy(server.identity.with_suffix(".pub"), locked.with_suffix(".pub"))
    with private_agent(tmp_path / "agent", [server.identity]) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        log_in("IdentitiesOnly yes", f"IdentityFile {locked}")
    with pytest.raises(LoginRefusedError, match="locked is encrypted"):
        log_in("IdentitiesOnly yes", f"IdentityFile {locked}")


def test_a_mute_agent_costs_nothing_where_a_file_lets_in(
    server: PrivateSshd, log_in: LogIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_agent, "ANSWER_SECONDS", 20.0)
    with an_agent(tmp_path / "agent", lambda _: None):
        began = time.monotonic()
        log_in(f"IdentityAgent {tmp_path}/agent", f"IdentityFile {server.identity}")
        assert time.monotonic() - began < 10


def test_a_slow_agent_takes_nothing_of_the_servers_time(
    server: PrivateSshd, log_in: LogIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login has three seconds here, and the agent that says nothing four."""
    monkeypatch.setattr(ssh_agent, "ANSWER_SECONDS", 4.0)
    wrong = make_key(tmp_path / "wrong")
    with (
        an_agent(tmp_path / "agent", lambda _: None),
        pytest.raises(LoginRefusedError, match=r"none of 1 keys .*the SSH agent did not answer in 4 s"),
    ):
        log_in(f"IdentityAgent {tmp_path}/agent", f"IdentityFile {wrong}")


# --- certificates ---------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return make_key(tmp_path / "authority")


@pytest.fixture
def certifying(sshd: StartSshd, authority: Path) -> PrivateSshd:
    """A server that lets in whom the authority has certified, beside its one plain key."""
    return sshd(settings=(f"TrustedUserCAKeys {authority}.pub",))


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_a_certificate_beside_its_key_lets_in_and_so_does_one_that_is_named(
    certifying: PrivateSshd, log_in: LogIn, authority: Path, tmp_path: Path, kind: str
) -> None:
    key = make_key(tmp_path / "key", kind=kind)
    beside = certify(authority, key, user=certifying.user)
    log_in(f"IdentityFile {key}", at=certifying)
    named = beside.rename(tmp_path / "elsewhere.pub")
    with pytest.raises(LoginRefusedError):
        log_in(f"IdentityFile {key}", at=certifying)
    log_in(f"IdentityFile {key}", f"CertificateFile {named}", at=certifying)
    with pytest.raises(LoginRefusedError, match=f"{tmp_path}/nowhere does not exist"):
        log_in(f"IdentityFile {key}", f"CertificateFile {tmp_path}/nowhere", at=certifying)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_certificate_lets_in_a_key_that_the_agent_holds(
    certifying: PrivateSshd,
    log_in: LogIn,
    authority: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    key = make_key(tmp_path / "key", kind=kind)
    with private_agent(tmp_path / "agent", [key]) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        certificate = certify(authority, key, user=certifying.user)
        key.unlink()
        log_in("IdentitiesOnly yes", f"IdentityFile {key}.pub", at=certifying)
        named = certificate.rename(tmp_path / "elsewhere.pub")
        log_in(f"CertificateFile {named}", at=certifying)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_an_agents_own_certificate_lets_in(
    certifying: PrivateSshd,
    log_in: LogIn,
    authority: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    key = make_key(tmp_path / "key", kind=kind)
    certificate = certify(authority, key, user=certifying.user)
    with private_agent(tmp_path / "agent", [key]) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        certificate.unlink()
        key.unlink()
        log_in(at=certifying)
        log_in("IdentitiesOnly yes", f"IdentityFile {key}", at=certifying)


@pytest.mark.parametrize("where", ["beside", "named", "agent"])
def test_an_expired_certificate_hides_nothing_and_is_told_where_nothing_else_lets_in(
    certifying: PrivateSshd,
    log_in: LogIn,
    authority: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    def lines(key: Path) -> list[str]:
        expired = certify(authority, key, user=certifying.user, valid="20200101:20200201")
        if where == "agent":
            add(tmp_path / "agent", key)
            expired.unlink()
            return []
        if where == "named":
            named = expired.rename(tmp_path / f"{key.name}.expired")
            return [f"IdentityFile {key}", f"CertificateFile {named}"]
        return [f"IdentityFile {key}"]

    with private_agent(tmp_path / "agent") as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        log_in(*lines(certifying.identity), at=certifying)
    with (
        private_agent(tmp_path / "agent"),
        pytest.raises(LoginRefusedError, match=r"the certificate .* expired on 2020-0"),
    ):
        log_in(*lines(make_key(tmp_path / "other")), at=certifying)


@pytest.mark.parametrize("text", ["", "nonsense", "ssh-ed25519 AAAA", "host"])
def test_what_lies_beside_a_key_and_is_no_certificate_hides_nothing(
    server: PrivateSshd, log_in: LogIn, authority: Path, text: str
) -> None:
    beside = server.identity.with_name(f"{server.identity.name}-cert.pub")
    beside.write_text(text if text != "host" else authority.with_suffix(".pub").read_text())
    log_in(f"IdentityFile {server.identity}")


def test_a_key_that_is_named_and_not_there_is_told(
    server: PrivateSshd, log_in: LogIn, tmp_path: Path
) -> None:
    with pytest.raises(LoginRefusedError, match=f"{tmp_path}/nowhere does not exist"):
        log_in(f"IdentityFile {tmp_path}/nowhere")
    with pytest.raises(LoginRefusedError, match=f"{tmp_path}/nowhere does not exist"):
        log_in(identity=tmp_path / "nowhere")
    log_in(f"IdentityFile {tmp_path}/nowhere", f"IdentityFile {server.identity}")
