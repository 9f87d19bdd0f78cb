"""A private, real SSH server on a free port of the loopback interface."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from bot.core.rules.hosts import SshAddress
from bot.engines.ssh.known_hosts import SSH_PORT, server_name
from tests.support.machines.needs import free_port, program, root

START_SECONDS = 10.0


class PrivateSshd:
    """One sshd of our own with one user key; ``with PrivateSshd() as server`` starts and stops it.

    ``settings`` are lines of sshd_config, ``key_options`` what stands before the key in authorized_keys.
    ``docker_host`` is what the docker command of a session talks to, ``inside`` a command that starts another
    one elsewhere (nsenter).
    """

    def __init__(
        self,
        *,
        settings: Sequence[str] = (),
        key_options: str = "",
        address: str = "127.0.0.1",
        docker_host: str = "",
        user: str = "",
        inside: Sequence[str] = (),
    ) -> None:
        # sshd insists on folders that only their owner can write, and /tmp's sticky bit satisfies it.
        self.directory = Path(tempfile.mkdtemp(prefix="dh-sshd-", dir="/tmp"))
        self.address = address
        self.user = user or getpass.getuser()
        self.port = SSH_PORT if inside else free_port(socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.identity = make_key(self.directory / "user_key")
        self.host_key = make_key(self.directory / "host_key")
        self.known_hosts = self.directory / "known_hosts"
        self.known_hosts.write_text(self.known_line() + "\n")
        self._settings = settings
        self._docker_host = docker_host
        self._inside = inside
        self._process: subprocess.Popen[bytes] | None = None
        self.authorize(self.identity, key_options)
        self.directory.chmod(0o755)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        assert self._process is not None, "sshd is not running"
        return self._process.pid

    @property
    def ssh_address(self) -> SshAddress:
        """What the configuration of a host would say."""
        return SshAddress(
            host=self.address,
            user=self.user,
            port=self.port,
            identity=str(self.identity),
            known_hosts=str(self.known_hosts),
        )

    def known_line(self) -> str:
        """The server's line for a known_hosts file."""
        kind, key = self.host_key.with_suffix(".pub").read_text().split()[:2]
        return f"{server_name(self.address, self.port)} {kind} {key}"

    def authorize(self, identity: Path, options: str = "") -> None:
        """Let the owner of this private key in, under these options, besides those let in before."""
        public = identity.with_suffix(".pub").read_text()
        with (self.directory / "authorized_keys").open("a") as keys:
            keys.write(f"{options} {public}".lstrip())

    def start(self) -> None:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # compiled in, and made by a service elsewhere
        configuration = self.directory / "sshd_config"
        configuration.write_text("\n".join(self._configuration()) + "\n")
        command = [
            program("setpriv"),
            "--pdeathsig=TERM",
            *self._inside,
            program("sshd"),
            "-D",
            "-e",
            "-f",
            str(configuration),
        ]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log()
                self.close()
                raise RuntimeError(f"sshd did not start:\n{said}")
            time.sleep(0.02)

    def _configuration(self) -> list[str]:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return [
            *self._settings,  # sshd takes the first value of a setting
            f"ListenAddress {address}:{self.port}",
            f"HostKey {self.host_key}",
            f"AuthorizedKeysFile {self.directory / 'authorized_keys'}",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "LogLevel VERBOSE",
            "Subsystem sftp internal-sftp",
            # With this bash does not read the account's .bashrc, which may do anything and take long.
            "SetEnv SHLVL=5" + (f" DOCKER_HOST={self._docker_host}" if self._docker_host else ""),
        ]

    def _listens(self) -> bool:
        try:
            socket.create_connection((self.address, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def logins(self) -> int:
        """How many logins the server has accepted."""
        return self.log().count("Accepted publickey")

    def end_sessions(self) -> None:
        """Kill the processes that serve connections; the server itself goes on listening."""
        for child in reversed(list(_descendants(self.pid))):
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def freeze(self) -> None:
        """Stop the server and what serves its connections in their tracks; the kernel still accepts."""
        for process in (self.pid, *_descendants(self.pid)):
            os.kill(process, signal.SIGSTOP)

    def thaw(self) -> None:
        for process in (self.pid, *_descendants(self.pid)):
            os.kill(process, signal.SIGCONT)

    def stop(self) -> None:
        if self._process is None:
            return
        self.end_sessions()
        self._process.terminate()
        self._process.wait(START_SECONDS)
        self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def make_key(path: Path, *, passphrase: str = "", kind: str = "ed25519") -> Path:
    """Make a key pair at ``path`` and ``path.pub``; returns ``path``."""
    command = [program("ssh-keygen"), "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield int(child)
        yield from _descendants(int(child))


@contextmanager
def account() -> Iterator[str]:
    """A user of this machine in no group but its own, for as long as the test runs."""
    root()
    name = f"dh{uuid4().hex[:8]}"
    subprocess.run([program("useradd"), "--no-create-home", "--shell", "/bin/sh", name], check=True)
    try:
        # With “!” in place of a password sshd takes the account for locked.
        subprocess.run([program("usermod"), "--password", "*", name], check=True)
        yield name
    finally:
        _remove(name)


def _remove(name: str) -> None:
    """Its processes were killed, and may take a moment to be gone."""
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run([program("userdel"), name], check=False, capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the user {name} cannot be removed")
        time.sleep(0.1)
