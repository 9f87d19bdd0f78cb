"""Who uses what: the containers of an engine, found by the image, volume or network that they refer to."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.core.docker.inventory import (
    CONTAINERD_STORE,
    Container,
    Image,
    Inventory,
    Network,
    Volume,
    full_reference,
)

_IN_VOLUME = re.compile(r"/volumes/([^/]+)/_data(?:/|$)")
"""What a path into a volume looks like, wherever a link lets it begin."""


def volume_at(path: str, data_root: str) -> str:
    """The name of the volume that a path of the host lies in; empty when it lies in none."""
    path = posixpath.normpath(path) if path else ""
    volumes = f"{data_root.rstrip('/')}/volumes/"
    if data_root and path.startswith(volumes):
        return path.removeprefix(volumes).partition("/")[0]
    found = _IN_VOLUME.search(path)
    return found[1] if found else ""


def volumes_of(container: Container, data_root: str) -> Mapping[str, str]:
    """The volumes that a container uses, by name, each with the path by which it does; empty where it names them."""
    by_path = {volume_at(path, data_root): path for path in container.binds}
    by_path.pop("", None)
    return {**by_path, **dict.fromkeys(container.volumes, "")}


Index = Mapping[str, list[Container]]


@dataclass(frozen=True, slots=True)
class Users:
    """All containers, running or stopped, by what they refer to; each list in the order of their names."""

    by_image: Index
    by_reference: Index
    """By the reference they were created from, where only that ties them to their image."""
    by_volume: Index
    by_network: Index

    @classmethod
    def of(cls, inventory: Inventory) -> "Users":
        """Read an inventory once. On the containerd store containers name references, not image ids."""
        by_image, by_reference, by_volume, by_network = (
            defaultdict[str, list[Container]](list) for _ in range(4)
        )
        by_name = inventory.engine.store == CONTAINERD_STORE
        for container in sorted(inventory.containers, key=lambda c: (c.name, c.id)):
            by_image[container.image_id].append(container)
            if by_name:
                by_reference[full_reference(container.image)].append(container)
            for volume in volumes_of(container, inventory.engine.data_root):
                by_volume[volume].append(container)
            for network in container.networks:
                by_network[network].append(container)
        return cls(dict(by_image), dict(by_reference), dict(by_volume), dict(by_network))

    def all_of(self, image: Image) -> Iterable[Container]:
        """Containers of an image; the same one may come twice."""
        users = self.by_image.get(image.id, [])
        if self.by_reference:
            users = [
                *users,
                *(u for reference in image.references for u in self.by_reference.get(reference, ())),
            ]
        return users

    def of_image(self, image: Image, taken: Collection[str] = ()) -> Container | None:
        """A container that uses the image, and is not among those taken."""
        return next((user for user in self.all_of(image) if user.id not in taken), None)

    def count(self, image: Image) -> int:
        return len({user.id for user in self.all_of(image)})

    def of_volume(self, volume: Volume) -> Container | None:
        return next(iter(self.by_volume.get(volume.name, ())), None)

    def of_network(self, network: Network, taken: Collection[str] = ()) -> Container | None:
        """A container that names the network or its id, and is not among those taken."""
        users = (*self.by_network.get(network.id, ()), *self.by_network.get(network.name, ()))
        return next((user for user in users if user.id not in taken), None)
