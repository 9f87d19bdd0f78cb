"""Layers that the build cache holds: which of its records are layers of images."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.inventory import CacheRecord, Image
from bot.core.layers import Sizes

REGULAR = "regular"
"""The type of the records that may be layers of images."""


@dataclass(frozen=True, slots=True)
class Holds:
    """Which chain ids each build cache record may be: one where it is certain, several where it is not."""

    by_record: Mapping[str, frozenset[str]]

    def certain(self, records: Iterable[str]) -> frozenset[str]:
        """Chain ids that these records surely hold."""
        return frozenset().union(*(held for r in records if len(held := self.of(r)) == 1))

    def possible(self, records: Iterable[str]) -> frozenset[str]:
        """Chain ids that these records may hold."""
        return frozenset().union(*map(self.of, records))

    def of(self, record_id: str) -> frozenset[str]:
        return self.by_record.get(record_id, frozenset())


def match_cache(records: Iterable[CacheRecord], images: Iterable[Image], sizes: Sizes) -> Holds:
    """Tell which image layers the build cache holds, by matching sizes along each record's parents.

    A shared record of type ``regular`` at depth n is layer n of an image; records of size 0 (those that a
    FROM made) match any layer, and are narrowed by the records that build on them. A record that is not
    shared holds no layer of any image, whatever its size.
    """
    forest = _forest(records)
    ground = _ground([image for image in images if image.id in sizes.by_image], sizes)
    matches: dict[str, _Matches] = {}
    held: dict[str, frozenset[str]] = {}
    for record in forest:
        below = matches[record.parents[0]] if record.parents else ground
        matches[record.id] = below.step(record.size)
        if record.shared and matches[record.id].chains:
            held[record.id] = matches[record.id].chains
    for record in reversed(forest):
        for parent in record.parents if record.id in held else ():
            under = frozenset(ground.tree.below[chain] for chain in held[record.id])
            held[parent] = (held.get(parent, frozenset()) & under) or held.get(parent, frozenset())
    return Holds({record: chains for record, chains in held.items() if chains})


def _forest(records: Iterable[CacheRecord]) -> list[CacheRecord]:
    """Records that stand on a single line of known parents, every parent before its children."""
    children: dict[str, list[CacheRecord]] = defaultdict(list)
    level: list[CacheRecord] = []
    for record in records:
        if record.type == REGULAR and not record.parents:
            level.append(record)
        elif record.type == REGULAR and len(record.parents) == 1:
            children[record.parents[0]].append(record)
    found: list[CacheRecord] = []
    while level:
        found += level
        level = [child for record in level for child in children.get(record.id, ())]
    return found


# --- matching -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tree:
    """The layers of all images that can be read in one way only: what stands on what, and how large it is."""

    above: Mapping[str, Sequence[str]]
    """The chain ids that stand on one; ``""`` is the ground."""
    below: Mapping[str, str]
    size: Mapping[str, int]
    """Of the layer alone."""


@dataclass(slots=True)
class _Matches:
    """The layers that a path of records may be, and what the next record on it may be: worked out once."""

    tree: _Tree
    depth: int
    clear: Sequence[str]
    unclear: Sequence[tuple[Image, tuple[int, ...]]]
    """Images with one of their several readings, that fit the path so far."""
    chains: frozenset[str] = frozenset()
    _above: dict[int, list[str]] | None = None
    _steps: dict[int, "_Matches"] = field(default_factory=dict)

    def step(self, size: int | None) -> "_Matches":
        """One record further up; one of size 0, or of unknown size, may be any layer."""
        known = self._steps.get(size or 0)
        if known is None:
            known = self._steps[size or 0] = self._step(size or 0)
        return known

    def _step(self, size: int) -> "_Matches":
        clear = self._by_size().get(size, ()) if size else [c for c, _ in self._standing()]
        unclear = [
            (image, reading) for image, reading in self.unclear
            if len(reading) > self.depth and size in {0, reading[self.depth]}
        ]  # fmt: skip
        held = frozenset((*clear, *(image.chain_ids[self.depth] for image, _ in unclear)))
        return _Matches(self.tree, self.depth + 1, clear, unclear, held)

    def _standing(self) -> Iterable[tuple[str, int]]:
        """The chain ids that stand on these, and the size of the own layer of each."""
        size = self.tree.size
        return ((above, size[above]) for chain in self.clear for above in self.tree.above.get(chain, ()))

    def _by_size(self) -> Mapping[int, Sequence[str]]:
        if self._above is None:
            self._above = {}
            for chain, size in self._standing():
                self._above.setdefault(size, []).append(chain)
        return self._above


def _ground(images: Sequence[Image], sizes: Sizes) -> _Matches:
    above: dict[str, list[str]] = {}
    below: dict[str, str] = {}
    size: dict[str, int] = {}
    for image in images:
        reading = sizes.by_image[image.id]
        clear = image.id not in sizes.ambiguous
        for depth in range(len(image.chain_ids) - 1, -1, -1):
            chain, under = image.chain_ids[depth], image.chain_ids[depth - 1] if depth else ""
            if chain in size:
                break
            below[chain] = under
            if clear:
                size[chain] = reading[depth]
                above.setdefault(under, []).append(chain)
    unclear = [
        (image, reading) for image in images for reading in sizes.ambiguous.get(image.id, ())
    ]  # fmt: skip
    return _Matches(_Tree(above, below, size), 0, ("",), unclear)


# --- what the records tell about the images -----------------------------------------------------


def narrowed(sizes: Sizes, holds: Holds, records: Iterable[CacheRecord], images: Iterable[Image]) -> Sizes:
    """Drop the readings of an image that the records which surely hold its layers speak against."""
    if not sizes.ambiguous:
        return sizes
    paths = _certain_paths(records, holds)
    exact, unclear = dict(sizes.exact), dict(sizes.unclear)
    by_image, ambiguous = dict(sizes.by_image), dict(sizes.ambiguous)
    for image in images:
        if image.id not in ambiguous:
            continue
        own = [
            path for depth, chain in enumerate(image.chain_ids, 1) for path in paths.get((chain, depth), ())
        ]
        found = frozenset(r for r in ambiguous[image.id] if all(_agrees(path, r) for path in own))
        if not found:
            continue
        ambiguous[image.id], by_image[image.id] = found, min(found)
        if len(found) == 1:
            del ambiguous[image.id]
        for depth, chain in enumerate(image.chain_ids, 1):
            values = frozenset(sum(reading[:depth]) for reading in found)
            left = unclear.get(chain, frozenset()) & values
            if chain in unclear and left:
                unclear[chain] = left
            if len(left) == 1:
                exact[chain] = next(iter(unclear.pop(chain)))
    return Sizes(exact, unclear, by_image, ambiguous)


def _certain_paths(
    records: Iterable[CacheRecord], holds: Holds
) -> Mapping[tuple[str, int], list[Sequence[int]]]:
    """Sizes along the paths of the records that surely hold a layer, by its chain id and depth."""
    sizes_of: dict[str, tuple[int, ...]] = {}
    paths: dict[tuple[str, int], list[Sequence[int]]] = defaultdict(list)
    for record in _forest(records):
        below = sizes_of[record.parents[0]] if record.parents else ()
        sizes_of[record.id] = path = (*below, record.size or 0)
        held = holds.of(record.id)
        if len(held) == 1:
            paths[next(iter(held)), len(path)].append(path)
    return paths


def _agrees(path: Sequence[int], reading: Sequence[int]) -> bool:
    """Whether records of these sizes may be these layers; one of size 0 may be any."""
    return all(not size or size == layer for size, layer in zip(path, reading, strict=False))
