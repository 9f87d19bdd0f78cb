"""Restoring: what of a plan can be pulled again, and where that stands.

An image that was pulled or pushed has a repository digest, and its registry gives the very same content for it.
An image that was only ever built here has none; containers, networks, volumes and build cache come from nowhere.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.docker.inventory import ORDER, Kind
from bot.core.plan.plan import Item, Person


class RestoreStatus(StrEnum):
    WAITING = "waiting"  # asked for; no process has taken it up yet
    RUNNING = "running"  # a process pulls
    ENDED = "ended"  # may be asked for again: what is there stays as it is


class Restored(StrEnum):
    """How the restoring of one image ended."""

    RESTORED = "restored"  # pulled again
    PRESENT = "present"  # it was on the host already
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRestored:
    position: int
    """Which item of the plan it is."""
    outcome: Restored
    reason: str = ""
    """Why it failed, or which of its old names it did not get back, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """The last time that somebody asked for a plan's images again."""

    number: int
    status: RestoreStatus
    asked_by: Person
    asked_at: datetime
    ended_at: datetime | None = None
    images: tuple[ImageRestored, ...] = ()

    def with_outcome(self, outcome: Restored) -> tuple[ImageRestored, ...]:
        return tuple(image for image in self.images if image.outcome is outcome)


def digests(item: Item) -> tuple[str, ...]:
    """References by which the registry gives the very same image again."""
    return tuple(name for name in item.references if "@" in name) if item.kind is Kind.IMAGE else ()


def tags(item: Item) -> tuple[str, ...]:
    return tuple(name for name in item.references if "@" not in name)


def lost_for_good(items: Iterable[Item]) -> dict[Kind, int]:
    """How many objects of each kind nothing can bring back, in the order of removal."""
    counts = Counter(item.kind for item in items if not digests(item))
    return {kind: counts[kind] for kind in ORDER if counts[kind]}
