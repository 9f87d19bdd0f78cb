"""A pretended past of the sample hosts' disks: in a month each filled, was cleaned each week, and filled again."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES, DiskSpace, DiskUsage
from bot.core.watch.samples import Figures, Sample

WATCHED = timedelta(days=30)
EVERY = timedelta(hours=1)
SHARES = {IMAGES: 0.55, CONTAINERS: 0.03, VOLUMES: 0.1, BUILD_CACHE: 0.22}
"""What of all that comes is of each kind; the rest is logs and the like, which Docker counts nowhere."""
CLEANED = 0.9
"""How much of what came since the last time a cleanup takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What became of a disk in that month."""

    full: float
    """Its share that is used in the end."""
    fills_in: float
    """Days until it is full, at the pace of that month."""


PASTS: Mapping[str, Past] = MappingProxyType(
    {
        "sample": Past(full=0.91, fills_in=4),
        "ci-1": Past(full=0.88, fills_in=8),
        "web-1": Past(full=0.42, fills_in=300),
    }
)


def pretended(past: Past, usage: DiskUsage, disk: DiskSpace, now: datetime) -> Sequence[Sample]:
    """The month before ``now``, the oldest first: it ends with these figures, and is the same each time."""
    draw = random.Random(7)  # noqa: S311 - it pretends, and keeps no secret
    end = {row.type: row for row in usage.rows}
    left = disk.size - disk.free - usage.size
    a_day = disk.free / past.fills_in
    found, above = [], dict.fromkeys((*SHARES, ""), 0.0)
    for back, grown in _backwards(draw, now, a_day):
        kinds = {
            kind: Figures(
                count=row.total, size=max(0, round(row.size + above[kind])),
                reclaimable=max(0, min(row.reclaimable, round(row.size + above[kind]))),
            )
            for kind, row in end.items()
        }  # fmt: skip
        rest = left + above[""]
        taken = round(rest) + sum(each.size for each in kinds.values())
        found.append(Sample(at=now - back, kinds=kinds, size=disk.size, free=disk.size - taken, took=0.2))
        for kind, share in {**SHARES, "": 1 - sum(SHARES.values())}.items():
            above[kind] -= share * grown
    return found[::-1]


def _backwards(draw: random.Random, now: datetime, a_day: float) -> Iterator[tuple[timedelta, float]]:
    """How long ago each sample was, and by how much there was more in it than in the one before."""
    back, since = timedelta(), 0.0
    hours = EVERY / timedelta(hours=1)
    while back <= WATCHED:
        at = now - back
        rhythm = 1 + 0.8 * math.sin(math.tau * (at.hour - 9) / 24)
        grown = a_day * hours / 24 * rhythm * draw.uniform(0.4, 1.6)
        if since >= 7 * a_day:  # going back, what a cleanup took is there again
            grown, since = grown - since * CLEANED, 0.0
        since += max(0.0, grown)
        yield back, grown
        back += EVERY
