"""The state of one simulated engine, and the questions that everything else asks it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from bot.trial.sample import names
from bot.trial.sample.errors import InvalidParameterError, NotFoundError
from bot.trial.sample.objects import CacheRecord, Container, Image, Layer, Network, Volume, digest


def utc_now() -> datetime:
    return datetime.now(UTC)


class Universe:
    """Everything that one engine keeps.

    The engine's id follows from `name`, so that a sample host is the same engine after a restart, and
    another name is another engine. Whoever looks in while a server answers holds `lock`.
    """

    def __init__(self, *, name: str = "sample", clock: Callable[[], datetime] = utc_now) -> None:
        self.name = name
        self.clock = clock
        self.lock = threading.RLock()
        self.layers: dict[str, Layer] = {}
        self.images: dict[str, Image] = {}
        self.references: dict[names.Reference, str] = {}
        self.tagged_at: dict[str, datetime] = {}
        self.containers: dict[str, Container] = {}
        self.networks: dict[str, Network] = {}
        self.volumes: dict[str, Volume] = {}
        self.cache: dict[str, CacheRecord] = {}
        self.registry: dict[names.Reference, tuple[Image, tuple[Layer, ...]]] = {}
        """What registries give for a digest: the image, and its layers from the lowest."""
        self._serial = 0
        started = clock()
        for network, driver in (("bridge", "bridge"), ("host", "host"), ("none", "null")):
            network_id = self.new_id("network", network)
            subnet = "172.17.0.0/16" if network == "bridge" else ""
            self.networks[network_id] = Network(
                id=network_id, name=network, driver=driver, created=started, subnet=subnet
            )

    @property
    def engine_id(self) -> str:
        raw = digest("engine", self.name).removeprefix("sha256:")
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:32]}"

    def new_id(self, *parts: str) -> str:
        """Return 64 hex digits that this universe has not handed out before, the same in every run."""
        self._serial += 1
        return digest(self.name, str(self._serial), *parts).removeprefix("sha256:")

    # Layers

    def chain_of(self, top: str | None) -> Iterator[Layer]:
        """Yield the layers under `top`, the topmost first."""
        while top is not None:
            layer = self.layers[top]
            yield layer
            top = layer.parent

    def size_of(self, chains: Iterable[str]) -> int:
        return sum(self.layers[chain].size for chain in chains)

    def image_chains(self) -> set[str]:
        """Return the chain ids that images hold: what `LayersSize` counts and `Shared` means."""
        return {chain for image in self.images.values() for chain in image.chain_ids}

    def held_chains(self) -> set[str]:
        """Return the chain ids that anything holds: images, containers or build cache."""
        tops = [image.chain_ids[-1] for image in self.images.values() if image.diff_ids]
        tops += [container.top for container in self.containers.values() if container.top is not None]
        tops += [record.chain for record in self.cache.values() if record.chain is not None]
        held: set[str] = set()
        for top in tops:
            for layer in self.chain_of(top):
                if layer.chain_id in held:
                    break
                held.add(layer.chain_id)
        return held

    def release(self, *tops: str | None) -> list[str]:
        """Drop the layers under each of `tops` that nothing holds any more; return them, topmost first."""
        held = self.held_chains()
        gone: list[str] = []
        for top in tops:
            chain = top
            while chain in self.layers and chain not in held:
                gone.append(chain)
                chain = self.layers.pop(chain).parent
        return gone

    def disk_bytes(self) -> int:
        """Return the bytes that all objects really take: what a removal must make smaller."""
        total = self.size_of(self.layers)
        total += sum(container.size_rw for container in self.containers.values())
        total += sum(volume.size for volume in self.volumes.values())
        return total + sum(record.size for record in self.cache.values() if record.chain is None)

    def taken(self) -> int:
        """The same, for who holds no lock."""
        with self.lock:
            return self.disk_bytes()

    # Images

    def references_of(self, image_id: str) -> list[names.Reference]:
        found = [reference for reference, target in self.references.items() if target == image_id]
        return sorted(found, key=lambda reference: reference.canonical)

    def children_of(self, image_id: str) -> list[Image]:
        return [image for image in self.images.values() if image.parent == image_id]

    def image(self, text: str) -> Image:
        """Find an image by full id, reference or unambiguous id prefix, in the engine's own order."""
        if names.is_full_id(text):
            image_id = "sha256:" + text.removeprefix("sha256:")
            if image_id in self.images:
                return self.images[image_id]
            raise NotFoundError(f"No such image: {image_id}")
        reference = names.parse(text)
        if reference in self.references:
            return self.images[self.references[reference]]
        found = [image for image in self.images.values() if names.is_id_prefix(image.id, text)]
        if len(found) == 1 and text not in {"sha256", "sha256:"}:
            return found[0]
        raise NotFoundError(f"No such image: {reference}")

    # The others

    def container(self, text: str) -> Container:
        """Find a container by full id, name or unambiguous id prefix."""
        if text in self.containers:
            return self.containers[text]
        for container in self.containers.values():
            if container.name == text.removeprefix("/"):
                return container
        found = [one for one in self.containers.values() if text and one.id.startswith(text)]
        if len(found) > 1:
            raise InvalidParameterError(f"Multiple IDs found with provided prefix: {text}")
        if not found:
            raise NotFoundError(f"No such container: {text}")
        return found[0]

    def containers_of(self, image_id: str) -> list[Container]:
        return [one for one in self.containers.values() if one.image_id == image_id]

    def network(self, text: str) -> Network:
        """Find a network by full id, name or unambiguous id prefix."""
        if text in self.networks:
            return self.networks[text]
        for network in self.networks.values():
            if network.name == text:
                return network
        found = [one for one in self.networks.values() if text and one.id.startswith(text)]
        if len(found) > 1:
            raise InvalidParameterError(
                f"network {text} is ambiguous ({len(found)} matches found based on ID prefix)",
            )
        if not found:
            raise NotFoundError(f"network {text} not found")
        return found[0]

    def endpoints_of(self, network: Network) -> list[Container]:
        """Return the containers that are plugged in: only running ones have an endpoint."""
        return [one for one in self.containers.values() if one.running and network.name in one.networks]

    def volume(self, name: str) -> Volume:
        if name not in self.volumes:
            raise NotFoundError(f"get {name}: no such volume")
        return self.volumes[name]

    def volume_users(self, name: str) -> list[Container]:
        return [one for one in self.containers.values() if one.uses_volume(name)]
