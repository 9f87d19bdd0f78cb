"""A machine of its own for tests: network, host name and mounts in namespaces, with an sshd and an engine."""

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.machines.engine import PrivateEngine, private_engine
from tests.support.machines.needs import missing, program, root
from tests.support.machines.sshd import PrivateSshd

DISK_MEGABYTES = 200


class Machine:
    """One machine of a rack, reached over a cable of its own; ``with Machine(1) as machine`` starts and ends it."""

    def __init__(self, number: int) -> None:
        # Several suites may run on one machine, each with its own addresses.
        subnet = f"10.{os.getpid() % 200 + 20}.{number}"
        self._here, self.address = f"{subnet}.1", f"{subnet}.2"
        self._cable = f"dh{os.getpid() % 100_000}-{number}"
        self.name = f"rack-{number}"
        self.engine: PrivateEngine
        self.sshd: PrivateSshd
        self._closing = ExitStack()
        self._holder: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        root()
        for name in ("unshare", "nsenter", "ip"):
            program(name)
        try:
            self._start()
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def _start(self) -> None:
        command = [program("setpriv"), "--pdeathsig=KILL", program("unshare"), "--net", "--mount", "--uts",
                   "--propagation=private", "sh", "-c", "echo; exec sleep infinity"]  # fmt: skip
        self._holder = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._closing.callback(self._end_holder)
        assert self._holder.stdout is not None
        self._holder.stdout.readline()
        self._plug_in()
        self.run("hostname", self.name)
        # Older engines derive their id from a key that is kept here.
        self.run("mkdir", "--parents", "/etc/docker")
        self.run("mount", "-t", "tmpfs", "tmpfs", "/etc/docker")
        self.engine = private_engine(inside=self._inside())
        data = self.engine.directory / "data"
        data.mkdir()
        # A disk of its own, which can be filled without harm.
        self.run("mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(data))
        self._closing.enter_context(self.engine)
        self.sshd = PrivateSshd(address=self.address, docker_host=self.engine.url, inside=self._inside())
        self._closing.enter_context(self.sshd)

    def _plug_in(self) -> None:
        made = subprocess.run(
            ["ip", "link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns",
             str(self._holder.pid)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            missing(f"network interfaces of its own ({made.stderr.strip()})")
        self._closing.callback(subprocess.run, ["ip", "link", "del", self._cable], check=False)
        for command in (
            ["addr", "add", f"{self._here}/30", "dev", self._cable],
            ["link", "set", self._cable, "up"],
        ):
            subprocess.run(["ip", *command], check=True)
        for inner in (["addr", "add", f"{self.address}/30", "dev", "eth0"], ["link", "set", "eth0", "up"],
                      ["link", "set", "lo", "up"]):  # fmt: skip
            self.run("ip", *inner)

    def _end_holder(self) -> None:
        self._holder.kill()
        self._holder.wait()
        if self._holder.stdout is not None:
            self._holder.stdout.close()

    def _inside(self) -> list[str]:
        return [program("nsenter"), f"--target={self._holder.pid}", "--net", "--mount", "--uts", "--"]

    def run(self, *command: str) -> str:
        """Run a command on the machine."""
        done = subprocess.run([*self._inside(), *command], capture_output=True, text=True, check=True)
        return done.stdout

    def swallow(self) -> None:
        """Let nothing that the machine sends arrive any more; it does not refuse, it is silent."""
        self.run("ip", "route", "replace", "blackhole", f"{self._here}/32")

    def answer(self) -> None:
        self.run("ip", "route", "del", "blackhole", f"{self._here}/32")

    def fill_disk(self) -> Path:
        """Leave not one byte free where the engine keeps its data; the file that does it."""
        path = self.engine.directory / "data" / "filler"
        self.run("sh", "-c", f"cat /dev/zero > {path} 2>/dev/null || true")
        return path
