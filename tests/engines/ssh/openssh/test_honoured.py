"""What OpenSSH's configuration says of a host is what Deckhand does: asked of ssh itself, as ssh would be called."""

import getpass
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import bot
from bot.core.errors import HostKeyError, HostUnreachableError
from bot.core.rules.hosts import SshAddress
from bot.engines.failures import LinkError
from bot.engines.ssh.config import asking, files
from bot.engines.ssh.config.files import SshFiles
from bot.engines.ssh.config.route import Route
from bot.engines.targets import Ssh
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.support.machines.hosts import HOST
from tests.support.machines.needs import program, root
from tests.support.machines.sshd import PrivateSshd, make_key

Resolve = Callable[..., Route]


@pytest.fixture
def resolve(tmp_path: Path) -> Resolve:
    program("ssh")

    def resolved(text: str, address: SshAddress = SshAddress(host="web")) -> Route:  # noqa: B008 - frozen
        config = tmp_path / "config"
        config.write_text(text)
        return SshFiles(config=config, known_hosts=tmp_path / "known").route(address)

    return resolved


def of(server: PrivateSshd, *lines: str) -> str:
    """The lines that lead the name ``web`` to a server, and more."""
    return "".join(
        f"{line}\n"
        for line in (
            *lines, "Host web", f"HostName {server.address}", f"Port {server.port}", f"User {server.user}",
            f"UserKnownHostsFile {server.known_hosts}",
        )
    )  # fmt: skip


def test_match_sees_the_user_and_the_port_that_deckhands_configuration_names(resolve: Resolve) -> None:
    text = 'Match user deploy\n HostName by-user\nMatch exec "test %p = 2222"\n HostName by-port\n'
    assert resolve(text).host == "web"
    assert resolve(text, SshAddress(host="web", user="deploy")).host == "by-user"
    assert resolve(text, SshAddress(host="web", port=2222)).host == "by-port"


