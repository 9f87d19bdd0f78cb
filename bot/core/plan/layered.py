"""What a selection frees on the overlay2 store: layers that no image, container or build cache holds any more."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.docker.content.cache import REGULAR, Holds
from bot.core.docker.content.layers import Sizes, depth_in, freed
from bot.core.docker.content.orphans import FOLDER, lost
from bot.core.docker.inventory import CacheRecord, Container, Image, Inventory

CACHE = "a range: build cache may hold some of these layers"
NO_IMAGE = "a range: the image of a stopped container is gone, and what it still holds is not reported"
HOLDS_UNKNOWN = "a range: a kept container's image is gone, and which layers it holds is not reported"
SHARES_UNKNOWN = "a range: a container's image is gone, and build cache may be what that container stands on"
HISTORY = "a range: the layer sizes of some images are ambiguous"
TWICE = "a range: a loaded image holds one layer twice, and some engines leave such layers on the disk"
TOGETHER = "a range: loaded images share layers, and some engines leave on the disk what one archive held several times"
UNKNOWN = "a lower bound: the engine does not say how large some objects are"
_STANDS_ON = "what that container stands on would have to be known"
TO_KNOW = {
    CACHE: "which layers its records hold would have to be known",
    NO_IMAGE: _STANDS_ON,
    HOLDS_UNKNOWN: _STANDS_ON,
    SHARES_UNKNOWN: _STANDS_ON,
    HISTORY: "which of their steps made layers would have to be known",
    TWICE: "whether it was loaded or pulled would have to be known",
    TOGETHER: "whether one archive held them would have to be known",
}
"""What a range lacks of which not even a byte is sure."""

LEAVES_NOTHING = frozenset({"1.40", "1.41"})
"""The API of engines that let go of all that they loaded."""
_WITHOUT_END = 2**63
_NONE = -1.0
"""Bytes: not even an empty layer fits."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a profile takes of what holds layers, in the order of removal."""

    containers: Sequence[Container]
    images: Sequence[Image]
    records: Sequence[CacheRecord]


