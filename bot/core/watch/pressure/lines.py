"""Lines: how full a disk may become before it is told, and how empty it has to be before that is over."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.core.units import human_size, parse_size

_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")
_AND = re.compile(r"\s+and\s+")
_EXAMPLE = "write it like 90% (of it is used), 20GB (are left), or 98% and 5GB"


class Level(StrEnum):
    """How bad it is."""

    SOON = "soon"  # foretold: full within hours
    WARN = "warn"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return _LEVELS.index(self)


_LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A disk is at it, or beyond, when each part that is said holds."""

    share: float | None = None
    """At least so much of it is used, from 0 to 1."""
    free: int | None = None
    """At most so many bytes are left."""

    def reached(self, share: float, free: int | None = None) -> bool:
        """Whether a disk is there; ``free`` is None for what has no bytes."""
        if self.share is not None and share < self.share:
            return False
        return self.free is None or free is None or free <= self.free

    def within(self, other: "Line") -> bool | None:
        """Whether whatever reaches the other reaches this one too; None where that hangs on the disk's size."""
        if (self.share is None or other.share is not None) and (self.free is None or other.free is not None):
            return (self.share or 0) <= (other.share or 0) and (
                self.free is None or self.free >= (other.free or 0)
            )
        return None

    def __str__(self) -> str:
        share = "" if self.share is None else f"{self.share * 100:.4g}%"
        return " and ".join(
            part for part in (share, "" if self.free is None else human_size(self.free)) if part
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where a level begins, and the line behind which it is over again: between the two it stays as it is."""

    at: Line
    clears: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The same for how long a disk lasts."""

    at: timedelta
    clears: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """All lines of a host; None: there is no such line."""

    warn: Bounds | None = None
    critical: Bounds | None = None
    inodes_warn: Bounds | None = None
    inodes_critical: Bounds | None = None
    hours: Hours | None = None
    holds: timedelta = timedelta(minutes=1)
    """How long a line has to be reached without a break."""
    clears: timedelta = timedelta(minutes=15)
    """How long it has to be behind the other line."""
    unreachable: timedelta | None = None
    """How long a host may not answer."""
    gap: timedelta = timedelta(hours=1)
    """Looks that are further apart say nothing of the time between."""


def parse_line(text: str) -> Line:
    """Read ``90%``, ``20GB`` or ``98% and 5GB``; ValueError says what is wrong."""
    share: float | None = None
    free: int | None = None
    for part in _AND.split(text.strip()):
        found = _SHARE.fullmatch(part)
        if found and share is None:
            share = float(found[1]) / 100
        elif not found and free is None:
            free = _size(part, text)
        else:
            raise ValueError(f"“{text}” says the same twice; {_EXAMPLE}")
    if share is not None and not 0 < share <= 1:
        raise ValueError(f"“{text}” is no share of a disk; write more than 0% and at most 100%")
    return Line(share=share, free=free)


def _size(part: str, whole: str) -> int:
    try:
        return parse_size(part)
    except ValueError:
        raise ValueError(f"“{part}” in “{whole}” is no line; {_EXAMPLE}") from None
