"""Layers that the build cache holds: which of its records are layers of images."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from bot.core.docker.content.bases import MADE_HERE, told_apart
from bot.core.docker.content.layers import Sizes, layer_times
from bot.core.docker.inventory import CacheRecord, Image

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

    A shared record of type ``regular`` at depth n is layer n of an image; records that a FROM made say 0 bytes,
    match any layer, and are narrowed by what else is known of them (``bases``). A record that is not
    shared holds no layer of any image, whatever its size. Of several layers of one size, a record is the one that
    was made in its second, if one was: a build gives both the same time.
    """
    images = tuple(images)
    forest = _forest(records)
    built_on = {parent for record in forest for parent in record.parents}
    ground = _Matches(0, [
        (image.chain_ids, reading, layer_times(image, reading)) for image in images if image.id in sizes.by_image
        for reading in sizes.ambiguous.get(image.id) or (sizes.by_image[image.id],)
    ])  # fmt: skip
    matches: dict[str, _Matches] = {}
    held: dict[str, frozenset[str]] = {}
    for record in forest:
        if not record.shared and record.id not in built_on:
            continue  # it tells nothing of any image
        standing_on = matches[record.parents[0]] if record.parents else ground
        matches[record.id] = found = standing_on.step(_told(record), record.created_at)
        if record.shared and found is not _NONE:
            held[record.id] = found.chains
    for record in reversed(forest):
        if record.parents and record.id in held:
            parent, below = record.parents[0], matches[record.id].below
            under = frozenset(below[chain] for chain in held[record.id])
            held[parent] = (held.get(parent, frozenset()) & under) or held.get(parent, frozenset())
    held = {record: chains for record, chains in held.items() if chains}
    return Holds(told_apart(held, forest, images, sizes))


def _told(record: CacheRecord) -> int | None:
    """The size of its layer; None where the record does not tell, as those of a FROM: they say 0 bytes."""
    return record.size or (0 if record.description.startswith(MADE_HERE) else None)


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


_Member: TypeAlias = tuple[Sequence[str], Sequence[int], Sequence[datetime | None]]
"""An image's chain ids, the sizes of its layers as one of its readings has them, and when they were made."""


class _Matches:
    """The images whose lowest layers a path of records may be, each with a reading that fits the path."""

    def __init__(self, depth: int, members: Sequence[_Member]) -> None:
        """``members`` have at least ``depth`` layers."""
        self._depth = depth
        self._members = members
        self._by_size: dict[int, list[_Member]] | None = None
        self._steps: dict[tuple[int | None, datetime | None], _Matches] = {}

    @cached_property
    def below(self) -> Mapping[str, str]:
        """The layers that the last record of the path may be, and what each stands on."""
        top = self._depth - 1
        return {chains[top]: chains[top - 1] if top else "" for chains, *_ in self._members}

    @cached_property
    def chains(self) -> frozenset[str]:
        return frozenset(self.below)

    def step(self, size: int | None, at: datetime | None) -> "_Matches":
        """One record further up, worked out once; one of no known size may be any layer."""
        at = at.replace(microsecond=0) if at is not None and size is not None else None
        found = self._steps.get((size, at))
        if found is None:
            fitting = self._fitting(size)
            made_then = {self._chain(m) for m in fitting if at is not None and self._made(m) == at}
            fitting = [member for member in fitting if self._chain(member) in made_then] or fitting
            found = self._steps[size, at] = _Matches(self._depth + 1, fitting) if fitting else _NONE
        return found

    def _chain(self, member: _Member) -> str:
        return member[0][self._depth]

    def _made(self, member: _Member) -> datetime | None:
        at = member[2][self._depth]
        return at and at.replace(microsecond=0)

    def _fitting(self, size: int | None) -> Sequence[_Member]:
        depth = self._depth
        if size is None or len(self._members) == 1:
            return [m for m in self._members if len(m[1]) > depth and size in {None, m[1][depth]}]
        if self._by_size is None:
            self._by_size = {}
            for member in self._members:
                if len(member[1]) > depth:
                    self._by_size.setdefault(member[1][depth], []).append(member)
        return self._by_size.get(size, ())


_NONE = _Matches(0, ())


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
