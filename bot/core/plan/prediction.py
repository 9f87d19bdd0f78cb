"""The prediction: how many bytes a selection frees; exact where that can be known, else a range and why."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from bot.core.docker.content.bases import MADE_HERE
from bot.core.docker.content.blob_cache import Held, match_records
from bot.core.docker.content.blobs import Content
from bot.core.docker.content.cache import REGULAR, Holds, match_cache, narrowed
from bot.core.docker.content.containers import sized
from bot.core.docker.content.layers import Sizes, measure
from bot.core.docker.content.orphans import stand_ins
from bot.core.docker.inventory import CONTAINERD_STORE, CacheRecord, Container, Image, Inventory, Kind, Volume
from bot.core.docker.users import Users
from bot.core.plan.layered import CACHE, HOLDS_UNKNOWN, TO_KNOW, UNKNOWN, Layered
from bot.core.plan.layered import Taken as Layers
from bot.core.plan.plan import Frees
from bot.core.plan.reasons import Verdict, keep
from bot.core.plan.stored import freed as freed_of_store
from bot.core.plan.stored import holders

FREES_NOTHING = "removing it would free nothing"
_NAME_AND_ID = attrgetter("name", "id")
_EXACT = "exact: counted layer by layer, shared layers once"
_EXACT_STORED = "exact: counted blob by blob and layer by layer, shared ones once"
_ESTIMATE = "an estimate: the containerd image store does not tell what its layers share"
_BASE = "a lower bound: build cache keeps layers of a base image that is gone, and says 0 bytes of them"
_CHANGED = "a lower bound: the engine measured some mounts and sources of builds once, and builds have used them since"

CACHE_MOUNT, SOURCES = "exec.cachemount", "source."
"""Types of records that builds go on writing to."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What can be computed once for an inventory, whatever the profile."""

    inventory: Inventory
    sizes: Sizes
    holds: Holds
    users: Users
    stored: Mapping[str, Held] = field(default_factory=dict)
    """What each build cache record holds of the containerd store, where its content is known."""
    stand_ins: Mapping[str, Image] = field(default_factory=dict)
    """What stands in for the images that were removed from under containers, by the container's id."""

    @classmethod
    def of(cls, inventory: Inventory) -> "Measured":
        users = Users.of(inventory)
        if inventory.content is not None:
            nothing = Sizes({}, {}, {}, {})
            return cls(
                inventory, nothing, Holds({}), users, match_records(inventory.cache, inventory.content)
            )
        orphans = stand_ins(inventory)
        sizes = measure((*inventory.images, *orphans.values()))
        holds = match_cache(inventory.cache, inventory.images, sizes)
        sizes = narrowed(sizes, holds, inventory.cache, inventory.images)
        return cls(inventory, sizes, holds, users, stand_ins=orphans)

    def kept_with(self, going: Collection[str]) -> Mapping[str, str]:
        """What the images that stay hold, while these go, by their ids, each with the name of the first that does.

        Chain ids, and blobs where those are known.
        """
        staying = sorted(
            (i for i in self.inventory.images if i.id not in going), key=_NAME_AND_ID, reverse=True
        )
        content = self.inventory.content
        return {
            held: image.name
            for image in staying
            for held in (image.chain_ids if content is None else content.holds([image.id]))
        }

    def spared(self, record: CacheRecord, kept: Mapping[str, str]) -> Verdict | None:
        """Why a shared record stays beside the images that hold ``kept``: removing it would free nothing."""
        if self.inventory.content is None:
            held = self.holds.of(record.id)
            if not held:
                return keep("shared", "an image holds it too, and which one cannot be told")
        elif self.stored[record.id].own_most:
            return None  # it has a snapshot of its own, whoever else holds the blob
        else:
            held = self.stored[record.id].perhaps
        names = sorted(kept[each] for each in held & kept.keys())
        return keep("shared", f"image {names[0]} stays and holds it too: {FREES_NOTHING}") if names else None


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
    inventory = measured.inventory
    if inventory.content is not None:
        return _stored(measured, inventory.content, taken)
    if inventory.engine.store == CONTAINERD_STORE:
        return _estimated(measured, taken)
    layered = Layered(inventory, measured.sizes, measured.holds, measured.stand_ins)
    found = layered.count(Layers(taken.containers, taken.images, taken.records))
    sizes: ItemSizes = {
        Kind.CONTAINER: found.containers,
        Kind.IMAGE: found.images,
        Kind.BUILD_CACHE: found.records,
        Kind.VOLUME: _volumes(taken),
    }
    volumes = sum(_volumes(taken).values())
    low, high = found.low + volumes, found.high + volumes
    why = [*found.why, *_lower_bounds(measured, taken)]
    return _frees(low, high, taken, why, _EXACT), sizes, found.layers


