"""Targets: how much of a disk is to be free after a cleanup, and how far one gets."""

import re
from dataclasses import dataclass

from bot.core.docker.usage import DiskSpace
from bot.core.units import human_size, parse_size

_WHOLE = 100
_NUMBER = re.compile(r"([0-9]{1,5})([%MmGgTt]?)[Bb]?")
_PERCENT = re.compile(r"([0-9]{1,3})%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What holds of the disk behind the data root once it is met; of both the stricter counts."""

    free: int = 0
    """Bytes that are free at least."""
    below: int = _WHOLE
    """Percent of it: less than so much is used."""

    def and_also(self, other: "Target") -> "Target":
        return Target(free=max(self.free, other.free), below=min(self.below, other.below))

    def asks_no_more_than(self, other: "Target") -> bool:
        """Whether whatever meets the other meets this one, on every disk."""
        return self.free <= other.free and self.below >= other.below

    def wanted(self, disk: DiskSpace) -> int:
        """Bytes that must be free on this disk; more than its size where the target is beyond it."""
        most_used = -(-disk.size * self.below // _WHOLE) - 1 if self.below < _WHOLE else disk.size
        return max(self.free, disk.size - most_used)

    def __str__(self) -> str:
        """As it is written: ``below=70% free=20GB``; what is read of it again is the same to the byte."""
        below = [f"below={self.below}%"] if self.below < _WHOLE else []
        size = human_size(self.free)
        free = [f"free={size if parse_size(size) == self.free else f'{self.free}B'}"] if self.free else []
        return " ".join([*below, *free])

    def words(self) -> str:
        """``less than 70% full``, ``20GB free``, or both."""
        full = [f"less than {self.below}% full"] if self.below < _WHOLE else []
        free = [f"{human_size(self.free)} free"] if self.free else []
        return " and ".join([*full, *free])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a plan gets towards a target; bytes. For display only."""

    target: Target
    disk: DiskSpace
    frees: int
    """What the plan frees at least."""

    @property
    def wanted(self) -> int:
        """Bytes that the plan must free for it."""
        return max(self.target.wanted(self.disk) - self.disk.free, 0)

    @property
    def lacking(self) -> int:
        """Bytes that are still in the way of it afterwards; 0 where it is met."""
        return max(self.wanted - self.frees, 0)

    @property
    def after(self) -> DiskSpace:
        """The disk once the plan has run."""
        return DiskSpace(size=self.disk.size, free=min(self.disk.free + self.frees, self.disk.size))


def parse_percent(text: str) -> int:
    """Read ``70%``; ValueError says what to write."""
    found = _PERCENT.fullmatch(text)
    if not found or not 0 < int(found[1]) < _WHOLE:
        raise ValueError(f"“{text}” is no share of a disk; write one from 1% to 99%, like 70%")
    return int(found[1])


def parse_free(text: str) -> int:
    """Read ``20GB``; ValueError says what to write."""
    size = parse_size(text)
    if size <= 0:
        raise ValueError(f"“{text}” is no room; write what is to be free on the disk, like 20GB")
    return size


def parse_target(text: str) -> Target:
    """Read ``below=70%``, ``free=20GB`` or both; ValueError says what to write."""
    found: Target | None = None
    for word in text.split():
        key, _, value = word.partition("=")
        if key not in {"below", "free"}:
            raise ValueError(f"“{word}” is no target; write it like below=70%, or free=20GB")
        one = Target(below=parse_percent(value)) if key == "below" else Target(free=parse_free(value))
        found = found.and_also(one) if found else one
    if found is None:
        raise ValueError("a target is missing; write it like below=70%, or free=20GB")
    return found


def target_meant(key: str, value: str) -> str:
    """The argument that was probably meant by a target that cannot be read; empty where nobody can tell."""
    found = _NUMBER.fullmatch(value)
    if not found:
        return ""
    number, unit = int(found[1]), found[2].upper()
    if unit in set("MGT") or (key == "free" and not unit):
        return f"free={number}{unit or 'G'}B"
    share = _WHOLE - number if key == "free" else number
    return f"below={share}%" if 0 < share < _WHOLE else ""
