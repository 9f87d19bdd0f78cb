"""A private, real Docker Engine: own data root, own socket, no bridge, no registry."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from docker import APIClient

from bot.engines.docker.told.decode import CONTAINERD_DRIVER_TYPE
from tests.support.machines.needs import missing, program, root
from tests.support.machines.trees import daemon_json, programs, setpriv

START_SECONDS = 30.0
STOP_SECONDS = 30.0
LET_GO_SECONDS = 5.0
BUSYBOX = "/bin/busybox"


class PrivateEngine:
    """One dockerd of our own; ``with PrivateEngine() as engine`` starts and stops it.

    Start it from a thread that lives as long as it does: it is told to end with the thread that started it.
    """

    def __init__(self, *arguments: str, inside: Sequence[str] = ()) -> None:
        """``inside`` is a command that starts another one elsewhere, in the same process (nsenter)."""
        # A unix socket's path must stay below 108 bytes, which pytest's own folders do not.
        self.directory = Path(tempfile.mkdtemp(prefix="dh-", dir="/tmp"))
        self.socket = self.directory / "docker.sock"
        self.url = f"unix://{self.socket}"
        (self.directory / "daemon.json").write_text(daemon_json())
        self._programs = programs()
        self._arguments = arguments
        self._inside = inside
        self._process: subprocess.Popen[bytes] | None = None
        self._base: tuple[str, bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- the process ----------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        assert self._process is not None, "the engine is not running"
        return self._process.pid

    def start(self) -> None:
        """Start dockerd (again) and wait until it answers ``_ping``."""
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            ended = self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                tail = (self.directory / "log").read_text(errors="replace")[-2000:]
                self.close()
                raise RuntimeError(f"dockerd did not start:\n{tail}")
            time.sleep(0.05)

    def _command(self) -> list[str]:
        return [
            *setpriv([*self._inside, *self._programs.dockerd()]),
            f"--data-root={self.directory / 'data'}",
            f"--exec-root={self.directory / 'exec'}",
            f"--pidfile={self.directory / 'pid'}",
            f"--config-file={self.directory / 'daemon.json'}",
            "--bridge=none",
            "--iptables=false",
            "--ip-forward=false",
            f"--host={self.url}",
            *self._arguments,
        ]

    def answers(self) -> bool:
        """Whether the engine answers ``_ping`` within a second."""
        connection = http.client.HTTPConnection("engine", timeout=1)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.settimeout(1)
            connection.sock.connect(str(self.socket))
            connection.request("GET", "/_ping")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def freeze(self) -> None:
        """Stop dockerd in its tracks, all its threads; its socket still accepts connections."""
        os.kill(self.pid, signal.SIGSTOP)
        threads = Path(f"/proc/{self.pid}/task")
        while any(stat.read_text().rpartition(")")[2].split()[0] != "T" for stat in threads.glob("*/stat")):
            time.sleep(0.005)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End dockerd and its containerd; what it stored stays, and ``start`` brings it back."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def close(self) -> None:
        """Remove every object, end the engine and delete its folder."""
        if self._process is not None and self._process.poll() is None and self.answers():
            with self._api() as api:
                self._remove_what_outlives_it(api)
        self.stop()
        for mount in self._mounts():
            subprocess.run([program("umount"), "--lazy", mount], check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _mounts(self) -> list[str]:
        lines = Path("/proc/self/mounts").read_text().splitlines()
        points = [line.split()[1] for line in lines]
        return [point for point in reversed(points) if point.startswith(f"{self.directory}/")]

    @cached_property
    def version(self) -> tuple[int, int]:
        """The first two numbers of its version: (20, 10) or (26, 1)."""
        major, minor = self.docker("version", "--format", "{{.Server.Version}}").split(".")[:2]
        return int(major), int(minor)

    @cached_property
    def containerd_store(self) -> bool:
        """Whether it keeps its images in containerd."""
        return CONTAINERD_DRIVER_TYPE in self.docker("info", "--format", "{{json .DriverStatus}}")

    # --- objects --------------------------------------------------------------------------------

    def docker(
        self, *arguments: str, stdin: str | None = None, buildkit: bool = False, seconds: float = 120
    ) -> str:
        """What the real docker CLI prints for these arguments; fails the test when it fails."""
        environment = {
            "PATH": self._programs.path(),
            "HOME": str(self.directory),
            "DOCKER_HOST": self.url,
            "DOCKER_CONFIG": str(self.directory / "config"),
            "DOCKER_BUILDKIT": "1" if buildkit else "0",
        }
        done = subprocess.run(
            [*self._programs.docker(self._process.pid if self._process else None), *arguments],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        if done.returncode:
            raise AssertionError(f"docker {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout.strip()

    def build(
        self,
        lines: Sequence[str],
        tag: str | None = None,
        *,
        buildkit: bool = False,
        files: Mapping[str, bytes] | None = None,
        options: Sequence[str] = (),
    ) -> str:
        """Build an image of these Dockerfile lines and return its id.

        The context holds a static ``busybox`` and ``files``. There is no shell in an image from scratch:
        ``["FROM scratch", "COPY busybox /bin/busybox", 'RUN ["/bin/busybox", "mkdir", "/a"]']``.
        """
        with tempfile.TemporaryDirectory(dir=self.directory) as name:
            context = Path(name)
            shutil.copy(BUSYBOX, context / "busybox")
            for path, content in (files or {}).items():
                (context / path).parent.mkdir(parents=True, exist_ok=True)
                (context / path).write_bytes(content)
            (context / "Dockerfile").write_text("\n".join(lines) + "\n")
            tagged = ["--tag", tag] if tag else []
            self.docker(
                *(
                    "build",
                    "--quiet",
                    "--network",
                    "none",
                    "--iidfile",
                    f"{name}/.id",
                    *tagged,
                    *options,
                    name,
                ),
                buildkit=buildkit,
            )
            return (context / ".id").read_text().strip()

    def until_builds_let_go(self) -> None:
        """Records count as used when a build lets go of them, a moment after its answer. It measures the records."""
        until = time.monotonic() + LET_GO_SECONDS
        with self._api() as api:
            while any(record["InUse"] for record in api.df()["BuildCache"] or ()):
                if time.monotonic() > until:
                    return  # those of a build that goes on
                time.sleep(0.01)

    def base(self) -> str:
        """The id of an image that holds busybox and nothing else, tagged ``base:latest``; built once, then loaded."""
        if self._base is None or self.containerd_store:
            made = self.build(["FROM scratch", "COPY busybox /bin/busybox"], "base:latest")
            with self._api() as api:
                self._base = made, b"".join(api.get_image("base:latest"))
            return made
        made, archive = self._base
        with self._api() as api:
            list(api.load_image(archive))
        return made

    def run(self, image: str, *options: str, command: Sequence[str] = (BUSYBOX, "sleep", "1000000")) -> str:
        """Start a container with no network and return its id; ``options`` may name another network."""
        network = () if any(option.startswith("--network") for option in options) else ("--network", "none")
        return self.docker("run", "--detach", *network, *options, image, *command)

    def stopped(self, image: str, *options: str, command: Sequence[str] = (BUSYBOX, "true")) -> str:
        """Run a container to its end and return its id."""
        container = self.run(image, *options, command=command)
        self.docker("wait", container)
        return container

    def created(self, image: str, *options: str, command: Sequence[str] = (BUSYBOX, "true")) -> str:
        """A container that was never started."""
        return self.docker("create", "--network", "none", *options, image, *command)

    def volume(self, *options: str, size: int = 0) -> str:
        """Create a volume (``options`` as of ``docker volume create``) with one file of ``size`` bytes."""
        name = self.docker("volume", "create", *options)
        if size:
            where = self.docker("volume", "inspect", "--format", "{{.Mountpoint}}", name)
            (Path(where) / "file").write_bytes(b"\0" * size)
        return name

    def network(self, name: str, *options: str) -> str:
        """Create a bridge network and return its id."""
        return self.docker("network", "create", "--driver", "bridge", *options, name)

    # --- emptying -------------------------------------------------------------------------------

    def empty(self) -> None:
        """Remove every container, network, image, build cache record and volume."""
        with self._api() as api:
            self._remove_what_outlives_it(api)
            api.prune_images({"dangling": False})
            api.prune_builds(all=True)
            for one in api.volumes()["Volumes"] or []:
                api.remove_volume(one["Name"], force=True)

    def _api(self) -> AbstractContextManager[Any]:
        """The Docker SDK's client: each start of the CLI takes longer than what it asks for."""
        return closing(APIClient(base_url=self.url, timeout=120))

    @staticmethod
    def _remove_what_outlives_it(api: Any) -> None:
        """Containers, and bridge networks: devices of this machine, which outlive dockerd."""
        with ThreadPoolExecutor(8) as pool:
            found = [one["Id"] for one in api.containers(all=True)]
            list(pool.map(lambda container: api.remove_container(container, force=True), found))
        for one in api.networks(filters={"type": "custom"}):
            api.remove_network(one["Id"])


def private_engine(*arguments: str, inside: Sequence[str] = ()) -> PrivateEngine:
    """A private engine, not yet started; the test is skipped where none can run."""
    root()
    programs().check()
    if not Path(BUSYBOX).exists():
        missing(BUSYBOX)
    return PrivateEngine(*arguments, inside=inside)
