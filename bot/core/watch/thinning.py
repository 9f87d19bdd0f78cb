"""Thinning: what is older is kept in fewer samples, and the fullest of each time stays, so that no peak is lost."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

RAW, HOURLY = timedelta(days=7), timedelta(days=60)
"""Every sample is kept for so long, then one an hour; after that one a day, for ever."""
EACH, MINUTES_OF_HOUR, MINUTES_OF_DAY = 0, 60, 24 * 60
"""How many minutes a sample stands for: itself alone, an hour, a day."""
STEPS = (EACH, MINUTES_OF_HOUR, MINUTES_OF_DAY)


class Kept(NamedTuple):
    """A sample in the database."""

    at: int
    """Minutes since the epoch."""
    free: int | None
    docker: int


class Step(NamedTuple):
    """Samples that stand for so many minutes each become fewer, which stand for more."""

    of: int
    into: int
    before: int
    """Those that are older than this minute."""


def steps(now: int) -> tuple[Step, ...]:
    """What becomes of all that is old, in this order; in minutes since the epoch, and only whole hours and days."""
    return (
        Step(EACH, MINUTES_OF_HOUR, _whole(now - _minutes(RAW), MINUTES_OF_HOUR)),
        Step(MINUTES_OF_HOUR, MINUTES_OF_DAY, _whole(now - _minutes(HOURLY), MINUTES_OF_DAY)),
    )


def superfluous(samples: Iterable[Kept], step: int) -> Iterator[int]:
    """When those were taken that may go: of ``step`` minutes the fullest stays, the earliest of several."""
    best: dict[int, Kept] = {}
    for each in samples:
        before = best.get(each.at // step)
        if before is None:
            best[each.at // step] = each
        elif _order(each) < _order(before):
            best[each.at // step] = each
            yield before.at
        else:
            yield each.at


def _order(sample: Kept) -> tuple[bool, int, int, int]:
    return (sample.free is None, sample.free or 0, -sample.docker, sample.at)


def _whole(minute: int, step: int) -> int:
    return max(0, minute) // step * step


def _minutes(age: timedelta) -> int:
    return int(age.total_seconds() // 60)
