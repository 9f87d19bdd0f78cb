"""Restoring: what of a plan can be pulled again, and where that stands.

An image that was pulled or pushed has a repository digest, and its registry gives the very same content for it.
An image that was only ever built here has none; containers, networks, volumes and build cache come from nowhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.docker.inventory import ORDER, Image, Kind
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


class Pullable(StrEnum):
    """What a registry said before an approval, when it was asked for an image that would go."""

    YES = "can be pulled again"
    REFUSED = "registry refuses"
    UNKNOWN = "not checked"  # nobody answered, or not in time


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySays:
    pullable: Pullable
    why: str = ""
    """The registry's words, or what was in the way; for display only."""


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


def restorable_at_all(images: Iterable[Image]) -> frozenset[str]:
    """The ids of the images that came from a registry or were pushed to one; it may have lost them since."""
    return frozenset(image.id for image in images if image.digests)


def pullable(said: Mapping[str, RegistrySays]) -> frozenset[str]:
    """The ids of the images that a registry has just said to have."""
    return frozenset(image_id for image_id, says in said.items() if says.pullable is Pullable.YES)


MOST_NAMED = 3
MOST_OF_A_REASON = 160


def is_said_of(note: str) -> bool:
    """Whether a plan's note is what registries said of its images."""
    return f"{Pullable.YES} (checked" in note or note.startswith((Pullable.REFUSED, f"{Pullable.UNKNOWN}: "))


def said_of(items: Iterable[Item], said: Mapping[str, RegistrySays]) -> str:
    """What registries said of the images that would go, in a sentence; empty when none could be asked for any.

    ``3 images can be pulled again (checked a moment ago); registry refuses 1: app:1 (denied); not checked: 2``.
    """
    asked = [(item, said[item.id]) for item in items if item.id in said]
    parts = []
    for pullable in Pullable:
        found = [(item, says) for item, says in asked if says.pullable is pullable]
        if not found:
            continue
        count = f"{len(found):,} image{'' if len(found) == 1 else 's'}"
        named = [
            f"{item.name} ({says.why[:MOST_OF_A_REASON]})" for item, says in found[:MOST_NAMED] if says.why
        ]
        more = f": {', '.join(named)}{', …' if len(found) > MOST_NAMED else ''}" if named else ""
        words = {
            Pullable.YES: f"{count} {Pullable.YES} (checked a moment ago)",
            Pullable.REFUSED: f"{Pullable.REFUSED} {count}{more}",
            Pullable.UNKNOWN: f"{Pullable.UNKNOWN}: {count}{more.replace(': ', ', ', 1)}",
        }
        parts.append(words[pullable])
    return f"{'; '.join(parts)}." if parts else ""
