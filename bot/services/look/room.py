"""Room: of what an engine holds, how much can go now, how much a person may pick, and why the rest stays."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.core.docker.inventory import Inventory, Kind, Volume
from bot.core.docker.usage import DiskUsage
from bot.core.docker.users import Users
from bot.core.plan.plan import Draft
from bot.core.plan.profiles import DEFAULT_PROFILE
from bot.core.plan.selection.selector import ANONYMOUS_LABEL

ENOUGH = 0.5
"""A gentle profile that frees this share of what the most frees is as good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Some volumes; one whose size the engine does not tell adds no bytes."""

    count: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where the bytes of an engine are; they add up to what it holds, in its own figures."""

    most: int
    """What a plan by rules frees at most, without volumes."""
    most_by: str
    """The profile that does; empty where none frees anything."""
    anonymous: Share
    """Volumes without a name of their own that no container mounts."""
    named: Share
    """Volumes with a name that no container mounts: a person may pick them."""
    spared: int
    """What nothing uses, and no rule takes: it is young, or protected."""
    used: int
    """All else: in use, or of what is in use a part."""


def recommended(offers: Iterable[Draft], preferred: Sequence[str] | None) -> Draft | None:
    """The one offer to begin with; None where no rule frees anything.

    That is the default profile; else the first that the policy names, in the order in which it does; else, of what
    the policy leaves open, the gentlest that frees nearly as much as the most. Volumes are never recommended.
    """
    useful = [draft for draft in offers if draft.items and not takes_volumes(draft)]
    by_name = {draft.profile: draft for draft in useful}
    for name in (DEFAULT_PROFILE, *(preferred or ())):
        if name in by_name:
            return by_name[name]
    most = max((draft.frees.high for draft in useful), default=0)
    return next((draft for draft in useful if draft.frees.high >= most * ENOUGH), None)


def takes_volumes(draft: Draft) -> bool:
    """Whether data would go with it for good."""
    return any(item.kind is Kind.VOLUME for item in draft.items)


def room(inventory: Inventory, usage: DiskUsage, offers: Collection[Draft], unused: int) -> Room:
    """``unused`` is what a plan would free that knows neither ages nor protection, and takes no volumes; in bytes."""
    by_rules = [draft for draft in offers if draft.items and not takes_volumes(draft)]
    most = max(by_rules, key=lambda draft: draft.frees.high, default=None)
    free = most.frees.high if most else 0
    users = Users.of(inventory)
    idle = [volume for volume in inventory.volumes if volume.ref_count == 0 and not users.of_volume(volume)]
    anonymous, named = (
        _share(volume for volume in idle if (ANONYMOUS_LABEL in volume.labels) is unnamed)
        for unnamed in (True, False)
    )
    spared = max(unused - free, 0)
    rest = usage.size - free - spared - anonymous.bytes - named.bytes
    return Room(
        most=free, most_by=most.profile if most else "", anonymous=anonymous, named=named, spared=spared,
        used=max(rest, 0),
    )  # fmt: skip


def _share(volumes: Iterable[Volume]) -> Share:
    sizes = [volume.size or 0 for volume in volumes]
    return Share(count=len(sizes), bytes=sum(sizes))
