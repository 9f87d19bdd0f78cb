"""The last look: given what an object is at the moment of its removal, may it still go.

Pure decisions; each returns None when the object may be removed, else the reason why it is kept. What has
changed since the plan was made, or has come into use, is kept.
"""

from collections.abc import Iterable
from datetime import datetime

from bot.core.inventory import CacheRecord, Container, Image, Network, Volume
from bot.core.plans import Item
from bot.core.selection import REMOVABLE_STATES


def container_objection(now: Container, planned_at: datetime) -> str | None:
    """``planned_at`` is the engine's clock when the plan was made."""
    if now.state not in REMOVABLE_STATES:
        return f"it is {now.state or 'in an unknown state'} now"
    if now.started_at is not None and now.started_at > planned_at:
        return "it has run since the plan was made"
    return None


def image_objection(
    item: Item, now: Image, containers: Iterable[Container], planned_at: datetime
) -> str | None:
    """References may have become fewer (a run that was taken up again), never more."""
    user = next((c for c in containers if c.image_id == now.id or c.image in now.references), None)
    if user:
        return f"container {user.name} uses it now"
    gained = sorted(set(now.references) - set(item.references))
    if gained:
        return f"it has a new reference: {gained[0]}"
    if now.tagged_at is not None and now.tagged_at > planned_at:
        return "it has been tagged or pulled again since the plan was made"
    return None


def network_objection(now: Network, containers: Iterable[Container]) -> str | None:
    user = next((c for c in containers if {now.id, now.name} & set(c.networks)), None)
    if user:
        return f"container {user.name} needs it now"
    return "the engine counts an endpoint on it" if now.in_use else None


def volume_objection(item: Item, now: Volume, containers: Iterable[Container]) -> str | None:
    user = next((c for c in containers if now.name in c.volumes), None)
    if user:
        return f"container {user.name} mounts it now"
    if item.created_at is None or now.created_at != item.created_at:
        return "it is not the volume that was planned: it was created at another time"
    return None


def cache_objection(item: Item, now: CacheRecord) -> str | None:
    if now.in_use:
        return "a build uses it now"
    if now.shared and not item.shared:
        return "an image shares it now"
    return None


def references_to_untag(image: Image) -> tuple[str, ...]:
    """References to take off by name before the image is deleted by id.

    The engine deletes by id what has one tag, or digests of one repository; for more it answers 409. Digests
    of a repository go with its last tag.
    """
    repositories = {_repository(tag) for tag in image.tags}
    alone: dict[str, str] = {
        _repository(digest): digest for digest in image.digests if _repository(digest) not in repositories
    }
    return (*sorted(image.tags), *alone.values())[:-1]


def _repository(reference: str) -> str:
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]
