"""Since when something grows, by the samples of a host."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.watch.samples import Sample

LEAST_SHARE = 0.01
"""What came to less than this share of what there is now is no growth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What came since it was as little as never after; in bytes."""

    since: datetime
    by: int


def grown(samples: Sequence[Sample], size: Callable[[Sample], int | None]) -> Grown | None:
    """By how much it grew since it was least; None where it did not, or nobody knows.

    Samples in order of time; those in which it was not counted are left out.
    """
    known = [(each.at, found) for each in samples if (found := size(each)) is not None]
    if not known:
        return None
    now, least = known[-1][1], min(found for _, found in known)
    since = max(at for at, found in known if found == least)
    by = now - least
    return Grown(since=since, by=by) if by > max(now, 0) * LEAST_SHARE else None
