"""What the containerd store keeps: content blobs by digest, unpacked snapshots by chain id, and who holds which.

A blob refers to others by its labels; a configuration's label names the topmost snapshot of its image, which stands
on those below it. What nothing holds any more is collected.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    digest: str
    size: int
    created_at: datetime | None = None
    refers_to: tuple[str, ...] = ()
    """Digests, itself not among them; some may not be here."""
    variants: tuple[str, ...] = ()
    """Of those, the same layer packed in another way."""
    built: bool = False
    """Whether BuildKit made it of a layer of its own."""
    chain_id: str = ""
    """The topmost snapshot that it holds."""
    diff_id: str = ""
    """What is unpacked of it, where it is a layer that says so."""
    sourced: bool = False
    """Whether a registry is known to have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One image of one platform, read from its manifest and configuration; lowest layers first."""

    digest: str
    config: str
    layers: tuple[str, ...]
    """Digests of blobs, which may not be here."""
    diff_ids: tuple[str, ...]
    chain_ids: tuple[str, ...]
    made_at: tuple[datetime | None, ...]
    """When each layer was made; none at all where its history does not tell them apart."""
    steps: tuple[bool, ...] = ()
    """Whether each entry of its history made a layer, oldest first."""
    platform: tuple[str, str, str] = ("", "", "")
    """System, architecture and variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What the record of one build in BuildKit's history holds."""

    whole: tuple[str, ...] = ()
    """Logs, traces, errors and attestations."""
    results: tuple[str, ...] = ()
    """With all they refer to, but no layers."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """One look at the store; nothing in it ever changes, blobs only come and go."""

    blobs: Mapping[str, Blob]
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    builds: tuple[Build, ...] = ()
    snapshots: Mapping[str, int] = field(default_factory=dict)
    """Bytes of each snapshot, by chain id, as far as the engine tells them."""

    @cached_property
    def below(self) -> Mapping[str, str]:
        """What each snapshot stands on."""
        return {
            chain: under
            for manifest in self.manifests.values()
            for under, chain in zip(("", *manifest.chain_ids), manifest.chain_ids, strict=False)
        }

    @cached_property
    def layers(self) -> frozenset[str]:
        """The blobs that are layers of an image."""
        return frozenset(layer for manifest in self.manifests.values() for layer in manifest.layers)

    def chain(self, top: str) -> Iterable[str]:
        """A snapshot and all that it stands on."""
        seen: set[str] = set()
        while top and top not in seen:
            seen.add(top)
            yield top
            top = self.below.get(top, "")

    def holds(self, roots: Iterable[str], *, layers: bool = True) -> frozenset[str]:
        """All that these blobs hold, themselves included: digests and chain ids.

        Without ``layers`` neither layers nor snapshots.
        """
        found: set[str] = set()
        waiting = [*roots]
        while waiting:
            blob = self.blobs.get(waiting.pop())
            if blob is None or blob.digest in found or (not layers and blob.digest in self.layers):
                continue
            found.add(blob.digest)
            waiting += blob.refers_to
            if layers:
                found.update(self.chain(blob.chain_id))
        return frozenset(found)

    @cached_property
    def by_history(self) -> frozenset[str]:
        """What the records of ended builds hold."""
        whole = frozenset(digest for build in self.builds for digest in build.whole if digest in self.blobs)
        return whole | self.holds((d for build in self.builds for d in build.results), layers=False)

    @cached_property
    def there(self) -> frozenset[str]:
        """All that surely is on the disk: something holds each of these."""
        return frozenset(self.blobs).union(*(self.chain(blob.chain_id) for blob in self.blobs.values()))

    def unpacked(self, image_id: str) -> frozenset[str] | None:
        """The topmost snapshots of an image; None where its blobs are not here."""
        if image_id not in self.blobs:
            return None
        return frozenset(
            blob.chain_id for digest in self.holds([image_id])
            if (blob := self.blobs.get(digest)) is not None and blob.chain_id
        )  # fmt: skip

    def is_unpacked(self, manifest: Manifest) -> bool:
        """Whether an image of this platform lies unpacked on the disk, ready to run."""
        config = self.blobs.get(manifest.config)
        return config is not None and bool(manifest.chain_ids) and config.chain_id == manifest.chain_ids[-1]

    def size(self, thing: str) -> int | None:
        """Bytes of a blob or a snapshot; None where nobody tells."""
        blob = self.blobs.get(thing)
        return self.snapshots.get(thing) if blob is None else blob.size


def sizes_told(manifest: Manifest, history: Sequence[int] | None) -> Mapping[str, int]:
    """The sizes of an image's snapshots, as the entries of its history say them, oldest first; none where unclear."""
    if history is None or len(history) != len(manifest.steps):
        return {}
    sizes = [size for size, made in zip(history, manifest.steps, strict=True) if made]
    if len(sizes) != len(manifest.chain_ids):
        return {}
    return dict(zip(manifest.chain_ids, sizes, strict=True))
