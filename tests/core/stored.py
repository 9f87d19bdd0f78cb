"""Small contents of the containerd store for the tests of the core: images of layers, and what else holds them."""

from dataclasses import replace
from datetime import datetime

from bot.core.docker.content.blobs import Blob, Build, Content, Manifest
from bot.core.docker.content.layers import chain_ids
from bot.core.docker.inventory import Container, Image, Inventory
from tests.core.things import ago, inventory

INDEX, MANIFEST, CONFIG = 5, 3, 2
"""Bytes of what is not a layer."""


class Store:
    """Grows image by image; ``content`` is what a look at it sees."""

    def __init__(self) -> None:
        self.blobs: dict[str, Blob] = {}
        self.manifests: dict[str, Manifest] = {}
        self.snapshots: dict[str, int] = {}
        self.builds: list[Build] = []

    @property
    def content(self) -> Content:
        return Content(
            blobs=self.blobs, manifests=self.manifests, snapshots=self.snapshots, builds=tuple(self.builds)
        )

    def image(
        self,
        name: str,
        *layers: tuple[str, int, int],
        built: bool = True,
        sourced: bool = False,
        made_at: datetime | None = None,
        tags: tuple[str, ...] | None = None,
    ) -> Image:
        """An image of layers (content, bytes packed, bytes unpacked), lowest first; ``built`` by BuildKit."""
        diffs = tuple(f"sha256:{content}" for content, *_ in layers)
        chains = chain_ids(diffs)
        for (content, packed, unpacked), diff, chain in zip(layers, diffs, chains, strict=True):
            self.blobs.setdefault(
                f"blob {content}", Blob(digest=f"blob {content}", size=packed, diff_id=diff, built=built)
            )
            self.snapshots[chain] = unpacked
        packed_layers = tuple(f"blob {content}" for content, *_ in layers)
        config, manifest, index = (f"{what} {name}" for what in ("config", "manifest", "index"))
        self._put(config, CONFIG, chain_id=chains[-1] if chains else "", sourced=sourced)
        self._put(manifest, MANIFEST, refers_to=(config, *packed_layers), sourced=sourced)
        self._put(
            index, INDEX, refers_to=(manifest, f"manifest of another platform of {name}"), sourced=sourced
        )
        self.manifests[manifest] = Manifest(
            digest=manifest, config=config, layers=packed_layers, diff_ids=diffs, chain_ids=chains,
            made_at=tuple(made_at for _ in layers), steps=tuple(True for _ in layers),
        )  # fmt: skip
        return Image(
            id=index, tags=(f"{name}:1",) if tags is None else tags, built_at=ago(days=60),
            tagged_at=ago(days=60), size=1_000, chain_ids=chains, history=tuple(unpacked for *_, unpacked in layers),
        )  # fmt: skip

    def _put(
        self,
        digest: str,
        size: int,
        *,
        refers_to: tuple[str, ...] = (),
        chain_id: str = "",
        sourced: bool = False,
    ) -> None:
        self.blobs[digest] = Blob(
            digest=digest, size=size, refers_to=refers_to, chain_id=chain_id, sourced=sourced
        )

    def forget(self, name: str, *layers: str) -> None:
        """What remains of an image that went: these layers."""
        for digest in (f"config {name}", f"manifest {name}", f"index {name}"):
            del self.blobs[digest]
        gone = self.manifests.pop(f"manifest {name}")
        for layer, chain in zip(gone.layers, gone.chain_ids, strict=True):
            if layer.removeprefix("blob ") not in layers:
                self.blobs.pop(layer, None)
            self.snapshots.pop(chain, None)

    def seen(self, *things: object) -> Inventory:
        return replace(inventory(*things, store="containerd"), content=self.content)  # type: ignore[arg-type]


def user(name: str, of: Image, state: str = "exited", **more: object) -> Container:
    """A container of the image's one platform."""
    values: dict[str, object] = {
        "id": f"id-{name}", "name": name, "state": state, "image_id": of.id, "image": of.name,
        "manifest": of.id.replace("index", "manifest"), "created_at": ago(days=30), "size_rw": 0, **more,
    }  # fmt: skip
    return Container(**values)  # type: ignore[arg-type] # the tests' own keywords, checked by the dataclass
