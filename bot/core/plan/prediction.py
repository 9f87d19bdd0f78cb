"""The prediction: how many bytes a selection frees; exact where that can be known, else a range and why."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.docker.blob_cache import Held, match_records
from bot.core.docker.blobs import Content
from bot.core.docker.cache import REGULAR, Holds, match_cache, narrowed
from bot.core.docker.inventory import CONTAINERD_STORE, CacheRecord, Container, Image, Inventory, Kind, Volume
from bot.core.docker.layers import Freed, Sizes, depth_in, freed, measure
from bot.core.docker.users import Users
from bot.core.plan.plan import Frees
from bot.core.plan.selection import Verdict, keep
from bot.core.plan.stored import freed as freed_of_store
from bot.core.plan.stored import holders

_EXACT = "exact: counted layer by layer, shared layers once"
_EXACT_STORED = "exact: counted blob by blob and layer by layer, shared ones once"
_ESTIMATE = "an estimate: the containerd image store does not tell what its layers share"
_CACHE = "a range: build cache may hold some of these layers"
_NO_IMAGE = "a range: the image of a stopped container is gone, and what it still holds is not reported"
_HOLDS_UNKNOWN = "a range: a kept container's image is gone, and which layers it holds is not reported"
_HISTORY = "a range: the layer sizes of some images are ambiguous"
_BASE = "a lower bound: build cache keeps layers of a base image that is gone, and says 0 bytes of them"
_UNKNOWN = "a lower bound: the engine does not say how large some objects are"

_MADE_BY_RUN = "mount / from exec "
"""How BuildKit describes what a RUN left behind: layers that changed nothing are of size 0 too."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What can be computed once for an inventory, whatever the profile."""

    inventory: Inventory
    sizes: Sizes
    holds: Holds
    users: Users
    stored: Mapping[str, Held] = field(default_factory=dict)
    """What each build cache record holds of the containerd store, where its content is known."""

    @classmethod
    def of(cls, inventory: Inventory) -> "Measured":
        users = Users.of(inventory)
        if inventory.content is not None:
            nothing = Sizes({}, {}, {}, {})
            return cls(
                inventory, nothing, Holds({}), users, match_records(inventory.cache, inventory.content)
            )
        sizes = measure(inventory.images)
        holds = match_cache(inventory.cache, inventory.images, sizes)
        return cls(inventory, narrowed(sizes, holds, inventory.cache, inventory.images), holds, users)

    def kept_with(self, going: Collection[str]) -> frozenset[str]:
        """What the images that stay hold, while these go, by their ids: chain ids, and blobs where those are known."""
        staying = (image for image in self.inventory.images if image.id not in going)
        content = self.inventory.content
        if content is None:
            return frozenset().union(*(image.chain_ids for image in staying))
        return content.holds(image.id for image in staying)

    def spared(self, record: CacheRecord, kept: frozenset[str]) -> Verdict | None:
        """Why a shared record stays beside the images that hold ``kept``: removing it would free nothing."""
        if self.inventory.content is None:
            held = self.holds.of(record.id)
            if not held:
                return keep("shared", "an image shares it, and which one cannot be told")
        elif self.stored[record.id].own_most:
            return None  # it has a snapshot of its own, whoever else holds the blob
        else:
            held = self.stored[record.id].perhaps
        return (
            keep("shared", "an image that stays shares it: removing it would free nothing")
            if held & kept
            else None
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """What a profile takes, in the order of removal."""

    containers: Sequence[Container]
    images: Sequence[Image]
    records: Sequence[CacheRecord]
    volumes: Sequence[Volume]


ItemSizes = Mapping[Kind, Mapping[str, int]]


def predict(measured: Measured, taken: Taken) -> tuple[Frees, ItemSizes, Mapping[str, int]]:
    """What removing these frees: in all, by object, and the sizes of the layers that go by chain id."""
    if measured.inventory.content is not None:
        return _stored(measured, measured.inventory.content, taken)
    stay = _kept_chains(measured.inventory, taken.images)
    images = _images(measured, taken, stay)
    sizes: ItemSizes = {
        Kind.CONTAINER: {c.id: c.size_rw or 0 for c in taken.containers},
        Kind.IMAGE: images.by_image,
        Kind.BUILD_CACHE: _records(measured, taken, stay),
        Kind.VOLUME: {v.name: v.size or 0 for v in taken.volumes},
    }
    others = sum(sum(of_kind.values()) for kind, of_kind in sizes.items() if kind is not Kind.IMAGE)
    low, high = others + images.low, others + images.high
    known = {image.id for image in measured.inventory.images}
    orphans = [c for c in taken.containers if c.image_id not in known]
    high += sum(max((c.size_root_fs or 0) - (c.size_rw or 0), 0) for c in orphans)
    if _holds_unknown(measured.inventory, taken, known):
        low = others
    why = tuple(_reasons(measured, taken, images, orphans, known))
    frees = Frees(low=low, high=max(low, high), exact=not why, why="; ".join(why) or _EXACT)
    return frees, sizes, images.layers


def _stored(measured: Measured, content: Content, taken: Taken) -> tuple[Frees, ItemSizes, Mapping[str, int]]:
    """The same on the containerd store."""
    going = {
        **{(Kind.CONTAINER, c.id): None for c in taken.containers},
        **{(Kind.IMAGE, image.id): None for image in taken.images},
        **{(Kind.BUILD_CACHE, record.id): None for record in taken.records},
    }
    every = {(each.kind, each.id): each for each in holders(measured.inventory, content, measured.stored)}
    staying = [holder for key, holder in every.items() if key not in going]
    found = freed_of_store([every[key] for key in going], staying, content)
    volumes = {v.name: v.size or 0 for v in taken.volumes}
    sizes: ItemSizes = {
        **{kind: {i: size for (k, i), size in found.by_object.items() if k is kind} for kind in Kind},
        Kind.VOLUME: volumes,
    }
    others = sum(volumes.values())
    low, high = found.low + others, found.high + others
    why = []
    if found.unsized:
        why.append(_UNKNOWN)
    elif low != high:
        why.append(_HOLDS_UNKNOWN if any(h.unknown for h in staying) else _CACHE)
    if None in (*(c.size_rw for c in taken.containers), *(v.size for v in taken.volumes)):
        why.append(_UNKNOWN)
    frees = Frees(
        low=low, high=max(low, high), exact=not why, why="; ".join(dict.fromkeys(why)) or _EXACT_STORED
    )
    return frees, sizes, found.things


def _kept_chains(inventory: Inventory, taken: Iterable[Image]) -> frozenset[str]:
    """Chain ids of the images that stay."""
    going = {image.id for image in taken}
    return frozenset().union(*(image.chain_ids for image in inventory.images if image.id not in going))


def _images(measured: Measured, taken: Taken, stay: frozenset[str]) -> Freed:
    if measured.inventory.engine.store == CONTAINERD_STORE:
        return _estimate(taken.images)
    every_record = [record.id for record in measured.inventory.cache]
    taken_records = {record.id for record in taken.records}
    kept_records = [record for record in every_record if record not in taken_records]
    # Layers that a taken record holds go with the record, after the images: they count there.
    stay |= _with_lower(measured.holds.certain(every_record), taken.images)
    may_stay = _with_lower(measured.holds.possible(kept_records) - stay, taken.images)
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
    for image in images if chains else ():
        found.update(image.chain_ids[: depth_in(image, chains)])
    return frozenset(found)


def _own(image: Image) -> int:
    """What surely is the image's alone: blobs may all be shared, and untagged parents tell nothing at all."""
    if image.size is None or image.shared_size is None:
        return 0
    return max(image.size - image.shared_size - (image.blobs_size or 0), 0)


def _estimate(images: Sequence[Image]) -> Freed:
    own = {i.id: _own(i) for i in images}
    return Freed(sum(own.values()), sum(i.size or 0 for i in images), own, {}, ())


def _records(measured: Measured, taken: Taken, stay: frozenset[str]) -> Mapping[str, int]:
    """Each record's own bytes; where it holds a layer of an image, that layer's, once, unless it stays."""
    taken_records = {record.id for record in taken.records}
    kept_records = (r.id for r in measured.inventory.cache if r.id not in taken_records)
    settled = set(stay | measured.holds.certain(kept_records))
    layers: dict[str, int] = {}
    if any(not record.size and len(measured.holds.of(record.id)) == 1 for record in taken.records):
        for image in taken.images:
            layers.update(zip(image.chain_ids, measured.sizes.by_image.get(image.id, ()), strict=False))
    sizes: dict[str, int] = {}
    for record in taken.records:
        held = measured.holds.of(record.id)
        if len(held) == 1:
            size = sum(record.size or layers[chain] for chain in held - settled)
            settled |= held
        else:
            size = 0 if record.shared else record.size or 0
        sizes[record.id] = size
    return sizes


def _holds_unknown(inventory: Inventory, taken: Taken, known: set[str]) -> bool:
    going = {container.id for container in taken.containers}
    return bool(taken.images) and any(
        c.image_id not in known for c in inventory.containers if c.id not in going
    )


def _holds_a_lost_base(inventory: Inventory, taken: Taken) -> bool:
    """Whether a taken record may be a layer of a base image that has gone: the engine says 0 bytes of those.

    A FROM makes the lowest records of a line, one a layer, all of size 0 [measured on 20.10].
    """
    by_id = {record.id: record for record in inventory.cache}
    empty = [record for record in taken.records if record.size == 0 and not record.shared]
    return any(all(map(_may_be_of_a_base, _line(record, by_id))) for record in empty)


def _line(record: CacheRecord, by_id: Mapping[str, CacheRecord]) -> Iterable[CacheRecord]:
    """A record and what it stands on, down to the ground."""
    seen: set[str] = set()
    waiting = [record]
    while waiting:
        record = waiting.pop()
        if record.id not in seen:
            seen.add(record.id)
            yield record
            waiting += [by_id[parent] for parent in record.parents if parent in by_id]


def _may_be_of_a_base(record: CacheRecord) -> bool:
    return record.type == REGULAR and not record.size and not record.description.startswith(_MADE_BY_RUN)


def _reasons(
    measured: Measured, taken: Taken, images: Freed, orphans: Sequence[Container], known: set[str]
) -> Iterable[str]:
    if taken.images and measured.inventory.engine.store == CONTAINERD_STORE:
        barred = measured.inventory.no_content
        yield f"{_ESTIMATE} ({barred})" if barred else _ESTIMATE
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
    if _holds_a_lost_base(measured.inventory, taken):
        yield _BASE
    unsized = [*(c.size_rw for c in taken.containers), *(v.size for v in taken.volumes)]
    if None in unsized or any(r.size is None for r in taken.records):
        yield _UNKNOWN