def _volumes(taken: Taken) -> Mapping[str, int]:
    return {volume.name: volume.size or 0 for volume in taken.volumes}


def _frees(low: int, high: int, taken: Taken, why: Sequence[str], exact: str) -> Frees:
    """A range whose ends are equal is none; what may have changed since it was measured is no lower bound."""
    unsized = [*(c.size_rw for c in taken.containers), *(v.size for v in taken.volumes)]
    reasons = [*why]
    if None in unsized or any(r.size is None for r in taken.records):
        reasons.append(UNKNOWN)
    changed = sum(record.size or 0 for record in taken.records if _has_changed(record))
    if any(_has_changed(record) for record in taken.records):
        reasons.append(_CHANGED)
    low = max(low - changed, 0)
    lacking = TO_KNOW if low == 0 < high else {}
    said = "; ".join(f"{r}: {lacking[r]}" if r in lacking else r for r in dict.fromkeys(reasons))
    return Frees(low=low, high=max(low, high), exact=not reasons, why=said or exact)


def _has_changed(record: CacheRecord) -> bool:
    """What builds write to is measured at the first df and never again [20.10, 26.1 and 28.5]."""
    written = record.type == CACHE_MOUNT or record.type.startswith(SOURCES)
    return written and record.used is not None and record.used > 1


def _stored(measured: Measured, content: Content, taken: Taken) -> tuple[Frees, ItemSizes, Mapping[str, int]]:
    """The same on the containerd store."""
    content = sized(
        content, measured.inventory.containers, (held.perhaps for held in measured.stored.values())
    )
    going = {
        **{(Kind.CONTAINER, c.id): None for c in taken.containers},
        **{(Kind.IMAGE, image.id): None for image in taken.images},
        **{(Kind.BUILD_CACHE, record.id): None for record in taken.records},
    }
    every = {(each.kind, each.id): each for each in holders(measured.inventory, content, measured.stored)}
    staying = [holder for key, holder in every.items() if key not in going]
    found = freed_of_store([every[key] for key in going], staying, content)
    sizes: ItemSizes = {
        **{kind: {i: size for (k, i), size in found.by_object.items() if k is kind} for kind in Kind},
        Kind.VOLUME: _volumes(taken),
    }
    others = sum(_volumes(taken).values())
    low, high = found.low + others, found.high + others
    why = []
    if found.unsized:
        why.append(UNKNOWN)
    elif low != high:
        why.append(HOLDS_UNKNOWN if any(h.unknown for h in staying) else CACHE)
    return _frees(low, high, taken, why, _EXACT_STORED), sizes, found.things


def _estimated(measured: Measured, taken: Taken) -> tuple[Frees, ItemSizes, Mapping[str, int]]:
    """The containerd store, where its content cannot be asked."""
    own = {image.id: _own(image) for image in taken.images}
    sizes: ItemSizes = {
        Kind.CONTAINER: {c.id: c.size_rw or 0 for c in taken.containers},
        Kind.IMAGE: own,
        Kind.BUILD_CACHE: {r.id: 0 if r.shared else r.size or 0 for r in taken.records},
        Kind.VOLUME: _volumes(taken),
    }
    low = sum(sum(of_kind.values()) for of_kind in sizes.values())
    high = low - sum(own.values()) + sum(image.size or 0 for image in taken.images)
    barred = measured.inventory.no_content
    why = [f"{_ESTIMATE} ({barred})" if barred else _ESTIMATE] if taken.images else []
    return _frees(low, high, taken, why, _EXACT), sizes, {}


def _own(image: Image) -> int:
    """What surely is the image's alone: blobs may all be shared, and untagged parents tell nothing at all."""
    if image.size is None or image.shared_size is None:
        return 0
    return max(image.size - image.shared_size - (image.blobs_size or 0), 0)


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
    return record.type == REGULAR and not record.size and not record.description.startswith(MADE_HERE)


def _lower_bounds(measured: Measured, taken: Taken) -> Iterable[str]:
    if _holds_a_lost_base(measured.inventory, taken):
        yield _BASE
