"""Layers: which images share them, how large each is, and what a removal frees.

A layer is shared if and only if its chain id is equal. The engine does not tell a layer's size: it follows
from the image's history, and from the total size of any image that ends at that layer.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, combinations
from math import comb

from bot.core.inventory import CacheRecord, Image

MOST_ASSIGNMENTS = 5_000
"""Histories with more readings than this stay ambiguous; real ones have a handful."""


def chain_ids(diff_ids: Sequence[str]) -> tuple[str, ...]:
    """Chain ids of an image's layers, base first (OCI image specification, "Layer ChainID")."""
    chains: list[str] = []
    for diff_id in diff_ids:
        if not chains:
            chains.append(diff_id)
        else:
            text = f"{chains[-1]} {diff_id}"
            chains.append("sha256:" + hashlib.sha256(text.encode()).hexdigest())
    return tuple(chains)


def readings(image: Image) -> frozenset[tuple[int, ...]] | None:
    """All ways to read an image's history as sizes of its layers; None when there are too many or none.

    A history entry with a size is a layer; one without may be metadata or an empty layer.
    """
    if image.history is None:
        return None
    layers = len(image.chain_ids)
    sized = [index for index, size in enumerate(image.history) if size > 0]
    empty = [index for index, size in enumerate(image.history) if size == 0]
    missing = layers - len(sized)
    if not 0 <= missing <= len(empty) or comb(len(empty), missing) > MOST_ASSIGNMENTS:
        return None
    found = frozenset(
        tuple(image.history[index] for index in sorted((*sized, *chosen)))
        for chosen in combinations(empty, missing)
    )
    if image.size is None:
        return found
    return frozenset(sizes for sizes in found if sum(sizes) == image.size) or None


@dataclass(frozen=True, slots=True)
class Sizes:
    """For each chain id, every size that it and all layers below it may have together, in bytes.

    Exactly known where there is one; unknown where the chain id is missing.
    """

    totals: Mapping[str, frozenset[int]]
    by_image: Mapping[str, tuple[int, ...]]
    """One consistent reading per image, to read the engine's answers with."""

    def total(self, image: Image, depth: int) -> frozenset[int] | None:
        """Possible sizes of the image's first ``depth`` layers; None when nothing is known."""
        if depth == 0:
            return frozenset({0})
        return self.totals.get(image.chain_ids[depth - 1])


def measure(images: Iterable[Image]) -> Sizes:
    """Work out layer sizes: read every history, and keep the readings that all sharing images agree on."""
    images = tuple(image for image in images if image.chain_ids)
    possible = {image.id: found for image in images if (found := readings(image))}
    known: dict[str, frozenset[int]] = {
        image.chain_ids[-1]: frozenset({image.size}) for image in images if image.size is not None
    }
    changed = True
    while changed:
        changed = False
        for image in images:
            found = possible.get(image.id)
            if found is None:
                continue
            agreed = frozenset(sizes for sizes in found if _fits(image, sizes, known)) or found
            sums = [
                frozenset(column) for column in zip(*(accumulate(sizes) for sizes in agreed), strict=True)
            ]
            for chain, values in zip(image.chain_ids, sums, strict=True):
                narrowed = (known[chain] & values or known[chain]) if chain in known else values
                changed |= known.get(chain) != narrowed
                known[chain] = narrowed
            changed |= agreed != found
            possible[image.id] = agreed
    return Sizes(known, {image_id: min(found) for image_id, found in possible.items()})


def _fits(image: Image, sizes: tuple[int, ...], known: Mapping[str, frozenset[int]]) -> bool:
    return all(
        total in known.get(chain, (total,))
        for chain, total in zip(image.chain_ids, accumulate(sizes), strict=True)
    )


# --- layers that the build cache holds ----------------------------------------------------------


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
    FROM made) match any layer, and are narrowed by the records that build on them.
    """
    by_id = {record.id: record for record in records if record.type == "regular"}
    readable = [(image, sizes.by_image[image.id]) for image in images if image.id in sizes.by_image]
    held: dict[str, frozenset[str]] = {}
    for record in by_id.values():
        path = _path(record, by_id)
        if path is not None and (record.shared or record.size == 0):
            held[record.id] = frozenset(_matches(path, readable))
    below = {
        image.chain_ids[depth]: image.chain_ids[depth - 1]
        for image, _ in readable
        for depth in range(1, len(image.chain_ids))
    }
    for record in sorted(by_id.values(), key=lambda r: -len(_path(r, by_id) or ())):
        children = held.get(record.id)
        for parent in record.parents if children else ():
            under = frozenset(below[chain] for chain in children or () if chain in below)
            held[parent] = (held.get(parent, frozenset()) & under) or held.get(parent, frozenset())
    return Holds({record: chains for record, chains in held.items() if chains})


def _path(record: CacheRecord, by_id: Mapping[str, CacheRecord]) -> tuple[CacheRecord, ...] | None:
    """The record's ancestors and itself, root first; None where the way down is not a single line."""
    path = [record]
    while path[-1].parents:
        if len(path[-1].parents) > 1 or path[-1].parents[0] not in by_id or len(path) > len(by_id):
            return None
        path.append(by_id[path[-1].parents[0]])
    return tuple(reversed(path))


def _matches(path: Sequence[CacheRecord], readable: Iterable[tuple[Image, tuple[int, ...]]]) -> Iterator[str]:
    depth = len(path)
    for image, layer_sizes in readable:
        if len(layer_sizes) >= depth and all(
            not record.size or record.size == size
            for record, size in zip(path, layer_sizes[:depth], strict=True)
        ):
            yield image.chain_ids[depth - 1]


# --- what a removal frees -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Freed:
    """Bytes that removing images frees, between ``low`` and ``high``; ``by_image`` adds up to ``high``."""

    low: int
    high: int
    by_image: Mapping[str, int]
    layers: Mapping[str, int]
    unknown: tuple[str, ...]
    """Names of images whose layers could not be measured."""


def freed(removed: Sequence[Image], stay: frozenset[str], may_stay: frozenset[str], sizes: Sizes) -> Freed:
    """What removing these images, in this order, frees.

    ``stay`` are chain ids that something else keeps for certain, ``may_stay`` those that something may keep.
    A layer shared by removed images goes, and counts, with the last of them.
    """
    most = _suffixes(removed, stay, sizes, max)
    least = _suffixes(removed, stay | may_stay, sizes, min)
    return replace(most, low=least.low)


def _suffixes(
    removed: Sequence[Image], stay: frozenset[str], sizes: Sizes, pick: Callable[[Iterable[int]], int]
) -> Freed:
    """Total the part of each image above what stays or is freed later: never layer by layer.

    A chain id contains all below it, so what stays of an image is always a lower part of it.
    """
    claimed = set(stay)
    by_image: dict[str, int] = {}
    layers: dict[str, int] = {}
    unknown: list[str] = []
    for image in reversed(removed):
        depth = max((n for n, chain in enumerate(image.chain_ids, 1) if chain in claimed), default=0)
        whole, lower = sizes.total(image, len(image.chain_ids)), sizes.total(image, depth)
        if whole is None or lower is None or not image.chain_ids:
            unknown.append(image.name)
            by_image[image.id] = 0
            continue
        by_image[image.id] = max(pick(top - bottom for top in whole for bottom in lower), 0)
        reading = sizes.by_image.get(image.id, ())
        layers.update(zip(image.chain_ids[depth:], reading[depth:], strict=False))
        claimed.update(image.chain_ids)
    return Freed(sum(by_image.values()), sum(by_image.values()), by_image, layers, tuple(unknown))
