"""Pace: how often a host is looked at by itself, and at which moment of its interval."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EVERY = timedelta(minutes=15)
VOLUMES_EVERY = timedelta(hours=6)
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=1)
"""What a history is made of: whole minutes, and days."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    every: timedelta | None = None
    """None: never."""
    volumes_every: timedelta = VOLUMES_EVERY
    """Counting volumes walks all of their files."""


NEVER = Pace()


def slot_of(host: str, every: timedelta, now: datetime) -> datetime:
    """When the interval of a host began that ``now`` lies in: each has its own moment, the same in every process."""
    drawn = int.from_bytes(hashlib.sha256(host.encode("utf-8", "replace")).digest()[:8])
    shift = timedelta(seconds=drawn % max(1, int(every.total_seconds())))
    return now - (now - _EPOCH - shift) % every


def volumes_due(pace: Pace, slot: datetime, counted: datetime | None) -> bool:
    """Whether volumes are counted at this time, given when they were the last time."""
    if counted is None or pace.every is None or counted > slot + pace.volumes_every:  # the clock went back
        return True
    return slot - counted >= pace.volumes_every - pace.every / 2
