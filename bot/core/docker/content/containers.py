"""Sizes of snapshots of the containerd store that no image tells any more, read off the containers that stand on them.

The engine tells how large all is that a container stands on: its image's snapshots, and a layer of mount points that it
puts below every container, of one size on one engine.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.core.docker.content.blobs import Content
from bot.core.docker.inventory import Container


def sized(content: Content, containers: Iterable[Container], held: Iterable[frozenset[str]]) -> Content:
    """The same with what containers tell; ``held``: what each of the records may hold.

    Of several that only go together all of it is said of the topmost.
    """
    every = [(one, chain) for one in containers if (chain := _chain(one, content))]
    standing = [(one, chain) for one, chain in every if _below(one) is not None]
    if all(snapshot in content.snapshots for _, chain in standing for snapshot in chain):
        return content
    points = _mount_points(standing, content.snapshots)
    if points is None:
        return content
    held = (*held, *(frozenset(chain) for _, chain in every))
    told: dict[str, int] = {}
    for one, chain in standing:
        unknown = [snapshot for snapshot in chain if snapshot not in content.snapshots]
        known = sum(content.snapshots[snapshot] for snapshot in chain if snapshot in content.snapshots)
        left = (_below(one) or 0) - points - known
        if unknown and left >= 0 and _go_together(unknown, content, held):
            told |= {**dict.fromkeys(unknown, 0), unknown[0]: left}
    return replace(content, snapshots={**content.snapshots, **told})


def _chain(container: Container, content: Content) -> Sequence[str]:
    """What a container stands on, the topmost first; nothing where that is not known."""
    manifest = content.manifests.get(container.manifest)
    return tuple(content.chain(manifest.chain_ids[-1])) if manifest and manifest.chain_ids else ()


def _below(container: Container) -> int | None:
    """Bytes of all that a container stands on."""
    if container.size_root_fs is None or container.size_rw is None:
        return None
    return container.size_root_fs - container.size_rw


def _mount_points(
    standing: Iterable[tuple[Container, Sequence[str]]], snapshots: Mapping[str, int]
) -> int | None:
    """Bytes of the layer of mount points, where the containers whose snapshots are known agree on it."""
    found = {
        (_below(one) or 0) - sum(snapshots[snapshot] for snapshot in chain)
        for one, chain in standing
        if all(snapshot in snapshots for snapshot in chain)
    }
    return found.pop() if len(found) == 1 and min(found) >= 0 else None


def _go_together(snapshots: Sequence[str], content: Content, held: Iterable[frozenset[str]]) -> bool:
    """Whether nothing stands on or holds one of these, the topmost first, without all those above it."""
    lower = set(snapshots[1:])
    if any(not lower.isdisjoint(each) and snapshots[0] not in each for each in held):
        return False
    return not any(under in lower and above not in snapshots for above, under in content.below.items())
