"""A private, real image registry on loopback: what is pulled from it has true repository digests."""

import http.client
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bcrypt

from tests.support.machines.needs import free_port, program

START_SECONDS = 30.0

SETTINGS = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {data}}}}}
http: {{addr: "{address}"}}
"""


class PrivateRegistry:
    """One docker-registry of our own; an engine takes a registry on loopback without TLS.

    With a ``login`` it lets in nobody else.
    """

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        self.login = login
        self.directory = Path(tempfile.mkdtemp(prefix="dh-registry-", dir="/tmp"))
        self.address = f"127.0.0.1:{free_port()}"
        settings = SETTINGS.format(data=self.directory / "data", address=self.address)
        if login:
            user, password = (each.encode() for each in login)
            hashed = bcrypt.hashpw(password, bcrypt.gensalt(4))
            (self.directory / "htpasswd").write_bytes(user + b":" + hashed + b"\n")
            settings += f"auth: {{htpasswd: {{realm: tests, path: {self.directory}/htpasswd}}}}\n"
        (self.directory / "config.yml").write_text(settings)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the registry and wait until it answers."""
        command = [program("docker-registry"), "serve", str(self.directory / "config.yml")]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program("setpriv"), "--pdeathsig=TERM", *command],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = (self.directory / "log").read_text(errors="replace")[-2000:]
                self.close()
                raise RuntimeError(f"docker-registry did not start:\n{tail}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(self.address, timeout=1)
        try:
            connection.request("GET", "/v2/")
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return False
        else:
            return status == (http.client.UNAUTHORIZED if self.login else http.client.OK)
        finally:
            connection.close()

    def forget(self, repository: str) -> None:
        """Lose all images of a repository, as a registry that cleans up does."""
        shutil.rmtree(self.directory / "data" / "docker" / "registry" / "v2" / "repositories" / repository)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_SECONDS)
            self._process = None

    def close(self) -> None:
        """End the registry and delete all that was pushed to it."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


@contextmanager
def private_registry(login: tuple[str, str] | None = None) -> Iterator[PrivateRegistry]:
    """A running registry, gone at the end; the test is skipped where there is none."""
    program("docker-registry")
    program("setpriv")
    registry = PrivateRegistry(login)
    try:
        registry.start()
        yield registry
    finally:
        registry.close()
