"""What really lies on an engine's disk, asked of nothing but the disk and containerd's own tool."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.services.held import on_disk
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.needs import program
from tests.support.machines.trees import Tree, programs

SNAPSHOT = re.compile(r"^(\S+) +(\d+) +\d+ *$", re.MULTILINE)


def things(engine: PrivateEngine) -> Mapping[str, int]:
    """The bytes of everything there, by a name that stays the same: of overlay2's layers all in one."""
    return {
        **_volumes(engine),
        **(_stored(engine) if engine.containerd_store else {"layers": on_disk(engine)}),
    }


def freed(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    """What went; what has come meanwhile (a build that ended writes its log a little later) does not count."""
    gone = sum(size for name, size in before.items() if name not in after)
    return gone + sum(before.get(name, 0) - after.get(name, 0) for name in ("layers", "links"))


def _volumes(engine: PrivateEngine) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for volume in (engine.directory / "data" / "volumes").glob("*/_data"):
        files = (os.lstat(Path(where, name)) for where, _, names in os.walk(volume) for name in names)
        found[str(volume)] = sum({file.st_ino: file.st_size for file in files}.values())
    return found


def _stored(engine: PrivateEngine) -> Mapping[str, int]:
    """Left out is the layer of mount points that the engine puts below each container: no figure has it."""
    folder = (
        engine.directory / "data" / "containerd" / "daemon" / "io.containerd.content.v1.content" / "blobs"
    )
    found = {str(blob): blob.stat().st_size for blob in folder.glob("*/*")}
    usage = ctr(engine, "snapshots", "usage", "-b")
    sizes = {f"snapshot {name}": int(size) for name, size in SNAPSHOT.findall(usage)}
    kept = {name: size for name, size in sizes.items() if not name.endswith("-init")}
    return {**found, **kept, "links": -_linked(engine)}


def _linked(engine: PrivateEngine) -> int:
    """What containerd counts once too often: files that several snapshots have are one file on the disk."""
    root = (
        engine.directory
        / "data"
        / "containerd"
        / "daemon"
        / "io.containerd.snapshotter.v1.overlayfs"
        / "snapshots"
    )
    among: dict[int, set[Path]] = {}
    sizes: dict[int, int] = {}
    for snapshot in root.glob("*/fs"):
        for where, _, names in os.walk(snapshot):
            for status in (os.lstat(Path(where, name)) for name in names):
                if status.st_nlink > 1:
                    among.setdefault(status.st_ino, set()).add(snapshot)
                    sizes[status.st_ino] = status.st_blocks * 512
    return sum(sizes[inode] * (len(snapshots) - 1) for inode, snapshots in among.items())


def ctr(engine: PrivateEngine, *arguments: str) -> str:
    """What containerd's own tool prints for these arguments."""
    inside = []
    if isinstance(programs(), Tree):
        inside = [program("nsenter"), f"--target={engine.pid}", "--mount", "--root", "--"]
    address = engine.directory / "exec" / "containerd" / "containerd.sock"
    command = [*inside, "ctr", f"--address={address}", "--namespace=moby", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
