"""Histories whose truth is known: a disk that grows by day and night, in bursts, and is cleaned now and then."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES
from bot.core.watch.samples import Figures, Sample

GB = 1_000_000_000
BEGAN = datetime(2026, 9, 7, 5, 0, tzinfo=UTC)
WEEK = (1.3, 1.25, 1.2, 1.25, 1.2, 0.4, 0.4)
"""How much of the mean comes on each weekday."""
SHARES = {IMAGES: 0.55, CONTAINERS: 0.05, VOLUMES: 0.1, BUILD_CACHE: 0.2}
"""What of all growth each kind has; the rest is in no figure of Docker's."""


@dataclass(frozen=True, kw_only=True)
class Made:
    samples: Sequence[Sample]
    rate: float
    """Bytes a day that truly came, in the long run."""


def made(
    seed: int,
    days: float,
    *,
    rate: float = 6 * GB,
    every: timedelta = timedelta(hours=1),
    cleaned_every: float = 7.0,
    size: int = 2_000 * GB,
    noise: float = 0.03 * GB,
    breath: Callable[[float], float] = lambda _day: 0.0,
) -> Made:
    """A host watched for so many days; ``breath`` is what comes and goes by itself, by the time in days."""
    draw = random.Random(seed)  # noqa: S311 - a history that can be had again
    step = every.total_seconds() / 86_400
    level, day, next_clean = 300.0 * GB, 0.0, cleaned_every * draw.uniform(0.4, 1.0)
    kinds = dict.fromkeys(SHARES, 60.0 * GB)
    found = []
    while day <= days:
        at = BEGAN + timedelta(days=day)
        here = level + breath(day) + abs(draw.gauss(0, noise))
        found.append(_sample(at, here, kinds, size))
        hour = (at.hour + at.minute / 60) / 24
        mean = rate * WEEK[at.weekday()] * (1 + 0.9 * math.sin(2 * math.pi * (hour - 0.35))) * step
        grown = 0.6 * mean * draw.uniform(0.5, 1.5)
        if draw.random() < step * 2:  # two bursts a day bring the other part
            grown += 0.4 * rate / 2 * draw.expovariate(1)
        level += grown
        for kind, share in SHARES.items():
            kinds[kind] += share * grown
        day += step
        if cleaned_every and day >= next_clean:
            gone = 0.9 * (level - 290 * GB) if level > 300 * GB else 0.0
            level -= gone
            for kind in (IMAGES, BUILD_CACHE):
                kinds[kind] -= gone * SHARES[kind] / (SHARES[IMAGES] + SHARES[BUILD_CACHE])
            next_clean += cleaned_every * draw.uniform(0.6, 1.4)
    return Made(samples=found, rate=rate)


def _sample(at: datetime, used: float, kinds: dict[str, float], size: int) -> Sample:
    figures = {k: Figures(count=7, size=round(v), reclaimable=round(v / 2)) for k, v in kinds.items()}
    return Sample(at=at, kinds=figures, size=size, free=size - round(used), took=0.1)
