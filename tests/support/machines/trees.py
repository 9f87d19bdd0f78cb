"""Docker Engines of other Debian releases: the trees that ``tests/engines-of-debian`` makes.

``DECKHAND_TEST_ENGINE=/path/to/tree`` and ``DECKHAND_TEST_STORE=containerd`` choose what the tests run against;
without them it is the installed dockerd with the store that it chooses.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.machines.needs import missing, program

PATH_INSIDE = "/usr/sbin:/usr/bin:/sbin:/bin"
STORES = ("", "overlay2", "containerd")

# runc wants to pivot away from its root, which must be a mount point for that: so the tree is mounted on itself.
# The engine's files keep their paths in /tmp. All of it is in a mount namespace that ends with the engine.
_ENTER = """
tree=$1; shift
mount --rbind "$tree" "$tree"
for each in proc sys dev tmp; do mount --rbind "/$each" "$tree/$each"; done
mount -t tmpfs tmpfs "$tree/run"
exec chroot "$tree" "$@"
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """The dockerd and docker of this machine."""

    def check(self) -> None:
        """Skip the test when they are missing."""
        for name in ("dockerd", "docker", "setpriv"):
            program(name)

    def dockerd(self) -> list[str]:
        """The command that dockerd's arguments follow; it becomes dockerd and keeps its process id."""
        return [program("dockerd")]

    def docker(self, pid: int | None) -> list[str]:  # noqa: ARG002 - a tree's needs it
        """The command that the CLI's arguments follow, beside the dockerd of this process id."""
        return [program("docker")]

    def path(self) -> str:
        return os.environ["PATH"]


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole Debian in a folder: its dockerd and docker run in a mount namespace of their own."""

    root: Path

    def check(self) -> None:
        for name in ("unshare", "nsenter", "setpriv"):
            program(name)
        if not (self.root / "usr/sbin/dockerd").exists():
            missing(f"a dockerd in {self.root} (see tests/engines-of-debian --help)")

    def dockerd(self) -> list[str]:
        return [program("unshare"), "--mount", "sh", "-ec", _ENTER, "enter", str(self.root), "dockerd"]

    def docker(self, pid: int | None) -> list[str]:
        assert pid is not None, "the CLI of a tree runs beside its engine, which is not running"
        return [program("nsenter"), f"--target={pid}", "--mount", "--root", "--", "docker"]

    def path(self) -> str:
        return PATH_INSIDE


def programs() -> Installed | Tree:
    """Where dockerd and docker come from, by the environment."""
    root = os.environ.get("DECKHAND_TEST_ENGINE", "")
    return Tree(Path(root).expanduser().resolve()) if root else Installed()


def daemon_json() -> str:
    """The engine's configuration file, by the environment; never this machine's /etc/docker/daemon.json."""
    store = os.environ.get("DECKHAND_TEST_STORE", "")
    assert store in STORES, f"DECKHAND_TEST_STORE is one of overlay2 and containerd, not {store}"
    return json.dumps({"features": {"containerd-snapshotter": store == "containerd"}} if store else {})


def setpriv(command: Sequence[str]) -> list[str]:
    """The command, told to end with the thread that starts it."""
    return [program("setpriv"), "--pdeathsig=TERM", *command]
