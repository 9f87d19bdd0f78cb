"""The script with which a host's owner lets Deckhand in: what it makes works, and is good for nothing else."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import paramiko
import pytest

from bot.engines.deadlines import Deadline
from bot.engines.docker.engine import DockerEngine
from bot.engines.ssh.dial import Way
from bot.engines.ssh.link import SshLink
from bot.engines.targets import Ssh
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.engines.ssh.test_ssh import way
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST
from tests.support.machines.needs import program, root
from tests.support.machines.sshd import PrivateSshd, make_key
from tests.support.waiting import wait_until

SCRIPT = Path(__file__).parents[3] / "deploy" / "host-setup"


def setup(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False)


@contextmanager
def group_of(socket: Path) -> Iterator[str]:
    """The engine's socket in a group of its own, as Docker's packages make it."""
    root()
    name, before = f"dh{uuid4().hex[:8]}", socket.stat()
    subprocess.run([program("groupadd"), name], check=True)
    try:
        subprocess.run([program("chgrp"), name, str(socket)], check=True)
        socket.chmod(0o660)
        yield name
    finally:
        os.chown(socket, before.st_uid, before.st_gid)
        subprocess.run([program("groupdel"), name], check=True)


@pytest.fixture
def user(engine: PrivateEngine) -> Iterator[str]:
    """A name for the account. Ask for it before ``sshd``: what still serves the account keeps it from going."""
    name = f"dh{uuid4().hex[:8]}"
    engine.directory.chmod(0o711)
    with group_of(engine.socket):
        yield name
        wait_until(lambda: gone(name))


def gone(user: str) -> bool:
    """Whether the account is removed, which userdel refuses as long as a process of a session's is still ending."""
    removed = setup("--remove", "--user", user)
    assert removed.returncode == 0 or "there is no account" in removed.stderr or "used by" in removed.stderr
    return "used by" not in removed.stderr


def let_in(sshd: StartSshd, engine: PrivateEngine, user: str, chosen: str) -> PrivateSshd:
    """A server that lets the account in with the key that the script was given."""
    server = sshd(
        settings=("AuthorizedKeysFile .ssh/authorized_keys", "StrictModes yes"),
        user=user,
        docker_host=engine.url,
    )
    key = server.identity.with_suffix(".pub").read_text().strip()
    done = setup("--key", key, "--user", user, "--way", chosen, "--socket", str(engine.socket))
    assert done.returncode == 0, done.stderr
    assert f'ssh = "{user}@' in done.stdout
    return server


@pytest.mark.parametrize(
    ("chosen", "expected", "tells_disk"),
    [("sftp", Way.STREAMLOCAL, True), ("socket", Way.STREAMLOCAL, False), ("helper", Way.HELPER, False)],
)
def test_each_way_reaches_the_engine_and_nothing_else(
    user: str, engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients,
    chosen: str, expected: Way, tells_disk: bool,  # noqa: FBT001 - pytest passes parameters by name
) -> None:  # fmt: skip
    server = let_in(sshd, engine, user, chosen)
    clients = make_clients(server.ssh_address, engine_socket=str(engine.socket))
    client = clients.client(HOST)
    assert client.info()["ID"] == engine.docker("info", "--format", "{{.ID}}")
    assert way(client) is expected
    one = DockerEngine(HOST, lambda: clients.client(HOST), lambda info: clients.disk(HOST, info))
    assert (one.disk_space() is not None) is tells_disk

    (link,) = clients.ssh.hops(Ssh(address=server.ssh_address))
    try:
        assert "uid=" not in told(link, "id")
        assert refuses(lambda: link.forward("127.0.0.1", server.port, Deadline(10)))
        assert refuses(lambda: link.streamlocal("/run/dbus/system_bus_socket"))
        assert not reads_files(link)
    finally:
        link.close()


def told(link: SshLink, command: str) -> str:
    channel = link.session()
    channel.settimeout(5)
    channel.exec_command(command)
    channel.shutdown_write()
    try:
        return channel.recv(1_000).decode(errors="replace")
    finally:
        channel.close()


def refuses(opening: Callable[[], object]) -> bool:
    try:
        opening()
    except paramiko.ChannelException:
        return True
    return False


def reads_files(link: SshLink) -> bool:
    try:
        channel = link.session()
        channel.settimeout(5)
        channel.invoke_subsystem("sftp")
        with paramiko.SFTPClient(channel) as sftp:
            return bool(sftp.open("/etc/passwd").read(10))
    except (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError):
        return False


def test_the_account_cannot_change_what_its_key_may_do(
    user: str, engine: PrivateEngine, sshd: StartSshd, tmp_path: Path
) -> None:
    let_in(sshd, engine, user, "sftp").stop()
    keys = Path("/var/lib") / user / ".ssh" / "authorized_keys"
    for path in (keys, keys.parent, keys.parent.parent):
        found = path.stat()
        assert (found.st_uid, found.st_mode & 0o022) == (0, 0)
    assert setup("--remove", "--user", user).returncode == 0
    assert not keys.exists()
    assert subprocess.run(["id", user], capture_output=True, check=False).returncode != 0


def test_a_dry_run_shows_everything_and_changes_nothing(
    engine: PrivateEngine, user: str, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "key").with_suffix(".pub").read_text().strip()
    done = setup("--key", key, "--user", user, "--socket", str(engine.socket), "--dry-run")
    assert (done.returncode, "+ useradd --system" in done.stdout) == (0, True)
    assert not (Path("/var/lib") / user).exists()
    assert subprocess.run(["id", user], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "--key is no public key"),
        (("--key", "-----BEGIN OPENSSH PRIVATE KEY-----"), "--key is no public key"),
        (("--key", 'ssh-ed25519 AAAA" command="sh'), "--key is no public key"),
        (("--key", "ssh-ed25519 AAAA", "--user", "root; id"), "no name for an account"),
        (("--key", "ssh-ed25519 AAAA", "--socket", "/nowhere.sock"), "there is no socket /nowhere.sock"),
        (("--key", "ssh-ed25519 AAAA", "--socket", '/a"b'), "is no path of a socket"),
        (("--kye", "x"), "I do not know --kye"),
    ],
)
def test_what_it_cannot_use_is_said_before_anything_is_done(
    arguments: tuple[str, ...], sentence: str
) -> None:
    done = setup("--dry-run", *arguments)
    assert done.returncode in {1, 2}
    assert sentence in done.stderr


def test_its_page_shows_the_very_lines_that_it_writes() -> None:
    page = SCRIPT.with_suffix(".md").read_text()
    hosts = (SCRIPT.parent / "manual" / "hosts.md").read_text()
    line = (
        'restrict,port-forwarding,permitopen="[/var/run/docker.sock]:*",permitlisten="localhost:1",'
        'command="internal-sftp -R -p statvfs,realpath" ssh-ed25519'
    )
    assert line in page
    assert line in hosts
