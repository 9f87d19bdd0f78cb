"""The prediction: how many bytes a selection frees; exact where that can be known, else a range and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.cache_layers import REGULAR, Holds, match_cache, narrowed
from bot.core.inventory import CONTAINERD_STORE, CacheRecord, Container, Image, Inventory, Kind, Volume
from bot.core.layers import Freed, Sizes, depth_in, freed, measure
from bot.core.plans import Frees
from bot.core.users import Users

_EXACT = "exact: counted layer by layer, shared layers once"
_ESTIMATE = "an estimate: the containerd image store does not tell what its layers share"
_CACHE = "a range: build cache may hold some of these layers"
_NO_IMAGE = "a range: the image of a stopped container is gone, and what it still holds is not reported"
_HOLDS_UNKNOWN = "a range: a kept container's image is gone, and which layers it holds is not reported"
_HISTORY = "a range: the layer sizes of some images are ambiguous"
_UNKNOWN = "a lower bound: the engine does not say how large some objects are"


@dataclass(frozen=True, slots=True)
class Measured:
    """What can be computed once for an inventory, whatever the profile."""

    inventory: Inventory
    sizes: Sizes
    holds: Holds
    users: Users

    @classmethod
    def of(cls, inventory: Inventory) -> "Measured":
        sizes = measure(inventory.images)
        holds = match_cache(inventory.cache, inventory.images, sizes)
        return cls(
            inventory, narrowed(sizes, holds, inventory.cache, inventory.images), holds, Users.of(inventory)
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """What a profile takes, in the order of removal."""

    containers: Sequence[Container]
    images: Sequence[Image]
    records: Sequence[CacheRecord]
    volumes: Sequence[Volume]


ItemSizes = dict[tuple[Kind, str], int]


def predict(measured: Measured, taken: Taken) -> tuple[Frees, ItemSizes, Mapping[str, int]]:
    """What removing these frees: in all, by object, and the sizes of the layers that go by chain id."""
    images = _images(measured, taken)
    sizes: ItemSizes = {(Kind.IMAGE, image_id): size for image_id, size in images.by_image.items()}
    sizes |= {(Kind.CONTAINER, c.id): c.size_rw or 0 for c in taken.containers}
    sizes |= {(Kind.VOLUME, v.name): v.size or 0 for v in taken.volumes}
    sizes |= _records(measured, taken)
    others = sum(size for (kind, _), size in sizes.items() if kind is not Kind.IMAGE)
    low, high = others + images.low, others + images.high
    known = {image.id for image in measured.inventory.images}
    orphans = [c for c in taken.containers if c.image_id not in known]
    high += sum(max((c.size_root_fs or 0) - (c.size_rw or 0), 0) for c in orphans)
    if _holds_unknown(measured.inventory, taken, known):
        low = others
    why = tuple(_reasons(measured, taken, images, orphans, known))
    frees = Frees(low=low, high=max(low, high), exact=not why, why="; ".join(why) or _EXACT)
    return frees, sizes, images.layers


def _images(measured: Measured, taken: Taken) -> Freed:
    if measured.inventory.engine.store == CONTAINERD_STORE:
        return _estimate(taken.images)
    going = {image.id for image in taken.images}
    staying = [image for image in measured.inventory.images if image.id not in going]
    stay = frozenset(chain for image in staying for chain in image.chain_ids)
    every_record = [record.id for record in measured.inventory.cache]
    taken_records = {record.id for record in taken.records}
    kept_records = [record for record in every_record if record not in taken_records]
    # Layers that a taken record holds go with the record, after the images: they count there.
    stay |= _with_lower(measured.holds.certain(every_record), measured.inventory.images)
    may_stay = _with_lower(measured.holds.possible(kept_records), measured.inventory.images)
    if any(_holds_something(record, measured.holds) for record in measured.inventory.cache
           if record.id not in taken_records):  # fmt: skip
        may_stay |= frozenset(chain for image in taken.images for chain in image.chain_ids)
    return freed(taken.images, stay, may_stay, measured.sizes)


def _holds_something(record: CacheRecord, holds: Holds) -> bool:
    """Whether a record holds some image's layer, and nothing tells which."""
    return record.shared and record.type == REGULAR and not holds.of(record.id)


def _with_lower(chains: frozenset[str], images: Iterable[Image]) -> frozenset[str]:
    """These chain ids and all that lie below them: holding a layer holds what it stands on."""
    found = set(chains)
    for image in images:
        found.update(image.chain_ids[: depth_in(image, chains)])
    return frozenset(found)


def _estimate(images: Sequence[Image]) -> Freed:
    own = {i.id: max((i.size or 0) - max(i.shared_size or 0, 0), 0) for i in images}
    return Freed(sum(own.values()), sum(i.size or 0 for i in images), own, {}, ())


def _records(measured: Measured, taken: Taken) -> ItemSizes:
    """Each record's own bytes; where it holds a layer of an image, that layer's, once, unless it stays."""
    inventory, going = measured.inventory, {image.id for image in taken.images}
    taken_records = {record.id for record in taken.records}
    settled = {chain for image in inventory.images if image.id not in going for chain in image.chain_ids}
    settled |= measured.holds.certain(r.id for r in inventory.cache if r.id not in taken_records)
    layers: dict[str, int] = {}
    for image in taken.images:
        layers.update(zip(image.chain_ids, measured.sizes.by_image.get(image.id, ()), strict=False))
    sizes: ItemSizes = {}
    for record in taken.records:
        held = measured.holds.of(record.id)
        if len(held) == 1:
            size = sum(layers[chain] for chain in held - settled)
            settled |= held
        else:
            size = 0 if record.shared else record.size or 0
        sizes[Kind.BUILD_CACHE, record.id] = size
    return sizes


def _holds_unknown(inventory: Inventory, taken: Taken, known: set[str]) -> bool:
    going = {container.id for container in taken.containers}
    return bool(taken.images) and any(
        c.image_id not in known for c in inventory.containers if c.id not in going
    )


def _reasons(
    measured: Measured, taken: Taken, images: Freed, orphans: Sequence[Container], known: set[str]
) -> Iterable[str]:
    if taken.images and measured.inventory.engine.store == CONTAINERD_STORE:
        yield _ESTIMATE
    elif images.unknown:
        yield f"{_UNKNOWN} ({', '.join(images.unknown[:3])})"
    elif images.low != images.high:
        taken_records = {record.id for record in taken.records}
        kept = [record for record in measured.inventory.cache if record.id not in taken_records]
        unsure = any(len(measured.holds.of(r.id)) > 1 or _holds_something(r, measured.holds) for r in kept)
        yield _CACHE if unsure else _HISTORY
    if orphans:
        yield _NO_IMAGE
    if _holds_unknown(measured.inventory, taken, known):
        yield _HOLDS_UNKNOWN
    unsized = [*(c.size_rw for c in taken.containers), *(v.size for v in taken.volumes)]
    if None in unsized or any(r.size is None for r in taken.records):
        yield _UNKNOWN
