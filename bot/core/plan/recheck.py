"""The last look: given what an object is at the moment of its removal, may it still go.

Pure decisions; each returns None when the object may be removed, else the reason why it is kept. What has
changed since the plan was made, or has come into use, is kept.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.core.docker.inventory import (
    CacheRecord,
    Container,
    Image,
    Network,
    SwarmService,
    Volume,
    full_reference,
    repository,
)
from bot.core.docker.swarm import needs_image, needs_volume
from bot.core.docker.users import volumes_of
from bot.core.plan.plan import Item
from bot.core.plan.reasons import SERVICES_UNKNOWN
from bot.core.plan.selection.selector import REMOVABLE_STATES

STAYS_WITH_IT = "an image that stays holds it too: removing it would free nothing"


def container_objection(item: Item, now: Container, planned_at: datetime) -> str | None:
    """``planned_at`` is the engine's clock when the plan was made. ``now`` comes with its size."""
    if now.state not in REMOVABLE_STATES:
        return f"it is {now.state} now" if now.state else "the engine does not say whether it runs now"
    if now.started_at is not None and now.started_at > planned_at:
        return "it has run since the plan was made"
    if now.name != item.name:
        return f"it was renamed to {now.name} since the plan was made"
    if now.size_rw is not None and now.size_rw < item.bytes:
        return None  # where its image is gone, the plan counts layers too
    return _written(now.size_rw, item.bytes)


def image_objection(
    item: Item, now: Image, containers: Iterable[Container], planned_at: datetime
) -> str | None:
    """References may have become fewer (a run that was taken up again), never more."""
    user = next(
        (c for c in containers if c.image_id == now.id or full_reference(c.image) in now.references), None
    )
    if user:
        return f"container {user.name} uses it now"
    gained = sorted(set(now.references) - set(item.references))
    if gained:
        return f"it has a new name: {gained[0]}"
    if now.tagged_at is not None and now.tagged_at > planned_at:
        return "it has been tagged or pulled again since the plan was made"
    return None


def gone_with(item: Item, untagged: Collection[str]) -> frozenset[str]:
    """The names of a planned image that go when these are taken off: digests go with tags of their repository."""
    touched = {repository(name) for name in untagged}
    return frozenset(
        name for name in item.references if name in untagged or ("@" in name and repository(name) in touched)
    )


def lost_reference(item: Item, now: Image, untagged: Collection[str] = ()) -> str | None:
    """Whether an image lost a name since the plan by another hand than ours, which took off ``untagged``.

    Then it has changed: somebody may have begun to remove it, or only have meant to.
    """
    lost = sorted(set(item.references) - set(now.references) - gone_with(item, untagged))
    return f"{lost[0]} no longer names it" if lost else None


def service_objection(
    now: Image | Volume, services: Iterable[SwarmService] | None, data_root: str
) -> str | None:
    """``services`` are those that run now; None where the engine is in a swarm and does not tell."""
    if services is None:
        return SERVICES_UNKNOWN if isinstance(now, Volume) or now.references else None
    if isinstance(now, Volume):
        return needs_volume(services, now, data_root) or None
    return needs_image(services, now) or None


def network_objection(now: Network, containers: Iterable[Container]) -> str | None:
    user = next((c for c in containers if {now.id, now.name} & set(c.networks)), None)
    if user:
        return f"container {user.name} needs it now"
    return "the engine counts a container on it" if now.in_use else None


def volume_objection(
    item: Item, now: Volume, containers: Iterable[Container], planned_at: datetime, data_root: str
) -> str | None:
    """The engine tells the time of a volume's creation in whole seconds; 20.10 that of the last change in its folder.

    ``now`` comes with its size, as far as the engine tells it.
    """
    user = next((c for c in containers if now.name in volumes_of(c, data_root)), None)
    if user:
        return f"container {user.name} mounts it now"
    if item.created_at is None or now.created_at != item.created_at:
        return "it is not the volume that was planned: it was written to, or created anew, since"
    if item.created_at + timedelta(seconds=1) > planned_at:
        return "it was created in the second of the plan: it may be a newer one of the same name"
    return _written(now.size, item.bytes) if item.measured else None


def _written(now: int | None, planned: int) -> str | None:
    if now is None:
        return "the engine does not tell what it holds now"
    if now == planned:
        return None
    return f"it was written to since the plan was made: it holds {now:,} bytes now, and held {planned:,} then"


def cache_objection(
    item: Item, now: CacheRecord, planned_at: datetime, *, beside_images: bool = False
) -> str | None:
    """``now`` is the record after the images of the plan: what one shares is shared by an image that stayed.

    ``beside_images``: what the plan counts of one that was shared already is its own; that may be nothing, of one
    that joins others.
    """
    if now.in_use:
        return "a build uses it now"
    if now.last_used_at is not None and now.last_used_at > planned_at:
        return "a build has used it since the plan was made"
    if now.shared and not (beside_images and item.shared):
        return STAYS_WITH_IT if item.shared else "an image holds it now"
    return None


def references_to_untag(image: Image) -> tuple[str, ...]:
    """References to take off by name before the image is deleted by id.

    The engine deletes by id what has one tag, or digests of one repository; for more it answers 409. Digests
    of a repository go with its last tag.
    """
    repositories = {repository(tag) for tag in image.tags}
    alone = sorted(digest for digest in image.digests if repository(digest) not in repositories)
    if alone:
        last = repository(alone[-1])
        return (*sorted(image.tags), *(digest for digest in alone if repository(digest) != last))
    return tuple(sorted(image.tags)[:-1])
