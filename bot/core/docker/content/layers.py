"""Layers: which images share them, how large each is, and what a removal frees.

A layer is shared if and only if its chain id is equal. The engine does not tell a layer's size: it follows
from the image's history, and from the total size of any image that ends at that layer.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate, combinations
from math import comb

from bot.core.docker.inventory import Image

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
    layers, sized = len(image.chain_ids), image.history
    missing = layers - len(sized)
    if missing:
        sized = tuple(size for size in image.history if size > 0)
        missing = layers - len(sized)
    found = frozenset({sized}) if not missing else _assigned(image.history, missing)
    if found is None or image.size is None:
        return found
    return frozenset(sizes for sizes in found if sum(sizes) == image.size) or None


def layer_times(image: Image, reading: Sequence[int]) -> tuple[datetime | None, ...]:
    """When each layer of an image was made, as one of its readings has them; None where that is not clear.

    Which of the steps without a size made a layer without one does not matter where all were made at one time.
    """
    history, times = image.history or (), image.history_at
    unclear = (None,) * len(reading)
    if len(history) != len(times):
        return unclear
    found: list[datetime | None] = []
    steps, layers = _runs(history), _runs(reading)
    if [size for size, _ in steps] != [size for size, _ in layers]:
        return unclear
    for (size, of_steps), (_, of_layers) in zip(steps, layers, strict=True):
        empty = [times[index] for index in of_steps if not history[index]]
        count = sum(not reading[index] for index in of_layers)
        alike = len(empty) == count or len(set(empty)) == 1
        found += empty[:count] if alike else [None] * count
        found += [times[of_steps[-1]]] if size else []
    return tuple(found) if len(found) == len(reading) else unclear


def _runs(sizes: Sequence[int]) -> list[tuple[int, list[int]]]:
    """The sizes that are not 0, each with the places of it and of the zeros before it; at last 0 and the zeros left."""
    found: list[tuple[int, list[int]]] = []
    places: list[int] = []
    for index, size in enumerate(sizes):
        places.append(index)
        if size:
            found.append((size, places))
            places = []
    return [*found, (0, places)]


def _assigned(history: tuple[int, ...], missing: int) -> frozenset[tuple[int, ...]] | None:
    """All ways to choose which of the entries without a size are layers; None when too many or none."""
    sized = [index for index, size in enumerate(history) if size > 0]
    empty = [index for index, size in enumerate(history) if size == 0]
    if not 0 <= missing <= len(empty) or comb(len(empty), missing) > MOST_ASSIGNMENTS:
        return None
    return frozenset(
        tuple(history[index] for index in sorted((*sized, *chosen)))
        for chosen in combinations(empty, missing)
    )


_NOTHING = frozenset({0})


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large each layer may be together with all below it, by chain id, in bytes; unknown where missing."""

    exact: Mapping[str, int]
    unclear: Mapping[str, frozenset[int]]
    """Where the readings leave several sizes: all of them."""
    by_image: Mapping[str, tuple[int, ...]]
    """One consistent reading per image, to read the engine's answers with."""
    ambiguous: Mapping[str, frozenset[tuple[int, ...]]]
    """The images that can be read in several ways, and every way that all sharing images agree on."""

    def total(self, image: Image, depth: int) -> frozenset[int] | None:
        """Possible sizes of the image's first ``depth`` layers; None when nothing is known."""
        if depth == 0:
            return _NOTHING
        chain = image.chain_ids[depth - 1]
        return frozenset({self.exact[chain]}) if chain in self.exact else self.unclear.get(chain)


def measure(images: Iterable[Image]) -> Sizes:
    """Work out layer sizes: read every history, and keep the readings that all sharing images agree on."""
    images = tuple(image for image in images if image.chain_ids)
    exact: dict[str, int] = {}
    by_image: dict[str, tuple[int, ...]] = {}
    possible: dict[str, frozenset[tuple[int, ...]]] = {}
    for image in images:
        found = readings(image)
        if found is not None and len(found) == 1:
            by_image[image.id] = next(iter(found))
            _add_totals(exact, image, by_image[image.id])
        elif image.size is not None:
            exact.setdefault(image.chain_ids[-1], image.size)
        if found is not None and len(found) > 1:
            possible[image.id] = found
    unclear = _agree([image for image in images if image.id in possible], possible, exact)
    by_image |= {image_id: min(found) for image_id, found in possible.items()}
    ambiguous = {image_id: found for image_id, found in possible.items() if len(found) > 1}
    return Sizes(exact, unclear, by_image, ambiguous)


def _add_totals(exact: dict[str, int], image: Image, sizes: Sequence[int]) -> None:
    """Note the sums of an image's layers from the top down, as far as no other image has."""
    totals = list(accumulate(sizes))
    for chain, total in zip(reversed(image.chain_ids), reversed(totals), strict=True):
        if chain in exact:
            return
        exact[chain] = total


