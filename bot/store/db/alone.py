"""One process on a SQLite file: its log of writes is shared memory of one machine, and its locks are the kernel's."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from bot.core.errors import StoreUnavailableError

MOUNTS = Path("/proc/self/mountinfo")
REMOTE = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph-fuse", "fuse.davfs", "fuse.gcsfuse",
    "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs2", "gluster", "glusterfs", "gpfs", "lustre",
    "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb3", "smbfs",
})  # fmt: skip
"""File systems that other machines may use at the same time, by the kernel's names."""

_PLACE, _OCTAL = 4, 8
"""Which field of a line is the mount point, and how its odd characters are written."""


def stand_alone(database: Path) -> Callable[[], None]:
    """Take a SQLite file for this process alone; call what comes back to give it up, which a death does too.

    Commands that look beside the running bot do not ask. StoreUnavailableError when another process has it, or
    when the file lies where another machine may have it.
    """
    database = database.resolve()
    kind = file_system(database.parent, _mounts())
    if kind in REMOTE:
        raise StoreUnavailableError(
            f"The SQLite database {database} lies on a network file system ({kind}), where several machines could "
            "write to it at once and damage the audit. Put it on a local disk, or use PostgreSQL."
        )
    return _locked(database)


def _locked(database: Path) -> Callable[[], None]:
    lock = database.with_name(f"{database.name}.lock")
    try:
        held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailableError(f"The file {lock} cannot be written: {error.strerror}.") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise StoreUnavailableError(
            f"Another Deckhand runs on the SQLite database {database} (it holds {lock}). SQLite carries one bot: "
            "end the other one, or let both use PostgreSQL (deploy/manual/scaling.md)."
        ) from error
    return lambda: os.close(held)


def _mounts() -> str:
    try:
        return MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""  # not Linux: the lock is all that there is


def file_system(folder: Path, mounts: str) -> str:
    """The kind of file system that holds a folder, of what ``/proc/self/mountinfo`` says; empty when unknown."""
    kind, deepest = "", -1
    for line in mounts.splitlines():
        before, found, after = line.partition(" - ")
        parts = before.split(" ")
        if not found or len(parts) <= _PLACE:
            continue
        place = Path(_unescaped(parts[_PLACE]))
        depth = len(place.parts)
        if (
            folder.is_relative_to(place) and depth >= deepest
        ):  # of two on one place the later hides the earlier
            kind, deepest = after.split(" ")[0], depth
    return kind


def _unescaped(text: str) -> str:
    r"""The kernel writes a space as ``\040``."""
    first, *others = text.split("\\")
    return first + "".join(chr(int(each[:3], _OCTAL)) + each[3:] for each in others)
