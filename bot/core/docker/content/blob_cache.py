"""Which blobs and snapshots of the containerd store each build cache record holds, read off sizes, parents and times.

A record that a build made holds its blob, packed in one or several ways, and a snapshot of its own: an image that was
exported from it has another. One that a FROM made holds the blob and the snapshot of the image itself.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import TypeAlias

from bot.core.docker.content.blobs import Blob, Content
from bot.core.docker.content.layers import chain_ids
from bot.core.docker.inventory import CacheRecord

LAYERED = frozenset({"regular", "internal", "frontend"})
"""The types of the records that hold layers; others hold what is theirs alone."""
PULLED = "pulled from "
LAST_STEP = re.compile(r"^\[(\S+ )?(\d+)/\2\] ")
"""What stands on a record of its Dockerfile's last step is of another Dockerfile."""
BLOCK = 512
"""Disks count in these."""
MOST_PATHS = 64
"""Readings of what a record stands on; real ones have one or two."""

Path: TypeAlias = tuple[str, ...]
"""What is unpacked of a record and of all below it, lowest first."""


@dataclass(frozen=True, slots=True)
class Match:
    """One thing that a record may be: what it holds of the store, and how many bytes are its own."""

    holds: frozenset[str]
    own: int
    path: Path = ()
    unknown: bool = False
    """Whether it holds a snapshot besides that nobody tells the size of."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a record holds, in every way that it can be read; none: a record that holds what is its own alone."""

    ways: tuple[Match, ...]
    size: int

    @property
    def surely(self) -> frozenset[str]:
        return frozenset.intersection(*(way.holds for way in self.ways)) if self.ways else frozenset()

    @property
    def perhaps(self) -> frozenset[str]:
        return frozenset().union(*(way.holds for way in self.ways))

    @property
    def own_least(self) -> int:
        return min((way.own for way in self.ways), default=self.size)

    @property
    def own_most(self) -> int:
        return max((way.own for way in self.ways), default=self.size)

    @property
    def unknown(self) -> bool:
        return any(way.unknown for way in self.ways)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One place of a layer in an image."""

    blob: Blob
    chain_id: str
    path: Path
    whole: frozenset[frozenset[str]]
    """Manifests, with what names each, of the images that end here and that a registry is known to have."""
    made_at: datetime | None


def match_records(records: Iterable[CacheRecord], content: Content) -> Mapping[str, Held]:
    """What every record holds, by its id.

    Something holds every blob that is there: one of no image and no build that no record seems to hold either shows
    that a record was read as another layer of that size, and may be any of those that fit.
    """
    records = tuple(records)
    found = _Matching(content, records).all()
    claimed = content.by_history.union(*(held.perhaps for held in found.values()))
    loose = frozenset(blob.digest for blob in bare(content) if blob.digest not in claimed)
    return _Matching(content, records, loose).all() if loose else found


def bare(content: Content) -> list[Blob]:
    """Blobs of layers that are in no image any more."""
    return [blob for blob in content.blobs.values() if blob.diff_id and blob.digest not in content.layers]


@dataclass(slots=True)
class _Matching:
    content: Content
    records: Sequence[CacheRecord]
    loose: frozenset[str] = frozenset()
    """Blobs that may be any record's that they fit."""
    found: dict[str, Held] = field(default_factory=dict)
    children: dict[str, list[CacheRecord]] = field(default_factory=lambda: defaultdict(list))
    by_size: dict[int, list[_Layer]] = field(default_factory=lambda: defaultdict(list))
    by_time: dict[datetime, list[_Layer]] = field(default_factory=lambda: defaultdict(list))
    unsized: list[_Layer] = field(default_factory=list)
    """Of images that have gone, and that a record of a build's history still names."""
    bare: list[Blob] = field(default_factory=list)

    def all(self) -> Mapping[str, Held]:
        self._read_images()
        for record in self.records:
            for parent in record.parents:
                self.children[parent].append(record)
        for record in _parents_first(self.records):
            self.found[record.id] = self._held(record)
        return {record.id: self.found.get(record.id) or Held((), record.size or 0) for record in self.records}

    def _read_images(self) -> None:
        content = self.content
        whole = self._whole_images()
        for manifest in content.manifests.values():
            for place, (digest, chain) in enumerate(zip(manifest.layers, manifest.chain_ids, strict=False)):
                blob = content.blobs.get(digest)
                if blob is None:
                    continue
                layer = _Layer(
                    blob=blob,
                    chain_id=chain,
                    path=manifest.diff_ids[: place + 1],
                    whole=frozenset(whole.get(chain, ())),
                    made_at=manifest.made_at[place] if manifest.made_at else None,
                )
                packed = self._packed(blob)
                unpacked = content.snapshots.get(chain)
                for size in {packed} | ({packed + unpacked} if unpacked is not None else set()):
                    self.by_size[size].append(layer)
                if layer.made_at is not None:
                    self.by_time[layer.made_at].append(layer)
                if unpacked is None:
                    self.unsized.append(layer)
        self.bare = bare(content)

    def _whole_images(self) -> Mapping[str, set[frozenset[str]]]:
        """By its topmost snapshot: the manifest of each image that a registry is known to have, and what names it."""
        content = self.content
        naming: dict[str, list[str]] = defaultdict(list)
        for blob in content.blobs.values():
            for digest in blob.refers_to if blob.sourced else ():
                naming[digest].append(blob.digest)
        found: dict[str, set[frozenset[str]]] = defaultdict(set)
        for manifest in content.manifests.values():
            both = [content.blobs.get(digest) for digest in (manifest.digest, manifest.config)]
            if manifest.chain_ids and all(blob is not None and blob.sourced for blob in both):
                itself = frozenset({manifest.digest, manifest.config, *naming[manifest.digest]})
                found[manifest.chain_ids[-1]].add(itself)
        return found

    def _packed(self, blob: Blob) -> int:
        return blob.size + sum(self.content.blobs[v].size for v in blob.variants if v in self.content.blobs)

    def _held(self, record: CacheRecord) -> Held:
        size = record.size or 0
        if record.type not in LAYERED:
            return Held((), size)
        paths = self._under(record)
        if len(record.parents) > 1:
            return Held(tuple(Match(frozenset(), size, path) for path in paths), size)
        ways = [way for layer in self._layers(record, paths, size) for way in self._ways(record, layer, size)]
        return Held(tuple(dict.fromkeys(ways)), size)

    def _under(self, record: CacheRecord) -> list[Path]:
        """What a record may stand on; several parents are laid one on the other, as COPY --link does."""
        below = [
            list(dict.fromkeys(way.path for way in held.ways)) if (held := self.found.get(parent)) else []
            for parent in record.parents
        ]
        combined = [tuple(diff for path in paths for diff in path) for paths in product(*below)]
        return combined[:MOST_PATHS]

    def _layers(self, record: CacheRecord, paths: Sequence[Path], size: int) -> Sequence[_Layer]:
        """The places that a record may be, by the surest sign that there is.

        A build gives its record and the step of the image's history the same moment. Next to it, it is on what the
        record stands on. Else its image has gone, or it was linked to another place: then its blob was packed at
        the end of its build, unless one of the same content was there before.
        """
        fitting = [layer for layer in self.by_size.get(size, ()) if self._made_so(record, layer, size)]
        standing = [layer for layer in fitting if layer.path[:-1] in paths]
        left = self._bare(record, paths, size)
        loose = [*{layer.blob: layer for layer in reversed(left) if layer.blob.digest in self.loose}.values()]
        if _is_from(record):
            return [*(standing or fitting), *loose] or left
        fitting += [layer for layer in self.unsized if self._made_of(layer.blob, size)]
        standing = [layer for layer in fitting if layer.path[:-1] in paths]
        at_once = self._at_once(record, fitting, size)
        if found := [layer for layer in at_once if layer.path[:-1] in paths] or at_once:
            return found
        if standing:
            return [*standing, *loose]
        fitting += left
        later = [
            layer for layer in fitting
            if record.created_at and layer.blob.created_at and layer.blob.created_at >= record.created_at
        ]  # fmt: skip
        first = min((layer.blob.created_at for layer in later if layer.blob.created_at), default=None)
        return [layer for layer in later if layer.blob.created_at == first or layer in loose] or fitting

    def _at_once(self, record: CacheRecord, fitting: Sequence[_Layer], size: int) -> list[_Layer]:
        """The layers of the moment that a record was made in.

        One whose size does not fit may be it: of what is unpacked the folders take more blocks in some places.
        """
        made = self.by_time.get(record.created_at, ()) if record.created_at is not None else ()
        return [layer for layer in made if layer in fitting or self._made_of(layer.blob, size)]

    def _made_so(self, record: CacheRecord, layer: _Layer, size: int) -> bool:
        """Whether a record of this kind can be this layer: built ones have blobs that say so."""
        return _is_from(record) or (layer.blob.built and size != self._packed(layer.blob)) or not size

    def _made_of(self, blob: Blob, size: int) -> bool:
        """Whether a record of this size can hold this blob, and a snapshot of whole blocks."""
        left = size - self._packed(blob)
        return blob.built and left > 0 and left % BLOCK == 0

    def _ways(self, record: CacheRecord, layer: _Layer, size: int) -> Iterable[Match]:
        packed = self._packed(layer.blob)
        holds = frozenset({layer.blob.digest, *(v for v in layer.blob.variants if v in self.content.blobs)})
        unknown = False
        if _is_from(record):
            holds |= frozenset(self.content.chain(layer.chain_id))
            unknown = any(self.content.size(thing) is None for thing in holds)
        for whole in self._named_by_from(record, layer):
            yield Match(holds | whole, size - packed, layer.path, unknown=unknown)

    def _named_by_from(self, record: CacheRecord, layer: _Layer) -> Iterable[frozenset[str]]:
        """The manifest that a FROM left with the record of its topmost layer; several where that cannot be told."""
        none, children = frozenset[str](), self.children[record.id]
        if not layer.whole:
            return {none}
        if _is_from(record):
            if not all(map(_is_from, children)) or not children:
                return layer.whole
            # Every build that used it used what stands on it, too: it was no FROM's topmost.
            passed = any(child.used == record.used for child in children)
            return {none} if passed else layer.whole | {none}
        if record.used == 1:
            return {none}
        last = LAST_STEP.search(record.description)
        return layer.whole if last and children else layer.whole | {none}

    def _bare(self, record: CacheRecord, paths: Sequence[Path], size: int) -> list[_Layer]:
        """Layers of images that have gone, whose blobs are left: on what the record stands on."""
        found = []
        for blob in self.bare:
            if self._packed(blob) == size if _is_from(record) else self._made_of(blob, size):
                ways = [(*under, blob.diff_id) for under in paths or [()]]
                found += [_Layer(blob, chain_ids(path)[-1], path, frozenset(), None) for path in ways]
        return found


def _is_from(record: CacheRecord) -> bool:
    return not record.description or record.description.startswith(PULLED)


def _parents_first(records: Sequence[CacheRecord]) -> Iterable[CacheRecord]:
    """Every record, after those that it stands on; those of a circle are left out."""
    by_id = {record.id: record for record in records}
    children: dict[str, list[CacheRecord]] = defaultdict(list)
    missing: dict[str, int] = {}
    for record in records:
        known = [parent for parent in record.parents if parent in by_id]
        missing[record.id] = len(known)
        for parent in known:
            children[parent].append(record)
    ready = [record for record in records if not missing[record.id]]
    while ready:
        record = ready.pop()
        yield record
        for child in children[record.id]:
            missing[child.id] -= 1
            if not missing[child.id]:
                ready.append(child)
