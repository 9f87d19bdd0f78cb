"""The table of ``docker system df``: four rows, with the figures that the engine's own CLI prints."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.core.docker.inventory import CacheRecord, Container, EngineInfo, Image, Inventory, Volume
from bot.core.units import human_size

IMAGES, CONTAINERS, VOLUMES, BUILD_CACHE = "Images", "Containers", "Local Volumes", "Build Cache"
UNKNOWN = "?"
ACTIVE_STATES = frozenset({"running", "paused", "restarting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """One row of the table; sizes in bytes. ``reclaimable`` is Docker's figure and steers nothing."""

    type: str
    total: int
    active: int
    size: int
    reclaimable: int
    known: bool = True
    """False when the engine did not count it in time: then the figures are 0 and mean nothing."""

    @property
    def reclaimable_text(self) -> str:
        """RECLAIMABLE as the CLI prints it: with a percentage, except for the build cache."""
        if not self.known:
            return UNKNOWN
        text = human_size(self.reclaimable)
        if self.size <= 0 or self.type == BUILD_CACHE:
            return text
        percent = abs(self.reclaimable) * 100 // self.size  # Go's division drops the fraction, below 0 too
        return f"{text} ({-percent if self.reclaimable < 0 else percent}%)"

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """The row as the CLI prints it."""
        if not self.known:
            return (self.type, *(UNKNOWN,) * 4)
        return (
            self.type, str(self.total), str(self.active), human_size(self.size), self.reclaimable_text,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUsage:
    """The answer of ``docker system df``, in Docker's order of rows."""

    rows: tuple[UsageRow, ...]
    free: int | None = None
    """Bytes free on the disk behind the data root at that moment, where it was read."""

    @property
    def size(self) -> int:
        return sum(row.size for row in self.rows)

    @property
    def reclaimable(self) -> int:
        return sum(row.reclaimable for row in self.rows)


def images_row(layers_size: int, images: Iterable[Image]) -> UsageRow:
    """Images as the CLI of 20.10 to 28 counts them; an image with an unknown user count counts as used.

    The CLI leaves an image whose size or shared size is unknown out of what is used.
    """
    images = tuple(images)
    used = sum(
        image.size - image.shared_size
        for image in images
        if image.containers != 0 and image.size is not None and image.shared_size is not None
    )
    return UsageRow(
        type=IMAGES,
        total=len(images),
        active=sum(1 for image in images if (image.containers or 0) > 0),
        size=layers_size,
        reclaimable=layers_size - used,
    )


def containers_row(containers: Iterable[Container]) -> UsageRow:
    """Writable layers; running, paused and restarting containers are active."""
    containers = tuple(containers)
    idle = (c for c in containers if c.state not in ACTIVE_STATES)
    return UsageRow(
        type=CONTAINERS,
        total=len(containers),
        active=sum(1 for c in containers if c.state in ACTIVE_STATES),
        size=sum(c.size_rw or 0 for c in containers),
        reclaimable=sum(c.size_rw or 0 for c in idle),
    )


def volumes_row(volumes: Iterable[Volume]) -> UsageRow:
    """Local volumes; those of unknown size are counted and add no bytes."""
    volumes = tuple(volumes)
    sized = tuple(v for v in volumes if v.size is not None)
    return UsageRow(
        type=VOLUMES,
        total=len(volumes),
        active=sum(1 for v in volumes if (v.ref_count or 0) > 0),
        size=sum(v.size or 0 for v in sized),
        reclaimable=sum(v.size or 0 for v in sized if v.ref_count == 0),
    )


def build_cache_row(records: Iterable[CacheRecord]) -> UsageRow:
    """Build cache records; shared ones are layers of images and add no bytes."""
    records = tuple(records)
    own = tuple(r for r in records if not r.shared)
    return UsageRow(
        type=BUILD_CACHE,
        total=len(records),
        active=sum(1 for r in records if r.in_use),
        size=sum(r.size or 0 for r in own),
        reclaimable=sum(r.size or 0 for r in own if not r.in_use),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpace:
    """The file system of an engine's data root, in bytes; ``free`` is what ``df`` calls available."""

    size: int
    free: int
    inodes: int | None = None
    """None where the file system has no fixed number."""
    free_inodes: int | None = None

    @property
    def used_share(self) -> float:
        """How full it is, from 0 to 1."""
        return 1 - self.free / self.size

    @property
    def inodes_share(self) -> float | None:
        """How many of its inodes are taken, from 0 to 1; None when it does not count them."""
        if not self.inodes or self.free_inodes is None:
            return None
        return 1 - self.free_inodes / self.inodes

    def __str__(self) -> str:
        text = f"{human_size(self.free)} free of {human_size(self.size)} ({self.used_share:.0%} full)"
        share = self.inodes_share
        few = share is not None and share >= FEW_INODES
        return f"{text}, {share:.0%} of its inodes taken" if few else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A short look at an engine: which it is, its table of disk usage, and the disk behind it."""

    engine: EngineInfo
    usage: DiskUsage
    disk: DiskSpace | None
    """None: unknown."""


FEW_INODES = 0.8
"""From this share of taken inodes on it is worth telling: a disk can be full without them too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One whole look at an engine: what it holds, its own table of disk usage, and the disk behind it."""

    inventory: Inventory
    usage: DiskUsage
    disk: DiskSpace | None = None
    """None: unknown."""
    clocks: tuple[str, ...] = ()
    """What to say of clocks that are far from the database's; for display only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    """What a host showed when it was looked at the last time: for display, and for when to ask or to tell somebody.

    No removal follows from it: each plan is made of a look of its own.
    """

    at: datetime
    usage: DiskUsage
    disk: DiskSpace | None = None