def test_tokens_and_variables_stand_for_what_they_do_in_ssh(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("A_FOLDER_OF_MINE", str(tmp_path))
    route = resolve(
        "Host web\n HostName %h.example.com\n Port 33\n User ann\n HostKeyAlias the-web\n"
        " IdentityFile ${A_FOLDER_OF_MINE}/%n-%h-%p-%r-%u-%i-%k-%%\n CertificateFile %d/c\n"
        " IdentityAgent ${A_FOLDER_OF_MINE}/%n.agent\n"
        " UserKnownHostsFile ${A_FOLDER_OF_MINE}/%k ~/second\n GlobalKnownHostsFile /first /second\n"
    )
    found = route.credentials
    name = f"web-web.example.com-33-ann-{getpass.getuser()}-{os.getuid()}-the-web-%"
    assert (route.host, route.port, route.user, route.name) == ("web.example.com", 33, "ann", "the-web")
    assert found.identities == (tmp_path / name,)
    assert found.certificates == (Path.home() / "c",)
    assert found.agent == tmp_path / "web.agent"
    assert route.known_hosts == (
        tmp_path / "the-web",
        Path.home() / "second",
        Path("/first"),
        Path("/second"),
    )


def test_a_variable_that_the_configuration_names_is_told_to_ssh_and_no_other_is(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that is not set spoils every host of the file, for ssh too."""
    for name in ("FIRST_OF_MINE", "SECOND_OF_MINE", "THIRD_OF_MINE"):
        monkeypatch.setenv(name, str(tmp_path))
    seen = tmp_path / "seen"
    route = resolve(
        f'Match exec "env > {seen}"\n Port 77\nHost other\n IdentityAgent ${{FIRST_OF_MINE}}/a\n'
        "Host web\n IdentityAgent ${SECOND_OF_MINE}/a\n"
    )
    assert (route.port, route.credentials.agent) == (77, tmp_path / "a")
    told = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert {name for name in told if name.endswith("_OF_MINE")} == {"FIRST_OF_MINE", "SECOND_OF_MINE"}


def test_known_hosts_files_of_the_machine_count(
    sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    server = sshd()
    config = tmp_path / "config"
    config.write_text(
        of(server, f"IdentityFile {server.identity}").replace("UserKnownHostsFile", "GlobalKnownHostsFile")
    )
    clients = make_clients(SshAddress(host="web"), ssh_config=config)
    (link,) = clients.ssh.hops(Ssh(address=SshAddress(host="web")))
    link.connect()
    link.close()


def test_a_known_hosts_file_that_is_named_and_not_there_is_said(
    sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    server = sshd()
    config = tmp_path / "config"
    config.write_text(f"UserKnownHostsFile {tmp_path}/nowhere\n{of(server)}")
    with pytest.raises(HostKeyError, match=rf"is not known \({tmp_path}/nowhere does not exist\)"):
        make_clients(SshAddress(host="web"), ssh_config=config).client(HOST)


def test_algorithms_that_the_configuration_allows_are_the_only_ones(
    sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    server = sshd()
    config = tmp_path / "config"

    def reached(*lines: str) -> None:
        config.write_text(of(server, f"IdentityFile {server.identity}", *lines))
        (link,) = make_clients(SshAddress(host="web"), ssh_config=config).ssh.hops(
            Ssh(address=SshAddress(host="web"))
        )
        try:
            link.connect()
            assert link._kept is not None
            assert link._kept.transport.local_cipher == "aes256-ctr"
        finally:
            link.close()

    reached("Ciphers aes256-ctr", "MACs hmac-sha2-256", "KexAlgorithms ecdh-sha2-nistp256,curve25519-sha256",
            "HostKeyAlgorithms ssh-ed25519", "PubkeyAcceptedAlgorithms ssh-ed25519")  # fmt: skip
    with pytest.raises(LinkError, match=r"allows .* no Ciphers that Deckhand has"):
        reached("Ciphers chacha20-poly1305@openssh.com")
    with pytest.raises(LinkError, match="forbids a key of the kind ssh-ed25519"):
        reached("Ciphers aes256-ctr", "PubkeyAcceptedAlgorithms rsa-sha2-512")


def test_only_addresses_of_the_family_that_is_configured_are_tried(
    sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    server = sshd()
    config = tmp_path / "config"
    config.write_text(of(server, "AddressFamily inet6"))
    with pytest.raises(HostUnreachableError, match="has no address of the family that is configured"):
        make_clients(SshAddress(host="web"), ssh_config=config).client(HOST)


# --- the files that ssh reads by itself -----------------------------------------------------------

RESOLVING = """
import dataclasses, json, sys
from pathlib import Path
from bot.core.rules.hosts import SshAddress
from bot.engines.ssh.config.files import OWN_CONFIG, SshFiles
route = SshFiles(config=OWN_CONFIG, known_hosts=Path("~/.ssh/known_hosts")).route(SshAddress(host="web"))
print(json.dumps({"user": route.user, "known": list(map(str, route.known_hosts)),
                  "identities": list(map(str, route.credentials.identities))}))
"""


def at_home(home: Path, machines: str) -> dict[str, object]:
    """A route as a process resolves it whose account lives at ``home``, on a machine with that configuration."""
    root()
    program("unshare")
    passwd = home / "passwd"
    passwd.write_text(f"root:x:0:0:root:{home}:/bin/sh\n")
    (home / "ssh_config").write_text(machines)
    mounting = f"mount --bind {passwd} /etc/passwd && mount --bind {home}/ssh_config /etc/ssh/ssh_config"
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c",
         f'{mounting} && HOME={home} exec "$0" -c "$1"', sys.executable, RESOLVING],
        cwd=Path(str(bot.__file__)).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_without_a_configuration_of_ones_own_the_machines_counts_and_so_do_the_default_keys(
    tmp_path: Path,
) -> None:
    (tmp_path / ".ssh").mkdir(mode=0o700)
    make_key(tmp_path / ".ssh" / "id_ed25519")
    found = at_home(tmp_path, "Host web\n User from-the-machine\n GlobalKnownHostsFile /etc/known\n")
    assert found == {
        "user": "from-the-machine", "known": [str(tmp_path / ".ssh/known_hosts"), "/etc/known"],
        "identities": [str(tmp_path / ".ssh/id_ed25519")],
    }  # fmt: skip


def test_ones_own_configuration_comes_before_the_machines_and_hides_none_of_it(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir(mode=0o700)
    (tmp_path / ".ssh" / "config").write_text("Host web\n User mine\n")
    found = at_home(tmp_path, "Host web\n User machines\n GlobalKnownHostsFile /etc/known\n")
    assert (found["user"], found["identities"]) == ("mine", [])
    assert found["known"] == [str(tmp_path / ".ssh/known_hosts"), "/etc/known"]


# --- where there is no ssh -------------------------------------------------------------------------


def test_without_the_ssh_program_a_configuration_is_refused_by_name_and_none_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "program_of_ssh", lambda: None)
    monkeypatch.setattr(asking, "GLOBAL_FILE", tmp_path / "global")
    config = tmp_path / "config"
    here = SshFiles(config=config, known_hosts=tmp_path / "known")
    address = SshAddress(host="web", user="deploy", identity="/a/key")
    for text in (None, "", "# nothing\n\n"):
        if text is not None:
            config.write_text(text)
        assert (here.route(address).user, here.route(address).port) == ("deploy", 22)
    (tmp_path / "global").write_text("Host *\n ProxyJump bastion\n")
    with pytest.raises(LinkError, match=f"{tmp_path}/global configures SSH, and there is no ssh program"):
        here.route(address)


AS_DEBIAN_SHIPS_IT = """
Include more.d/*.conf

Host *
#   ForwardAgent no
    SendEnv LANG LC_*
    HashKnownHosts yes
    GSSAPIAuthentication yes
"""


def test_without_an_account_of_ones_own_the_same_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that runs under a number: ssh itself then reads nothing."""
    monkeypatch.setattr(files, "_has_account", lambda: False)
    monkeypatch.setattr(asking, "GLOBAL_FILE", tmp_path / "global")
    here = SshFiles(config=tmp_path / "config", known_hosts=tmp_path / "known")
    assert here.route(SshAddress(host="web", user="deploy")).user == "deploy"
    (tmp_path / "more.d").mkdir()
    (tmp_path / "global").write_text(AS_DEBIAN_SHIPS_IT)
    assert here.route(SshAddress(host="web", user="deploy")).user == "deploy"
    (tmp_path / "more.d" / "a.conf").write_text("User y\n")
    with pytest.raises(LinkError, match="global configures SSH"):
        here.route(SshAddress(host="web", user="deploy"))
    (tmp_path / "config").write_text("User x\n")
    with pytest.raises(LinkError, match="has no account"):
        here.route(SshAddress(host="web", user="deploy"))


# --- jump hosts ------------------------------------------------------------------------------------


def test_a_chain_of_jump_hosts_leads_through_each_in_its_order(
    sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    first, second, server = sshd(), sshd(), sshd()
    known = tmp_path / "known"
    known.write_text("".join(f"{each.known_line()}\n" for each in (first, second, server)))
    config = tmp_path / "config"
    config.write_text(
        "".join(
            f"Host {name}\n HostName {each.address}\n Port {each.port}\n IdentityFile {each.identity}\n"
            for name, each in {"first": first, "second": second, "web": server}.items()
        )
        # What is named for the host comes before what the configuration says of the hop, as in ssh.
        + "Host second\n ProxyCommand false\n"
        + f"Host web\n ProxyJump {first.user}@first,ssh://second:{second.port}\n"
        + f"Host *\n User {server.user}\n UserKnownHostsFile {known}\n"
    )
    address = SshAddress(host="web")
    links = make_clients(address, ssh_config=config).ssh.hops(Ssh(address=address))
    try:
        assert [link.route.port for link in links] == [first.port, second.port, server.port]
        links[-1].connect()
    finally:
        for link in reversed(links):
            link.close()
    assert (first.logins(), second.logins(), server.logins()) == (1, 1, 1)
    done = subprocess.run(["ssh", "-F", config, "web", "true"], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr


def test_a_circle_of_jump_hosts_is_refused(resolve: Resolve) -> None:
    with pytest.raises(LinkError, match="in a circle"):
        resolve("Host web\n ProxyJump other\nHost other\n ProxyJump web\n")


def test_an_address_of_its_own_counts_before_what_is_configured(resolve: Resolve, tmp_path: Path) -> None:
    text = "Host web\n User x\n Port 9\n IdentityFile /x\n UserKnownHostsFile /x\n GlobalKnownHostsFile /y\n"
    address = SshAddress(host="web", user="u", port=7, identity=str(tmp_path), known_hosts=str(tmp_path))
    route = resolve(text, address)
    assert (route.user, route.port) == ("u", 7)
    assert (route.credentials.identities, route.known_hosts) == ((tmp_path,), (tmp_path,))
    assert replace(route, credentials=resolve(text).credentials) != route
