"""What a selection frees on the containerd store: blobs and snapshots that nothing holds any more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.docker.content.blob_cache import Held
from bot.core.docker.content.blobs import Content
from bot.core.docker.inventory import CacheRecord, Container, Image, Inventory, Kind

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Holder:
    """One object, what it holds for certain and what perhaps, and how many bytes are its own, at least and at most."""

    kind: Kind
    id: str
    surely: frozenset[str]
    perhaps: frozenset[str]
    least: int = 0
    most: int = 0
    unknown: bool = False
    """Whether it may hold more, which nobody tells."""

    @property
    def lost(self) -> bool:
        """Whether it is a container of which nobody tells what it stands on: that is in its ``most``, without names."""
        return self.unknown and self.kind is Kind.CONTAINER


@dataclass(frozen=True, slots=True)
class Freed:
    """Bytes between ``low`` and ``high``; by kind and object they add up to ``high``."""

    low: int
    high: int
    by_object: Mapping[tuple[Kind, str], int]
    things: Mapping[str, int]
    """What goes, digests and chain ids, and the bytes of each."""
    unsized: bool
    """Whether something goes whose size nobody tells: then it may be more."""


def container_holder(container: Container, content: Content) -> Holder:
    """A container holds the snapshots of its image, and no blobs."""
    own = container.size_rw or 0
    tops = _tops(container, content)
    if tops is not None:
        ways = [frozenset(content.chain(top)) for top in tops] or [_NOTHING]
        return Holder(
            Kind.CONTAINER, container.id, frozenset.intersection(*ways), _NOTHING.union(*ways), own, own
        )
    # Its image is gone, and was not seen before: it holds what nobody names, and may hold what others stand on.
    below = (container.size_root_fs or 0) - own
    fitting = {
        chain for chain in content.snapshots
        if sum(content.snapshots.get(each, 0) for each in content.chain(chain)) <= below
    }  # fmt: skip
    most = own + max(below, 0)
    return Holder(Kind.CONTAINER, container.id, _NOTHING, frozenset(fitting), own, most, unknown=True)


def _tops(container: Container, content: Content) -> Iterable[str] | None:
    """The snapshots that a container may stand on; None where its image is not known."""
    if container.manifest in content.manifests:
        return content.manifests[container.manifest].chain_ids[-1:]
    return content.unpacked(container.image_id)


def image_holder(image: Image, content: Content) -> Holder:
    held = content.holds([image.id])
    return Holder(Kind.IMAGE, image.id, held, held, unknown=not held)


def record_holder(record: CacheRecord, held: Held | None) -> Holder:
    if held is None:
        size = record.size or 0
        return Holder(Kind.BUILD_CACHE, record.id, _NOTHING, _NOTHING, size, size)
    return Holder(
        Kind.BUILD_CACHE, record.id, held.surely, held.perhaps, held.own_least, held.own_most, held.unknown
    )


def holders(inventory: Inventory, content: Content, records: Mapping[str, Held]) -> Sequence[Holder]:
    """Everything that holds something, in the order of removal of its kinds."""
    return [
        *(container_holder(c, content) for c in inventory.containers),
        *(image_holder(image, content) for image in inventory.images),
        *(record_holder(record, records.get(record.id)) for record in inventory.cache),
    ]


def freed(going: Sequence[Holder], staying: Iterable[Holder], content: Content) -> Freed:
    """What goes with these, in this order. What several hold counts at the last of them."""
    stay, may_stay = set(content.by_history), set(content.by_history)
    for holder in staying:
        stay |= holder.surely
        may_stay |= holder.perhaps
    by_object: dict[tuple[Kind, str], int] = {}
    things: dict[str, int] = {}
    unsized = any(holder.unknown for holder in going)
    for holder in reversed(going):
        mine = {} if holder.lost else {thing: content.size(thing) for thing in holder.perhaps - stay}
        unsized = unsized or None in mine.values()
        sized = {thing: size or 0 for thing, size in mine.items()}
        by_object[holder.kind, holder.id] = holder.most + sum(sized.values())
        things |= sized
        stay |= mine.keys()
    low = sum(holder.least for holder in going)
    least = _NOTHING.union(*(holder.surely for holder in going))
    # What is there, and nothing that stays may hold, goes: whichever of these it is that holds it.
    least |= _NOTHING.union(*(holder.perhaps for holder in going if not holder.lost)) & content.there
    least -= may_stay
    low += sum(content.size(thing) or 0 for thing in least)
    return Freed(low, sum(by_object.values()), by_object, things, unsized)
