"""The disk behind an engine's data root: the Engine API tells nothing of it.

On this machine ``statvfs`` does; behind SSH ``bot.engines.disk.remote`` asks for it. Elsewhere it is unknown.
"""

import os
import platform
import socket
from collections.abc import Callable
from typing import TypeAlias

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import DiskSpace

LARGEST = 2**63 - 1
"""Bytes, or inodes: what every column and every counter can hold."""

Disk: TypeAlias = Callable[[EngineInfo], DiskSpace | None]


def unknown_disk(_engine: EngineInfo) -> DiskSpace | None:
    """The disk of an engine that is reached in a way that tells nothing of it."""
    return None


class LocalDisk:
    """The disk of an engine at a unix socket of this machine."""

    def __call__(self, engine: EngineInfo) -> DiskSpace | None:
        """None where the engine is elsewhere (a forwarded socket) or its data root cannot be seen from here."""
        if engine.name != socket.gethostname() or platform.system() != "Linux":
            return None
        try:
            found = os.statvfs(engine.data_root)
        except (OSError, ValueError):  # the path is the engine's word
            return None
        return space(found.f_frsize, found.f_blocks, found.f_bavail, found.f_files, found.f_favail)


LOCAL_DISK: Disk = LocalDisk()


def space(block: int, blocks: int, available: int, files: int, free_files: int) -> DiskSpace | None:
    """What ``statvfs`` tells; None for figures that cannot be; those of inodes are then left out alone."""
    if block <= 0 or blocks <= 0 or not 0 <= available <= blocks or block * blocks > LARGEST:
        return None
    # btrfs and others have no fixed number
    counted = 0 < files <= LARGEST and 0 <= free_files <= files
    return DiskSpace(
        size=block * blocks,
        free=block * available,
        inodes=files if counted else None,
        free_inodes=free_files if counted else None,
    )
