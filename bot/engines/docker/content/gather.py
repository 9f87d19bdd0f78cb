"""All that the containerd store of one engine keeps: blobs are listed at each look, what they say is read once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from bot.core.docker.content.blobs import Blob, Build, Content, Manifest, sizes_told
from bot.core.docker.inventory import Container, Image
from bot.engines.deadlines import Deadline
from bot.engines.docker.adapter import Dial
from bot.engines.docker.budget import Budget
from bot.engines.docker.content import documents, messages
from bot.engines.docker.content.http2 import Channel, opened
from bot.engines.docker.content.methods import Method
from bot.engines.limits import Limits

LARGEST_DOCUMENT = 8_000_000
"""Bytes of a manifest or a configuration; registries take 4 MB."""
MOST_REMEMBERED = 50_000
"""Documents, and sizes of snapshots, of one engine: about 1 kB each."""
HISTORIES_SECONDS = 120.0
"""For all histories that are asked for in one look; the next one asks for the others."""

T = TypeVar("T")
History = Callable[[str, tuple[str, str, str]], Sequence[int] | None]
"""The sizes of an image's history entries for one platform, oldest first; None where the engine does not tell."""


class _Memory(Generic[T]):
    """What never changes, by digest; the longest unused is forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, T] = OrderedDict()

    def put(self, found: Mapping[str, T]) -> None:
        with self._lock:
            for key, value in found.items():
                self._known[key] = value
                self._known.move_to_end(key)
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)

    def of(self, keys: Iterable[str]) -> dict[str, T]:
        with self._lock:
            return {key: self._known[key] for key in keys if key in self._known}


class Gatherer:
    """Remembers, for one engine, what its blobs say; safe to use from many threads."""

    def __init__(self) -> None:
        self._manifests: _Memory[Manifest | None] = _Memory()
        self._snapshots: _Memory[int] = _Memory()

    def look(self, dial: Dial, limits: Limits, images: Sequence[Image], history: History) -> Content:
        """LinkError where it cannot be asked; ``history`` is asked for what no image tells."""
        budget = Budget(limits.read, limits.silence, limits.list_bytes)
        with opened(dial, budget) as channel:
            blobs = _listed(channel)
            builds = _builds(channel)
            self._read(channel, blobs)
        content = self._whole(Content(blobs=blobs, builds=builds), blobs)
        unknown = {c for m in content.manifests.values() for c in m.chain_ids} - content.snapshots.keys()
        self._tell_sizes(content, images, history, unknown)
        return self._whole(content, blobs)

    def with_users(self, content: Content, containers: Iterable[Container]) -> Content:
        """The same, with the images that are known to have been here once, and that containers still run."""
        return self._whole(content, {*content.blobs, *(container.manifest for container in containers)})

    def _whole(self, content: Content, digests: Iterable[str]) -> Content:
        manifests = {
            digest: found for digest, found in self._manifests.of(digests).items() if found is not None
        }
        chains = {chain for manifest in manifests.values() for chain in manifest.chain_ids}
        return replace(content, manifests=manifests, snapshots=self._snapshots.of(chains))

    def _read(self, channel: Channel, blobs: Mapping[str, Blob]) -> None:
        """Read the manifests that are not known, and their configurations."""
        new = [
            blob.digest for blob in blobs.values() if blob.refers_to and blob.size <= LARGEST_DOCUMENT
        ]  # fmt: skip
        known = self._manifests.of(new)
        texts = _texts(channel, [digest for digest in new if digest not in known])
        configs = {digest: documents.configuration_of(text) for digest, text in texts.items()}
        there = [
            digest for digest in dict.fromkeys(configs.values())
            if digest in blobs and blobs[digest].size <= LARGEST_DOCUMENT
        ]  # fmt: skip
        said = _texts(channel, there)
        self._manifests.put({
            digest: documents.manifest(digest, text, said[configs[digest]]) if configs[digest] in said else None
            for digest, text in texts.items()
            if not configs[digest] or configs[digest] in said
        })  # fmt: skip

    def _tell_sizes(
        self, content: Content, images: Sequence[Image], history: History, unknown: set[str]
    ) -> None:
        """Learn the sizes of snapshots, from the images' histories, and where those do not do from others asked for."""
        by_chains = {image.chain_ids: image.history for image in images if image.history is not None}
        found: dict[str, int] = {}
        asked = [
            manifest for manifest in content.manifests.values()
            if not unknown.isdisjoint(manifest.chain_ids) and content.is_unpacked(manifest)
        ]  # fmt: skip
        for manifest in asked:
            found |= sizes_told(manifest, by_chains.get(manifest.chain_ids))
        holders = (
            {digest: image.id for image in images for digest in content.holds([image.id])} if asked else {}
        )
        deadline = Deadline(HISTORIES_SECONDS)
        for manifest in asked:
            if deadline.over:
                break
            if manifest.chain_ids[-1] not in found and manifest.digest in holders:
                found |= sizes_told(manifest, history(holders[manifest.digest], manifest.platform))
        self._snapshots.put(found)


def try_out(dial: Dial, limits: Limits) -> None:
    """Ask for nothing in particular; LinkError where that cannot be asked."""
    with opened(dial, Budget(limits.ping, limits.silence, limits.answer_bytes)) as channel:
        channel.call(Method.LIST, [messages.written("ListRequest", filters=["digest==none"])])


def _listed(channel: Channel) -> dict[str, Blob]:
    [answer] = channel.call(Method.LIST, [messages.written("ListRequest")])
    found: dict[str, Blob] = {}
    for part in _parts(channel, "ListAnswer", answer):
        for info in part.info:
            blob = documents.blob(info)
            found.setdefault(blob.digest, blob)
    return found


def _builds(channel: Channel) -> tuple[Build, ...]:
    [answer] = channel.call(Method.HISTORY, [messages.written("HistoryRequest", early_exit=True)])
    return tuple(_build(part.record) for part in _parts(channel, "HistoryAnswer", answer))


def _build(record: Any) -> Build:
    results = [record.result, *(named.value for named in record.results)]
    whole = [record.logs, record.trace, record.external_error, *(a for r in results for a in r.attestations)]
    made = [d for r in results for d in (r.only, *(numbered.value for numbered in r.results))]
    return Build(
        whole=tuple(found.digest for found in whole if found.digest),
        results=tuple(dict.fromkeys(found.digest for found in made if found.digest)),
    )


def _texts(channel: Channel, digests: Sequence[str]) -> dict[str, bytes]:
    """Blobs that are still there; what is longer than a document is cut off, and so it is none."""
    asked = channel.call(Method.READ, [messages.written("ReadRequest", digest=digest) for digest in digests])
    return {
        digest: b"".join(part.data for part in _parts(channel, "ReadAnswer", parts))[:LARGEST_DOCUMENT]
        for digest, parts in zip(digests, asked, strict=True) if parts is not None
    }  # fmt: skip


def _parts(channel: Channel, name: str, answer: Iterable[bytes] | None) -> Iterator[Any]:
    """The messages of an answer, one at a time; LinkError, also once reading them takes longer than all may."""
    for part in answer or ():
        channel.in_time()
        yield messages.read(name, part)
