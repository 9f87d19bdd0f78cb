"""A private, real image registry on loopback: what is pulled from it has true repository digests."""

import http.client
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.machines.needs import free_port, program

START_SECONDS = 30.0

SETTINGS = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {data}}}}}
http: {{addr: "{address}"}}
"""


class PrivateRegistry:
    """One docker-registry of our own; an engine takes a registry on loopback without TLS."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="dh-registry-", dir="/tmp"))
        self.address = f"127.0.0.1:{free_port()}"
        settings = SETTINGS.format(data=self.directory / "data", address=self.address)
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
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def forget(self, repository: str) -> None:
        """Lose all images of a repository, as a registry that cleans up does."""
        shutil.rmtree(self.directory / "data" / "docker" / "registry" / "v2" / "repositories" / repository)

    def close(self) -> None:
        """End the registry and delete all that was pushed to it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_SECONDS)
        shutil.rmtree(self.directory, ignore_errors=True)


@contextmanager
def private_registry() -> Iterator[PrivateRegistry]:
    """A running registry, gone at the end; the test is skipped where there is none."""
    program("docker-registry")
    program("setpriv")
    registry = PrivateRegistry()
    try:
        registry.start()
        yield registry
    finally:
        registry.close()
