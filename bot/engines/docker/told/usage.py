"""The answer of ``/system/df`` as the table that people see, and as the lists in it."""

from collections.abc import Iterable, Mapping

from bot.core.docker.inventory import CacheRecord
from bot.core.docker.usage import (
    BUILD_CACHE,
    CONTAINERS,
    IMAGES,
    VOLUMES,
    DiskUsage,
    UsageRow,
    build_cache_row,
    containers_row,
    images_row,
    volumes_row,
)
from bot.engines.docker.told.decode import Answer, cache_record, image, listed_container, volume

NO_VOLUMES = "DeckhandVolumesUnknown"
"""A key of our own in an answer to df whose volumes were not counted in time."""


NOTHING_COUNTED = DiskUsage(
    rows=tuple(
        UsageRow(type=kind, total=0, active=0, size=0, reclaimable=0, known=False)
        for kind in (IMAGES, CONTAINERS, VOLUMES, BUILD_CACHE)
    )
)


def disk_usage(df: Answer) -> DiskUsage:
    """The four rows as that engine's own CLI shows them: from API 1.52 on, the engine's own sums."""
    found = _rows(df)
    if not df.get(NO_VOLUMES):
        return found
    unknown = UsageRow(type=VOLUMES, total=0, active=0, size=0, reclaimable=0, known=False)
    return DiskUsage(rows=tuple(unknown if row.type == VOLUMES else row for row in found.rows))


def _rows(df: Answer) -> DiskUsage:
    totals = {IMAGES: "ImageUsage", CONTAINERS: "ContainerUsage", VOLUMES: "VolumeUsage",
              BUILD_CACHE: "BuildCacheUsage"}  # fmt: skip
    if any(key in df for key in totals.values()):
        return DiskUsage(rows=tuple(_summed(title, df.get(key) or {}) for title, key in totals.items()))
    images = (image(entry, entry, None) for entry in df.get("Images") or ())
    sizes = {str(entry.get("Id")): entry for entry in df.get("Containers") or ()}
    return DiskUsage(
        rows=(
            images_row(int(df.get("LayersSize") or 0), images),
            containers_row(listed_container(entry, sizes) for entry in sizes.values()),
            volumes_row(volume(entry, entry.get("UsageData")) for entry in df.get("Volumes") or ()),
            build_cache_row(cache_records(df)),
        )
    )


def cache_records(df: Answer) -> tuple[CacheRecord, ...]:
    """The records of a df answer, in its old or its new place."""
    entries = df.get("BuildCache") or (df.get("BuildCacheUsage") or {}).get("Items") or ()
    return tuple(cache_record(entry) for entry in entries)


def entries(df: Answer, old: str, new: str) -> Iterable[Answer]:
    """A list of a df answer: under its old key, or as the items of its new one."""
    found = df.get(old) or (df.get(new) or {}).get("Items") or ()
    return [entry for entry in found if isinstance(entry, Mapping)]


def _summed(title: str, usage: Answer) -> UsageRow:
    return UsageRow(
        type=title,
        total=int(usage.get("TotalCount") or 0),
        active=int(usage.get("ActiveCount") or 0),
        size=int(usage.get("TotalSize") or 0),
        reclaimable=int(usage.get("Reclaimable") or 0),
    )
