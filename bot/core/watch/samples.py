"""A sample: what one short look at a host told of its disk, and of what Docker says is on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES, Glance, UsageRow

KINDS = (IMAGES, CONTAINERS, VOLUMES, BUILD_CACHE)
"""The rows of Docker's table, in its order."""
REST = "Not in Docker's figures"
"""Used on the disk, and in none of these rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one kind; sizes in bytes."""

    count: int
    size: int
    reclaimable: int
    """Docker's figure; it steers nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    at: datetime
    """By the database's clock."""
    kinds: Mapping[str, Figures]
    """Without those that were not counted this time."""
    size: int | None = None
    """Of the disk behind the data root, in bytes; None: unknown, as the three below."""
    free: int | None = None
    inodes: int | None = None
    free_inodes: int | None = None
    took: float = 0.0
    """Seconds until the host had answered."""

    @property
    def used(self) -> int | None:
        """Bytes that are taken or reserved: the disk is full when they are its size."""
        return None if self.size is None or self.free is None else self.size - self.free

    @property
    def docker(self) -> int | None:
        """Bytes in Docker's four rows; None when one of them was not counted."""
        if any(kind not in self.kinds for kind in KINDS):
            return None
        return sum(self.kinds[kind].size for kind in KINDS)

    @property
    def rest(self) -> int | None:
        """Bytes that are used and in none of Docker's figures; below 0 where Docker counts something twice."""
        used, docker = self.used, self.docker
        return None if used is None or docker is None else used - docker


def sample_of(glance: Glance, at: datetime, took: float) -> Sample:
    """The sample of a short look."""
    disk = glance.disk
    return Sample(
        at=at,
        kinds={row.type: _figures(row) for row in glance.usage.rows if row.known},
        size=disk.size if disk else None,
        free=disk.free if disk else None,
        inodes=disk.inodes if disk else None,
        free_inodes=disk.free_inodes if disk else None,
        took=took,
    )


def _figures(row: UsageRow) -> Figures:
    return Figures(count=row.total, size=row.size, reclaimable=row.reclaimable)
