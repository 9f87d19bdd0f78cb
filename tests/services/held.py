"""What an engine holds, asked of the Docker SDK itself: nothing of Deckhand takes part in the answer."""

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker import APIClient

from bot.core.docker.inventory import Kind
from tests.support.machines.engine import PrivateEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One look at everything."""

    ids: Mapping[Kind, frozenset[str]]
    tags: Mapping[str, str]
    """Which image each tag names."""
    needs: Mapping[str, frozenset[str]]
    """What each container needs: its image, networks and volumes."""
    layers_size: int
    """``LayersSize`` of ``docker system df``, in bytes."""
    on_disk: int
    """What lies in the folders of layers, build cache and containers, in bytes."""

    @property
    def everything(self) -> frozenset[tuple[Kind, str]]:
        return frozenset((kind, each) for kind, ids in self.ids.items() for each in ids)

    def gone(self, later: "Held") -> frozenset[tuple[Kind, str]]:
        """What was here and is not any more."""
        return self.everything - later.everything


def look(engine: PrivateEngine) -> Held:
    client: Any
    with closing(APIClient(base_url=engine.url, timeout=30)) as client:
        df = client.df()
        images = client.images(all=True)
        containers = client.containers(all=True)
        networks = client.networks()
        volumes = client.volumes()["Volumes"] or []
    return Held(
        ids={
            Kind.CONTAINER: frozenset(each["Id"] for each in containers),
            Kind.NETWORK: frozenset(each["Id"] for each in networks),
            Kind.IMAGE: frozenset(each["Id"] for each in images),
            Kind.BUILD_CACHE: frozenset(each["ID"] for each in df.get("BuildCache") or []),
            Kind.VOLUME: frozenset(each["Name"] for each in volumes),
        },
        tags={
            tag: each["Id"] for each in images for tag in each.get("RepoTags") or [] if "<none>" not in tag
        },
        needs={each["Id"]: _needs(each) for each in containers},
        layers_size=df.get("LayersSize") or 0,
        on_disk=on_disk(engine),
    )


def _needs(container: Mapping[str, Any]) -> frozenset[str]:
    networks = container["NetworkSettings"]["Networks"].values()
    volumes = (mount["Name"] for mount in container["Mounts"] if mount["Type"] == "volume")
    return frozenset({container["ImageID"], *(each["NetworkID"] for each in networks), *volumes} - {""})


def on_disk(engine: PrivateEngine) -> int:
    """The apparent sizes of all files below the storage driver's folders, hard links once.

    Left out is the layer of mount points that the engine puts below each container: no figure has it.
    """
    sizes: dict[int, int] = {}
    for folder in (engine.directory / "data" / "overlay2").glob("*/diff"):
        if folder.parent.name.endswith("-init"):
            continue
        for where, _, names in os.walk(folder):
            for name in names:
                found = os.lstat(Path(where, name))
                sizes[found.st_ino] = found.st_size
    return sum(sizes.values())
