"""Forecast: until when a disk lasts, if nobody cleans up and at the present rhythm of cleanups, and what fills it."""

import random
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean

from bot.core.watch.growth import DAY, Cleaned, Fall, Growth, Point, growth
from bot.core.watch.samples import KINDS, REST, Sample

WINDOW = timedelta(days=28)
"""What is older says little of what comes."""
LEAST = timedelta(days=3)
"""Of less than so many whole days no date is told."""
HORIZON = timedelta(days=90)
"""Beyond it no date is told."""
BAND = (0.1, 0.9)
"""Between these shares of all resampled futures the band lies: it holds four of five."""
RESAMPLES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """When a disk is full; None for a date that is beyond the horizon, or never comes."""

    at: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a host's history says of its disk; bytes, and bytes a day."""

    made_at: datetime
    """When its last sample was taken."""
    days: int
    """Whole days of history that it is made from."""
    size: int | None
    """Of the disk; None: unknown, and no date can be told. Then the growth is that of Docker's own figures."""
    used: int
    rate: int
    """If nobody cleans up; below 0: it becomes less by itself."""
    low: int
    high: int
    """The band of ``rate``."""
    unattended: Full
    """If nobody cleans up."""
    rhythm: Full
    """If cleanups come as often, and free as much, as they did."""
    cleanups: int
    """How many there were in that time."""
    kinds: Mapping[str, int]
    """What each kind, and the rest of the disk, grows by."""

    @property
    def enough(self) -> bool:
        """Whether there is history enough for a date."""
        return self.days >= LEAST.days

    @property
    def filling(self) -> bool:
        return self.enough and self.rate > 0

    def left(self, now: datetime) -> timedelta | None:
        """How long the disk lasts from then on if nobody cleans up; None: no date is told."""
        at = self.unattended.at
        return None if at is None else max(timedelta(), at - now)


def forecast(samples: Sequence[Sample], cleaned: Sequence[Cleaned] = ()) -> Forecast | None:
    """What one history says, its samples in order of time; None when there is no sample.

    The same history has the same forecast, on every machine.
    """
    if not samples:
        return None
    now = samples[-1].at
    recent = [sample for sample in samples if sample.at > now - WINDOW - timedelta(hours=1)]
    sized = [sample for sample in recent if sample.used is not None]
    points = [Point(each.at.timestamp(), float(each.used or 0)) for each in sized] or [
        Point(each.at.timestamp(), float(each.docker)) for each in recent if each.docker is not None
    ]
    grown = growth(points, cleaned)
    days = grown.days(WINDOW.days)
    rates = _resampled(days)
    size = sized[-1].size if sized else None
    used = points[-1].value if points else 0.0
    future = _Future(now=now, room=None if size is None or len(days) < LEAST.days else size - used)
    rate = fmean(days) if days else grown.rate
    low, high = _band(rates) if rates else (rate, rate)
    rhythm = _Rhythm.of(grown)
    return Forecast(
        made_at=now, days=len(days), size=size, used=round(used), rate=round(rate), low=round(low), high=round(high),
        unattended=future.full(rate, rates, _NOBODY), rhythm=future.full(rate, rates, rhythm),
        cleanups=len(rhythm.falls), kinds=_by_kind(recent, cleaned),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rhythm:
    """How cleanups came: each freed ``freed`` bytes, every so many seconds."""

    falls: tuple[Fall, ...] = ()
    freed: float = 0.0
    every: float = 0.0
    last: float = 0.0

    @classmethod
    def of(cls, grown: Growth) -> "_Rhythm":
        """Small falls are no cleanup that anybody would notice: those below a tenth of the largest."""
        largest = max((fall.size for fall in grown.cleanups), default=0.0)
        falls = tuple(fall for fall in grown.cleanups if fall.size >= largest / 10)
        if not falls:
            return _NOBODY
        between = len(falls) - 1
        span = falls[-1].at - falls[0].at if between else grown.times[-1] - grown.times[0]
        return cls(
            falls=falls,
            freed=fmean(fall.size for fall in falls),
            every=span / max(1, between),
            last=falls[-1].at,
        )


_NOBODY = _Rhythm()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Future:
    now: datetime
    room: float | None
    """Bytes that are free; None: no date can be told."""

    def full(self, rate: float, rates: Sequence[float], rhythm: _Rhythm) -> Full:
        if self.room is None:
            return Full()
        moments = sorted(self._seconds(each, rhythm) for each in rates)
        return Full(
            at=self._date(self._seconds(rate, rhythm)),
            earliest=self._date(_share(moments, BAND[0])),
            latest=self._date(_share(moments, BAND[1])),
        )

    def _seconds(self, rate: float, rhythm: _Rhythm) -> float:
        """How long the room lasts at so many bytes a day; infinite when it does beyond the horizon."""
        room, horizon, speed = self.room or 0.0, HORIZON.total_seconds(), rate / DAY
        if room <= 0:
            return 0.0
        if rate <= 0:
            return float("inf")
        at = 0.0
        due = rhythm.last + rhythm.every - self.now.timestamp()
        while rhythm.every > 0 and at < horizon:
            due = max(due, at)
            if room <= (due - at) * speed:
                break
            room += rhythm.freed - (due - at) * speed
            at, due = due, due + rhythm.every
        full = at + room / speed
        return full if full <= horizon else float("inf")

    def _date(self, seconds: float) -> datetime | None:
        return None if seconds == float("inf") else self.now.astimezone(UTC) + timedelta(seconds=seconds)


def _resampled(days: Sequence[float]) -> list[float]:
    """Rates that the same days could have come to, in order; drawn by the days themselves, the same each time."""
    if not days:
        return []
    seed = zlib.crc32(struct.pack(f"<{len(days)}q", *(round(day) for day in days)))
    draw = random.Random(seed)  # noqa: S311 - it resamples, and keeps no secret
    return sorted(fmean(draw.choices(days, k=len(days))) for _ in range(RESAMPLES))


def _band(rates: Sequence[float]) -> tuple[float, float]:
    return _share(rates, BAND[0]), _share(rates, BAND[1])


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _by_kind(samples: Sequence[Sample], cleaned: Sequence[Cleaned]) -> Mapping[str, int]:
    """By those samples in which all was counted: what one of them lacks would be another's growth."""
    whole = [(sample.at.timestamp(), sample) for sample in samples if sample.docker is not None]
    rates = {
        kind: _rate([Point(at, float(each.kinds[kind].size)) for at, each in whole], cleaned)
        for kind in KINDS
    }
    rest = [Point(at, float(left)) for at, each in whole if (left := each.rest) is not None]
    return {**rates, REST: _rate(rest, cleaned)} if rest else rates


def _rate(points: Sequence[Point], cleaned: Sequence[Cleaned]) -> int:
    return round(growth(points, cleaned).rate)
