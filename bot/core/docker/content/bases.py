"""Which layers the records of a FROM hold: the engine says 0 bytes of those, so that they may be any layer at first.

Three things tell them apart. A layer that was made after a record is not the one that it holds. A record stands on the
one below it as its layer does on that below. And a build that begins with an image that is here uses the records that
there are of its layers: no two of them hold the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.docker.content.layers import Sizes, layer_times
from bot.core.docker.inventory import CacheRecord, Image

LOCAL, PULLED = "from local", "pulled from "
"""Begin the descriptions of the records that a FROM makes."""

MADE_HERE = ("mount / from exec ", "[")
"""Begin those of the records that a step of a Dockerfile made: of these a size of 0 is that of a layer, too."""

Held = dict[str, frozenset[str]]
"""The chain ids that each record may be, by its id."""


def is_from(record: CacheRecord, begins: tuple[str, ...] = (LOCAL, PULLED)) -> bool:
    """Whether a FROM made this record, of an image of the overlay2 store."""
    return not record.size and record.description.startswith(begins)


def told_apart(held: Held, records: Sequence[CacheRecord], images: Iterable[Image], sizes: Sizes) -> Held:
    """The same without the layers that a record cannot be; ``records`` has every parent before its children."""
    images = [image for image in images if image.id in sizes.by_image]
    found = _Telling(
        held=dict(held),
        records=[record for record in records if record.id in held],
        below={c: under for i in images for under, c in zip(("", *i.chain_ids), i.chain_ids, strict=False)},
    )
    found.by_time(_born(held, records, images, sizes))
    while found.by_parents() | found.by_others():
        pass  # each time something was told apart, of which there is less and less
    return found.held


def _born(
    held: Held, records: Iterable[CacheRecord], images: Sequence[Image], sizes: Sizes
) -> Mapping[str, datetime]:
    """When each layer was made at the soonest, as far as that is known."""
    born: dict[str, datetime] = {}
    unknown: set[str] = set()
    for image in images:
        for chain, at in zip(image.chain_ids, layer_times(image, sizes.by_image[image.id]), strict=False):
            if at is None:
                unknown.add(chain)
            else:
                born[chain] = min(at, born.get(chain, at))
    exact: dict[str, datetime] = {}
    for chain, at in _moments(held, records, images):
        if chain in born and at.replace(microsecond=0) == born[chain].replace(microsecond=0):
            exact[chain] = min(at, exact.get(chain, at))
    return {chain: exact.get(chain, at) for chain, at in born.items() if chain not in unknown}


def _moments(
    held: Held, records: Iterable[CacheRecord], images: Iterable[Image]
) -> Iterator[tuple[str, datetime]]:
    """Layers with the moment they were made: histories tell whole seconds, records and images more of the same."""
    for record in records:
        mine = held.get(record.id, frozenset())
        if len(mine) == 1 and record.size and record.created_at is not None:
            yield next(iter(mine)), record.created_at
    for image in images:
        if (
            image.history and image.history[-1] and image.built_at is not None
        ):  # its last step made its last layer
            yield image.chain_ids[-1], image.built_at


@dataclass(slots=True)
class _Telling:
    held: Held
    records: Sequence[CacheRecord]
    below: Mapping[str, str]

    def by_time(self, born: Mapping[str, datetime]) -> None:
        for record in self.records:
            at = record.created_at
            if is_from(record) and at is not None:
                self._narrow(record.id, (c for c in self.held[record.id] if c not in born or born[c] <= at))

    def by_parents(self) -> bool:
        """Upwards, and down again."""
        changed = False
        standing = [record for record in self.records if record.parents and record.parents[0] in self.held]
        for record in standing:
            under = self.held[record.parents[0]]
            changed |= self._narrow(
                record.id, (c for c in self.held[record.id] if self.below.get(c, "") in under)
            )
        for record in reversed(standing):
            under = frozenset(self.below.get(chain, "") for chain in self.held[record.id])
            changed |= self._narrow(record.parents[0], self.held[record.parents[0]] & under)
        return changed

    def by_others(self) -> bool:
        """What a record of an image that was here surely holds, no other of them does."""
        of_from = [record.id for record in self.records if is_from(record, (LOCAL,))]
        having: dict[str, list[str]] = defaultdict(list)
        for one in of_from:
            for chain in self.held[one]:
                having[chain].append(one)
        changed = False
        sure = [one for one in of_from if len(self.held[one]) == 1]
        while sure:
            one = sure.pop()
            for other in having[next(iter(self.held[one]))]:
                if other != one and self._narrow(other, self.held[other] - self.held[one]):
                    changed = True
                    sure += [other] if len(self.held[other]) == 1 else []
        return changed

    def _narrow(self, record: str, to: Iterable[str]) -> bool:
        """Whether that told something; where nothing would be left, something is not as it seems, and tells none."""
        left = frozenset(to)
        if not left or left == self.held[record]:
            return False
        self.held[record] = left
        return True