def _agree(
    images: Sequence[Image], possible: dict[str, frozenset[tuple[int, ...]]], exact: dict[str, int]
) -> dict[str, frozenset[int]]:
    """Drop readings that other images speak against, until nothing changes; what then stays unclear.

    Sums that become certain move into ``exact``.
    """
    unclear: dict[str, frozenset[int]] = {}
    changed = True
    while changed:
        changed = False
        for image in images:
            found = possible[image.id]
            agreed = frozenset(sizes for sizes in found if _fits(image, sizes, exact, unclear)) or found
            changed |= agreed != found
            possible[image.id] = agreed
            for chain, values in zip(image.chain_ids, _sums(agreed), strict=True):
                changed |= _narrow(chain, values, exact, unclear)
    return unclear


def _sums(found: Iterable[Sequence[int]]) -> list[frozenset[int]]:
    return [frozenset(column) for column in zip(*(accumulate(sizes) for sizes in found), strict=True)]


def _narrow(
    chain: str, values: frozenset[int], exact: dict[str, int], unclear: dict[str, frozenset[int]]
) -> bool:
    """Intersect what is known of a chain id with these sums; whether that told something new."""
    if chain in exact:
        return False
    narrowed = unclear.get(chain, values) & values or unclear[chain]
    if len(narrowed) == 1:
        exact[chain] = next(iter(narrowed))
        unclear.pop(chain, None)
        return True
    changed = unclear.get(chain) != narrowed
    unclear[chain] = narrowed
    return changed


def _fits(
    image: Image, sizes: Sequence[int], exact: Mapping[str, int], unclear: Mapping[str, frozenset[int]]
) -> bool:
    return all(
        exact[chain] == total if chain in exact else total in unclear.get(chain, (total,))
        for chain, total in zip(image.chain_ids, accumulate(sizes), strict=True)
    )


# --- what a removal frees -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Freed:
    """Bytes that removing images frees, between ``low`` and ``high``; ``by_image`` adds up to ``high``."""

    low: int
    high: int
    by_image: Mapping[str, int]
    layers: Mapping[str, Mapping[str, int]]
    """By image, the sizes of the layers that go with it, by chain id: they add up to its bytes."""
    unknown: tuple[str, ...]
    """Names of images whose layers could not be measured."""


def freed(removed: Sequence[Image], stay: frozenset[str], may_stay: frozenset[str], sizes: Sizes) -> Freed:
    """What removing these images, in this order, frees.

    ``stay`` are chain ids that something else keeps for certain, ``may_stay`` those that something may keep.
    A layer shared by removed images goes, and counts, with the last of them.
    """
    most = _suffixes(removed, stay, sizes, max)
    if may_stay <= stay and not sizes.unclear:
        return most
    return replace(most, low=_suffixes(removed, stay | may_stay, sizes, min).low)


def _parts(image: Image, depth: int, reading: Sequence[int] | None, total: int) -> Mapping[str, int]:
    """The sizes of an image's layers above that depth; where they cannot be told apart, all of it at the topmost."""
    if reading is not None:
        return dict(zip(image.chain_ids[depth:], reading[depth:], strict=False))
    return dict.fromkeys(image.chain_ids[depth:], 0) | {image.chain_ids[-1]: total}


def depth_in(image: Image, chains: AbstractSet[str]) -> int:
    """How many of the image's layers lie at or below the highest one that is among these; 0 when none is."""
    if not chains.isdisjoint(image.chain_ids):
        for depth in range(len(image.chain_ids), 0, -1):
            if image.chain_ids[depth - 1] in chains:
                return depth
    return 0


def _suffixes(
    removed: Sequence[Image], stay: frozenset[str], sizes: Sizes, pick: Callable[[Iterable[int]], int]
) -> Freed:
    """Total the part of each image above what stays or is freed later: never layer by layer.

    A chain id contains all below it, so what stays of an image is always a lower part of it.
    """
    claimed = set(stay)
    by_image: dict[str, int] = {}
    layers: dict[str, Mapping[str, int]] = {}
    unknown: list[str] = []
    for image in reversed(removed):
        depth = depth_in(image, claimed)
        if depth == len(image.chain_ids) and (image.chain_ids or image.size == 0):
            by_image[image.id] = (
                0  # all of it stays, or counts elsewhere, whatever its size; or it is of words alone
            )
            continue
        whole, lower = sizes.total(image, len(image.chain_ids)), sizes.total(image, depth)
        if whole is None or lower is None or not image.chain_ids:
            unknown.append(image.name)
            by_image[image.id] = 0
            continue
        by_image[image.id] = max(pick([top - bottom for top in whole for bottom in lower]), 0)
        layers[image.id] = _parts(image, depth, sizes.by_image.get(image.id), by_image[image.id])
        claimed.update(image.chain_ids[depth:])
    return Freed(sum(by_image.values()), sum(by_image.values()), by_image, layers, tuple(unknown))