@dataclass(frozen=True, slots=True)
class Count:
    """Bytes between ``low`` and ``high``, and why they differ; by object they add up to ``high``.

    One thing is in ``high`` alone: what a container may hold of an image that is gone, where nobody tells what.
    """

    low: int
    high: int
    containers: Mapping[str, int]
    images: Mapping[str, int]
    records: Mapping[str, int]
    layers: Mapping[str, int]
    """The layers that go with images, by chain id."""
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Layered:
    """One engine's layers, and what holds them."""

    inventory: Inventory
    sizes: Sizes
    holds: Holds
    stand_ins: Mapping[str, Image]
    """In the place of images that are gone, by their container's id."""

    def count(self, taken: Taken) -> Count:
        """What removing these frees."""
        going = {c.id for c in taken.containers} | {image.id for image in taken.images}
        orphans = [self.stand_ins[c.id] for c in taken.containers if c.id in self.stand_ins]
        removed = [*orphans, *taken.images]
        taken_records = {record.id for record in taken.records}
        kept = [record for record in self.inventory.cache if record.id not in taken_records]
        stay = self._kept(going) | _with_lower(self.holds.certain(r.id for r in kept), removed)
        may_stay = _with_lower(self.holds.possible(r.id for r in kept), removed) - stay
        gone = lost(self.inventory)
        room = math.inf if gone else max(map(self._own, self.stand_ins.values()), default=_NONE)
        doubts = list(self._doubts(taken, removed, kept, room, unknown=any(c.id not in going for c in gone)))
        for _, chains in doubts:
            may_stay |= chains - stay
        # Layers that a taken record holds go with the record, after the images: they count there.
        with_records = stay | _with_lower(self.holds.certain(taken_records), removed)
        images = freed(removed, with_records, may_stay - with_records, self.sizes)
        most = self._records(taken, stay)
        least = self._records(taken, stay | may_stay, room)
        containers = {c.id: (c.size_rw or 0) + images.by_image.get(c.id, 0) for c in taken.containers}
        lost_with = [c for c in gone if c.id in going]
        own = sum(c.size_rw or 0 for c in taken.containers)
        low = own + images.low + sum(least.values())
        high = own + images.high + sum(most.values()) + sum(map(_stands_on, lost_with))
        if (
            not any(chains or why != CACHE for why, chains in doubts)
            and not self.sizes.unclear
            and not lost_with
        ):
            low = max(low, high - self._at_most(kept))
        return Count(
            low=low,
            high=max(low, high),
            containers=containers,
            images={image.id: images.by_image[image.id] for image in taken.images},
            records=most,
            layers={c: s for image in taken.images for c, s in images.layers.get(image.id, {}).items()},
            why=tuple(self._why(images.unknown, lost_with, doubts, unsure=low != high)),
        )

    def _at_most(self, kept: Iterable[CacheRecord]) -> int:
        """Bytes that those of which it is not known what they hold can hold: each is one of the layers it may be."""
        unsure = [held for record in kept if len(held := self.holds.of(record.id)) > 1]
        return sum(max(self.sizes.exact.get(chain, _WITHOUT_END) for chain in held) for held in unsure)

    def _kept(self, going: set[str]) -> frozenset[str]:
        """Chain ids of the images that stay, and of what stands in for those that are gone."""
        staying = [
            image for image in (*self.inventory.images, *self.stand_ins.values()) if image.id not in going
        ]
        return frozenset().union(*(image.chain_ids for image in staying))

    def _doubts(
        self,
        taken: Taken,
        removed: Sequence[Image],
        kept: Sequence[CacheRecord],
        room: float,
        *,
        unknown: bool,
    ) -> Iterable[tuple[str, frozenset[str]]]:
        """Why layers may stay of which nothing tells that they do, and which."""
        every = frozenset(chain for image in removed for chain in image.chain_ids)
        every |= self.holds.possible(record.id for record in taken.records)
        if any(record.shared and record.type == REGULAR and not self.holds.of(record.id) for record in kept):
            yield CACHE, every
        if any(len(self.holds.of(record.id)) > 1 for record in kept):
            yield CACHE, frozenset()
        if unknown and every:
            yield HOLDS_UNKNOWN, every
        smallest = min((record.size or 0 for record in kept if _is_own(record)), default=None)
        under = frozenset(
            chain for one in removed if smallest is not None and smallest <= self._own(one)
            for chain in one.chain_ids if chain.startswith(FOLDER)
        )  # fmt: skip
        if under or any(_fits(record, room) for record in taken.records):
            yield SHARES_UNKNOWN, under
        twice = frozenset(c for image in taken.images if _leaks(image) for c in image.chain_ids)
        if twice:
            yield TWICE, twice
        together = self._loaded_together() & {chain for image in taken.images for chain in image.chain_ids}
        if together:
            yield TOGETHER, together

    def _loaded_together(self) -> frozenset[str]:
        """Layers of several loaded images, which the engine leaves behind if one archive held them [26.1, 28.5].

        20.10 does not.
        """
        if self.inventory.engine.api_version in LEAVES_NOTHING:
            return frozenset()
        times = Counter(c for i in self.inventory.images if _is_loaded(i) for c in i.chain_ids)
        return frozenset(chain for chain, count in times.items() if count > 1)

    def _why(
        self,
        unknown: Sequence[str],
        lost_with: Sequence[Container],
        doubts: Sequence[tuple[str, object]],
        *,
        unsure: bool,
    ) -> Iterable[str]:
        if unknown:
            yield f"{UNKNOWN} ({', '.join(unknown[:3])})"
        if any(c.size_root_fs is None or _stands_on(c) for c in lost_with):
            yield NO_IMAGE
        elif unsure and not unknown and not doubts:
            yield HISTORY
        if unsure:
            yield from dict.fromkeys(reason for reason, _ in doubts)

    def _own(self, stand_in: Image) -> float:
        """Bytes that the layers of a container at the most have whose image is gone, and that no image has."""
        if not any(chain.startswith(FOLDER) for chain in stand_in.chain_ids[-1:]):
            return _NONE  # an image has all of it
        if stand_in.size is None:
            return math.inf
        known = next((c for c in reversed(stand_in.chain_ids) if not c.startswith(FOLDER)), None)
        return stand_in.size - (0 if known is None else self.sizes.exact.get(known, 0))

    def _records(self, taken: Taken, stay: frozenset[str], room: float = _NONE) -> Mapping[str, int]:
        """Each record's own bytes; where it holds a layer of an image, that layer's, once, unless it stays.

        None of a record that may be what a container stands on whose image is gone: those have ``room`` for so much.
        """
        settled = set(stay)
        layers: dict[str, int] = {}
        if any(not record.size and len(self.holds.of(record.id)) == 1 for record in taken.records):
            for image in taken.images:
                layers.update(zip(image.chain_ids, self.sizes.by_image.get(image.id, ()), strict=False))
        sizes: dict[str, int] = {}
        for record in taken.records:
            held = self.holds.of(record.id)
            if len(held) == 1:
                size = sum(record.size or layers.get(chain, 0) for chain in held - settled)
                settled |= held
            elif record.shared or _fits(record, room):
                size = 0
            else:
                size = record.size or 0
            sizes[record.id] = size
        return sizes


def _is_own(record: CacheRecord) -> bool:
    """Whether it may be a layer of an image that is gone."""
    return not record.shared and record.type == REGULAR


def _fits(record: CacheRecord, room: float) -> bool:
    return _is_own(record) and (record.size or 0) <= room


def _stands_on(container: Container) -> int:
    """Bytes of what it stands on, all of it."""
    return max((container.size_root_fs or 0) - (container.size_rw or 0), 0)


def _leaks(image: Image) -> bool:
    """``docker load`` of an image that holds one layer twice leaves its layers behind for ever [26.1, 28.5].

    Nothing tells that it was loaded but that it was never tagged here.
    """
    return image.repeats and image.tagged_at is None


def _is_loaded(image: Image) -> bool:
    """Whether it has names that nobody gave it here, and that no registry did: it may have been tagged since."""
    return bool(image.tags) and not image.digests and image.tagged_at is None


def _with_lower(chains: frozenset[str], images: Iterable[Image]) -> frozenset[str]:
    """These chain ids and all that lie below them: holding a layer holds what it stands on."""
    found = set(chains)
    for image in images if chains else ():
        found.update(image.chain_ids[: depth_in(image, chains)])
    return frozenset(found)
