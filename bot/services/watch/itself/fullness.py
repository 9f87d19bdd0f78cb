"""Fullness: how full a host's disk is now, for what is done by that alone: by what was just seen, else asked afresh."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.docker.usage import DiskSpace
from bot.core.rules.hosts import Hosts
from bot.core.watch.samples import Sample
from bot.ports import Clock, Engines, Ledger, Samples

FRESH = timedelta(minutes=30)
"""What was seen longer ago says nothing of now."""
WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fullness:
    hosts: Callable[[], Hosts]
    engines: Engines
    samples: Samples
    ledger: Ledger
    clock: Clock
    """The database's."""

    def __call__(self, host: str) -> DiskSpace | None:
        """The disk behind a host's data root as it is; None: nobody can see it. HostError, StoreUnavailableError."""
        now = self.clock.now()
        seen = max(self._seen(host, now), key=lambda each: each[0], default=None)
        if seen is not None:
            return seen[1]
        return self.engines.connect(host).glance(WITHIN.total_seconds(), volumes=False).disk

    def _seen(self, host: str, now: datetime) -> list[tuple[datetime, DiskSpace]]:
        """What was seen of it lately: by sampling, and by people and cleanups."""
        fresh, look = self._fresh(host), self.ledger.last_looks([host]).get(host)
        samples = self.samples.history(host, now - fresh)
        found = [*((each.at, _disk(each)) for each in samples), *([(look.at, look.disk)] if look else [])]
        return [(at, disk) for at, disk in found if disk is not None and timedelta() <= now - at <= fresh]

    def _fresh(self, host: str) -> timedelta:
        """Twice its pace, where that is not too long."""
        every = self.hosts().find(host).watch.every
        return FRESH if every is None else min(FRESH, 2 * every)


def _disk(sample: Sample) -> DiskSpace | None:
    if sample.size is None or sample.free is None:
        return None
    return DiskSpace(size=sample.size, free=sample.free)
