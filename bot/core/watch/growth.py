"""Growth: what came onto a disk, whatever was taken off it meanwhile.

A disk is a saw: it grows, and falls when somebody cleans up. A line through the whole of it says nothing; so the
cleanups are taken out first, and what is left is counted day by day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

DAY = 86_400.0
OFTEN = 4.0
"""Falls of one size that come more often than so many times a week are how the host breathes (a collector of the
engine, a nightly job, temporary files): they go on by themselves, and are no cleanups."""
ALIKE = 0.7
"""Falls count as of one size from this share of it on."""
NOISE = 8.0
"""A fall of less than so many usual steps is none."""
LONGEST_CLEANUP = DAY / 4
"""What becomes less for longer than so many seconds is more than one fall."""
LONGEST_GAP = DAY / 4
"""Seconds without a sample, beyond which nobody knows how a day was."""
GAPS = 3
"""Where samples come seldom, so many of their usual distances are no gap yet."""


class Point(NamedTuple):
    at: float
    """Seconds since the epoch."""
    value: float
    """Bytes."""


class Fall(NamedTuple):
    """Somebody cleaned up: between two points the use became less."""

    began: float
    at: float
    """When it was over."""
    size: float
    """Bytes, above 0."""


class Cleaned(NamedTuple):
    """A cleanup that the audit knows, in seconds since the epoch."""

    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The points, with all cleanups taken out."""

    times: Sequence[float]
    grown: Sequence[float]
    """Bytes since the first point, at each of them."""
    cleanups: tuple[Fall, ...]

    @property
    def rate(self) -> float:
        """Bytes a day from the first point to the last; 0 where they are one."""
        if len(self.times) < 2 or self.times[-1] <= self.times[0]:  # noqa: PLR2004 - a rate needs two
            return 0.0
        return (self.grown[-1] - self.grown[0]) / (self.times[-1] - self.times[0]) * DAY

    def days(self, most: int) -> tuple[float, ...]:
        """Bytes of each whole day before the last point, the latest first; without those with a gap in them."""
        if not self.times:
            return ()
        gaps = self._gaps()
        found = []
        for number in range(most):
            end = self.times[-1] - number * DAY
            begin = end - DAY
            if begin < self.times[0]:
                break
            if not any(start < end and stop > begin for start, stop in gaps):
                found.append(self._at(end) - self._at(begin))
        return tuple(found)

    def _gaps(self) -> list[tuple[float, float]]:
        steps = [after - before for before, after in pairwise(self.times)]
        longest = max(LONGEST_GAP, GAPS * median(steps)) if steps else LONGEST_GAP
        return [(before, after) for before, after in pairwise(self.times) if after - before > longest]

    def _at(self, moment: float) -> float:
        """What had grown by then, evenly between two points."""
        after = bisect_right(self.times, moment)
        if after >= len(self.times):
            return self.grown[-1]
        before, span = after - 1, self.times[after] - self.times[after - 1]
        share = (moment - self.times[before]) / span
        return self.grown[before] + share * (self.grown[after] - self.grown[before])


def growth(points: Sequence[Point], cleaned: Sequence[Cleaned] = ()) -> Growth:
    """Take the cleanups out of points in order of time: those that are known, and falls whose size is rare."""
    falls = _falls(points)
    known = {fall for fall in falls if _known(fall, cleaned)}
    own = [fall for fall in falls if fall not in known]
    taken = {fall.began: fall for fall in (*known, *_rare(points, own))}
    grown, until = [0.0] if points else [], 0.0
    for before, after in pairwise(points):
        fall = taken.get(before.at)
        until = fall.at if fall else until
        grown.append(grown[-1] + (0.0 if after.at <= until else after.value - before.value))
    cleanups = tuple(taken[began] for began in sorted(taken))
    return Growth(times=[point.at for point in points], grown=grown, cleanups=cleanups)


def _rare(points: Sequence[Point], falls: Sequence[Fall]) -> list[Fall]:
    """Those that are no noise, and whose size comes seldom."""
    if not falls:
        return []
    weeks = (points[-1].at - points[0].at) / (7 * DAY)
    noise = NOISE * median(abs(after.value - before.value) for before, after in pairwise(points))
    sizes = sorted(fall.size for fall in falls)
    return [
        fall
        for fall in falls
        if fall.size > noise and len(sizes) - bisect_left(sizes, fall.size * ALIKE) <= max(1, OFTEN * weeks)
    ]


def _falls(points: Sequence[Point]) -> list[Fall]:
    """Each time that the use became less: a cleanup takes its time, and may have been seen several times."""
    falls: list[Fall] = []
    for before, after in pairwise(points):
        if after.value >= before.value:
            continue
        if falls and falls[-1].at == before.at and after.at - falls[-1].began <= LONGEST_CLEANUP:
            falls[-1] = Fall(falls[-1].began, after.at, falls[-1].size + before.value - after.value)
        else:
            falls.append(Fall(before.at, after.at, before.value - after.value))
    return falls


def _known(fall: Fall, cleaned: Sequence[Cleaned]) -> bool:
    return any(fall.began <= one.ended and fall.at >= one.began for one in cleaned)
