"""The line: in which order a plan to a target takes objects, across kinds, and which of them free anything at all.

What the least aggressive profile takes comes first, and of that what was unused longest. An object counts as used when
what must go before it was: an image with the container that stands on it, a record with what builds on it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.docker.ages import container_born, image_born
from bot.core.docker.inventory import CacheRecord, Image, Kind
from bot.core.plan.plan import Draft, Item
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import Profile

Key = tuple[Kind, str]
_NOBODY_KNOWS = datetime.max.replace(tzinfo=UTC)
"""What nobody knows the last use of comes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One object in line."""

    item: Item
    number: int
    """From 1 on."""
    level: str
    """The least aggressive profile that takes it."""


def key(item: Item) -> Key:
    return item.kind, item.id


def in_line(
    measured: Measured, profile: Profile, whole: Draft, levels: Callable[[], Sequence[Draft]]
) -> tuple[Place, ...]:
    """The objects of a plan that free something, in their order; ``levels`` are the plans by profile, mildest first."""
    needs = _needs(measured, whole)
    useful = useful_of(measured, whole, needs)
    first = _levels((*levels(), whole))
    ranks: dict[Key, int] = {}
    used: dict[Key, datetime] = {}
    since = _uses(measured, profile, whole)
    for item in whole.items:  # what goes before another one stands before it
        before = needs.get(key(item), frozenset())
        ranks[key(item)] = max(first[key(item)][0], *(ranks[one] for one in before), 0)
        used[key(item)] = max(since[key(item)], *(used[one] for one in before), since[key(item)])
    ordered = sorted(
        (item for item in whole.items if key(item) in useful),
        key=lambda item: (ranks[key(item)], used[key(item)]),
    )
    names = dict(first.values())
    return tuple(
        Place(item=item, number=number, level=names[ranks[key(item)]])
        for number, item in enumerate(ordered, start=1)
    )


def useful_of(
    measured: Measured, plan: Draft, needs: Mapping[Key, frozenset[Key]] | None = None
) -> frozenset[Key]:
    """The objects of a plan without which it would free less, and those that have to go before one of them."""
    needs = _needs(measured, plan) if needs is None else needs
    holds = _holds(measured, plan)
    going = {thing for thing, size in plan.layers.items() if size}
    going.update(
        *(
            holds.get(key(item), frozenset())
            for item in plan.items
            if item.bytes and item.kind is Kind.BUILD_CACHE
        )
    )
    waiting = [
        key(item) for item in plan.items if item.bytes or not going.isdisjoint(holds.get(key(item), ()))
    ]
    found: set[Key] = set()
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += needs.get(one, ())
    return frozenset(found)


def _levels(drafts: Sequence[Draft]) -> Mapping[Key, tuple[int, str]]:
    """Of each object the first plan that takes it: its number, and its profile's name."""
    found: dict[Key, tuple[int, str]] = {}
    for number, one in enumerate(drafts):
        for item in one.items:
            found.setdefault(key(item), (number, one.profile))
    return found


def _uses(measured: Measured, profile: Profile, plan: Draft) -> Mapping[Key, datetime]:
    """When each object of a plan was used last, as far as it alone tells."""
    seen = measured.inventory
    found: dict[Key, datetime | None] = {
        **{(Kind.CONTAINER, one.id): container_born(one).at for one in seen.containers},
        **{(Kind.NETWORK, one.id): one.created_at for one in seen.networks},
        **{(Kind.IMAGE, one.id): image_born(one, seen.taken_at, profile.arrival).at for one in seen.images},
        **{(Kind.BUILD_CACHE, one.id): _used(one) for one in seen.cache},
    }
    return {key(item): found.get(key(item)) or _NOBODY_KNOWS for item in plan.items}


def _used(record: CacheRecord) -> datetime | None:
    return max((at for at in (record.last_used_at, record.created_at) if at), default=None)


def _holds(measured: Measured, plan: Draft) -> Mapping[Key, frozenset[str]]:
    """What the images and records of a plan may hold together with others: layers, and blobs where those are known."""
    content, going = measured.inventory.content, {key(item) for item in plan.items}
    images = {(Kind.IMAGE, one.id): one for one in measured.inventory.images}
    records = [(Kind.BUILD_CACHE, one.id) for one in measured.inventory.cache]
    return {
        **{one: _of_image(measured, image) for one, image in images.items() if one in going},
        **{
            one: measured.holds.of(one[1]) if content is None else measured.stored[one[1]].perhaps
            for one in records
            if one in going
        },
    }


def _of_image(measured: Measured, image: Image) -> frozenset[str]:
    content = measured.inventory.content
    return frozenset(image.chain_ids if content is None else content.holds([image.id]))


def _needs(measured: Measured, plan: Draft) -> Mapping[Key, frozenset[Key]]:
    """What has to go before each object of a plan, of what the plan takes."""
    going = {key(item) for item in plan.items}
    found: dict[Key, set[Key]] = defaultdict(set)
    for image in measured.inventory.images:
        found[Kind.IMAGE, image.id].update((Kind.CONTAINER, user.id) for user in measured.users.all_of(image))
        found[Kind.IMAGE, image.parent].add((Kind.IMAGE, image.id))
    for network in measured.inventory.networks:
        for name in (network.id, network.name):
            users = measured.users.by_network.get(name, ())
            found[Kind.NETWORK, network.id].update((Kind.CONTAINER, user.id) for user in users)
    holds = _holds(measured, plan)
    holders: dict[str, list[Key]] = defaultdict(list)
    for one, things in holds.items():
        for thing in things if one[0] is Kind.IMAGE else ():
            holders[thing].append(one)
    for record in measured.inventory.cache:
        mine = Kind.BUILD_CACHE, record.id
        for parent in record.parents:
            found[Kind.BUILD_CACHE, parent].add(mine)
        for thing in holds.get(mine, ()) if record.shared else ():
            found[mine].update(holders[thing])
    return {one: frozenset(before & going) - {one} for one, before in found.items() if one in going}
