"""The planner: from what an engine holds and a profile to an exact list, with a reason for all the rest."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from bot.core.inventory import CacheRecord, Container, Image, Inventory, Kind, Network, Volume
from bot.core.layers import Holds
from bot.core.plans import Draft, Item, Kept
from bot.core.prediction import CONTAINERD_STORE, Measured, Taken, predict
from bot.core.profiles import DANGLING_MIN_AGE, Profile
from bot.core.protection import Protection
from bot.core.selection import Selector, Verdict, keep, label_of

Thing: TypeAlias = Container | Network | Image | CacheRecord | Volume


def draft(
    measured: Measured,
    profile: Profile,
    protection: Protection,
    *,
    dangling_min_age: timedelta = DANGLING_MIN_AGE,
) -> Draft:
    """Decide what the profile would remove from the engine, in which order, and what that frees."""
    inventory = measured.inventory
    choice = _Choice(Selector(inventory, profile, protection, dangling_min_age))
    containers = choice.containers(inventory)
    choice.networks(inventory, containers)
    images = choice.images(inventory, containers)
    records = choice.cache(inventory, images, measured.holds)
    choice.volumes(inventory)
    frees, sizes, layers = predict(measured, Taken(containers, images, records, choice.taken_volumes))
    return Draft(
        profile=profile.name,
        engine=inventory.engine,
        taken_at=inventory.taken_at,
        items=tuple(_item(kind, thing, rule, sizes) for kind, thing, rule in choice.taken),
        kept=tuple(choice.kept),
        frees=frees,
        layers=layers,
    )


def _item(kind: Kind, thing: Thing, rule: str, sizes: dict[tuple[Kind, str], int]) -> Item:
    object_id = id_of(thing)
    return Item(
        kind=kind,
        id=object_id,
        name=name_of(thing),
        references=thing.references if isinstance(thing, Image) else (),
        bytes=sizes.get((kind, object_id), 0),
        rule=rule,
        created_at=thing.built_at if isinstance(thing, Image) else thing.created_at,
        shared=isinstance(thing, CacheRecord) and thing.shared,
    )


def id_of(thing: Thing) -> str:
    """The id that pins an object; a volume has only its name."""
    return thing.name if isinstance(thing, Volume) else thing.id


def name_of(thing: Thing) -> str:
    """What a person calls an object; for display only."""
    return label_of(thing) if isinstance(thing, CacheRecord) else thing.name


@dataclass(slots=True)
class _Choice:
    """Collects verdicts kind by kind, in the order of removal; each kind sees what the earlier ones took."""

    selector: Selector
    taken: list[tuple[Kind, Thing, str]] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    taken_volumes: tuple[Volume, ...] = ()

    def _decide(self, kind: Kind, thing: Thing, verdict: Verdict) -> bool:
        if verdict.take:
            self.taken.append((kind, thing, verdict.rule))
        else:
            self.kept.append(
                Kept(kind=kind, id=id_of(thing), name=name_of(thing), rule=verdict.rule,
                     because=verdict.because)
            )  # fmt: skip
        return verdict.take

    def containers(self, inventory: Inventory) -> tuple[Container, ...]:
        ordered = sorted(inventory.containers, key=lambda c: (c.name, c.id))
        return tuple(
            one for one in ordered if self._decide(Kind.CONTAINER, one, self.selector.container(one))
        )

    def networks(self, inventory: Inventory, taken: Sequence[Container]) -> None:
        staying = [container for container in inventory.containers if container not in taken]
        for one in sorted(inventory.networks, key=lambda n: (n.name, n.id)):
            self._decide(Kind.NETWORK, one, self.selector.network(one, staying))

    def images(self, inventory: Inventory, taken: Sequence[Container]) -> tuple[Image, ...]:
        """Children before parents: an image stays when one that is built on it stays."""
        going = {container.id for container in taken}
        children: dict[str, list[Image]] = defaultdict(list)
        for image in inventory.images:
            children[image.parent].append(image)
        staying: set[str] = set()
        chosen: list[Image] = []
        for image in _children_first(inventory.images):
            users = users_of(image, inventory)
            if (image.containers or 0) > len(users):
                verdict = keep("in use", f"the engine counts {image.containers} containers on it")
            else:
                verdict = self.selector.image(
                    image,
                    [user for user in users if user.id not in going],
                    sorted((c for c in children[image.id] if c.id in staying), key=lambda c: (c.name, c.id)),
                )
            if self._decide(Kind.IMAGE, image, verdict):
                chosen.append(image)
            else:
                staying.add(image.id)
        return tuple(chosen)

    def cache(self, inventory: Inventory, going: Sequence[Image], holds: Holds) -> tuple[CacheRecord, ...]:
        """A record stays when an image that stays shares it, or a record that stays builds on it."""
        going_ids = {image.id for image in going}
        kept_chains = {c for image in inventory.images if image.id not in going_ids for c in image.chain_ids}
        verdicts: dict[str, Verdict] = {}
        for record in inventory.cache:
            verdict = self.selector.cache_record(record)
            if verdict.take and record.shared:
                verdict = _shared_verdict(holds.of(record.id), kept_chains) or verdict
            verdicts[record.id] = verdict
        by_id = {record.id: record for record in inventory.cache}
        waiting = [record for record in inventory.cache if not verdicts[record.id].take]
        while waiting:
            child = waiting.pop()
            for parent in child.parents:
                if parent in verdicts and verdicts[parent].take:
                    verdicts[parent] = keep("a kept record builds on it", f"{label_of(child)} builds on it")
                    waiting.append(by_id[parent])
        depth = {record.id: _depth(record, by_id) for record in inventory.cache}
        ordered = sorted(inventory.cache, key=lambda r: (-depth[r.id], r.id))
        return tuple(r for r in ordered if self._decide(Kind.BUILD_CACHE, r, verdicts[r.id]))

    def volumes(self, inventory: Inventory) -> None:
        self.taken_volumes = tuple(
            one
            for one in sorted(inventory.volumes, key=lambda v: v.name)
            if self._decide(Kind.VOLUME, one, self.selector.volume(one))
        )


def _shared_verdict(held: frozenset[str], kept_chains: set[str]) -> Verdict | None:
    if not held:
        return keep("shared", "an image shares it, and which one cannot be told")
    if held & kept_chains:
        return keep("shared", "an image that stays shares it: removing it would free nothing")
    return None


def users_of(image: Image, inventory: Inventory) -> list[Container]:
    """Containers of an image; by name too on the containerd store, whose containers name references."""
    by_name = inventory.engine.store == CONTAINERD_STORE
    return [
        container
        for container in inventory.containers
        if container.image_id == image.id or (by_name and _full(container.image) in image.references)
    ]


def _full(reference: str) -> str:
    return reference if ":" in reference.rpartition("/")[2] or not reference else f"{reference}:latest"


def _children_first(images: Iterable[Image]) -> list[Image]:
    """Images in the order in which they can be deleted; equal ones by name, so that listings don't matter."""
    by_id = {image.id: image for image in images}
    depth = {image_id: _image_depth(image, by_id) for image_id, image in by_id.items()}
    return sorted(by_id.values(), key=lambda i: (-depth[i.id], i.name, i.id))


def _image_depth(image: Image, by_id: dict[str, Image]) -> int:
    depth = 0
    while image.parent in by_id and depth < len(by_id):
        image, depth = by_id[image.parent], depth + 1
    return depth


def _depth(record: CacheRecord, by_id: dict[str, CacheRecord]) -> int:
    """How many records lie below this one, along its longest line of parents."""
    depth, level, seen = 0, {record.id}, {record.id}
    while level := {p for r in level for p in by_id[r].parents if p in by_id} - seen:
        seen |= level
        depth += 1
    return depth
