"""What blobs say: the shape of manifests and configurations of the Open Container Initiative, as values of the core."""

import re
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from bot.core.docker.content.blobs import Blob, Manifest
from bot.core.docker.content.layers import chain_ids
from bot.engines.docker.content.messages import moment, senseless
from bot.engines.docker.told.decode import moment as written_moment
from bot.engines.docker.told.reading import shaped
from bot.engines.failures import LinkError

_REFERS, _VARIANT = "containerd.io/gc.ref.content", "containerd.io/gc.ref.content.blob-"
_SNAPSHOT, _UNPACKED = "containerd.io/gc.ref.snapshot.", "containerd.io/uncompressed"
_SOURCE = "containerd.io/distribution.source."

DIGEST = re.compile(r"[a-z0-9.+_-]{1,32}:[0-9a-f]{32,128}")
MOST_STEPS = 1_000
"""Layers of an image, and steps that made it; engines stop at 127 layers. What is remembered goes by them."""

Word = Annotated[str, Field(strict=True, max_length=256)]


class _Descriptor(TypedDict, total=False):
    mediaType: Word | None
    digest: Word | None


class ManifestDocument(TypedDict, total=False):
    config: _Descriptor | None
    layers: Annotated[list[_Descriptor], Field(max_length=MOST_STEPS)] | None


class _RootFs(TypedDict, total=False):
    diff_ids: Annotated[list[Word], Field(max_length=MOST_STEPS)] | None


class _Step(TypedDict, total=False):
    created: Word | None
    empty_layer: bool | None


class ConfigDocument(TypedDict, total=False):
    os: Word | None
    architecture: Word | None
    variant: Word | None
    rootfs: _RootFs | None
    history: Annotated[list[_Step], Field(max_length=MOST_STEPS)] | None


def blob(info: Any) -> Blob:
    """One entry of the list of content; LinkError where it is called by no digest."""
    if not DIGEST.fullmatch(info.digest):
        raise senseless()
    labels = {label.key: label.value for label in info.labels}
    digests = {key: value for key, value in labels.items() if DIGEST.fullmatch(value)}
    refers = {value for key, value in digests.items() if key.startswith(_REFERS)}
    variants = {value for key, value in digests.items() if key.startswith(_VARIANT)}
    return Blob(
        digest=info.digest,
        size=max(info.size, 0),
        created_at=moment(info.created_at),
        refers_to=tuple(sorted(refers - {info.digest})),
        variants=tuple(sorted(variants - {info.digest})),
        built=bool(variants),
        chain_id=next((value for key, value in digests.items() if key.startswith(_SNAPSHOT)), ""),
        diff_id=digests.get(_UNPACKED, ""),
        sourced=any(key.startswith(_SOURCE) for key in labels),
    )


def configuration_of(content: bytes) -> str:
    """The digest of the configuration that a manifest names; empty where it is no manifest."""
    document = _read(ManifestDocument, content)
    return (document.get("config") or {}).get("digest") or ""


def manifest(digest: str, content: bytes, configuration: bytes) -> Manifest:
    """An image of one platform; without layers to unpack where its configuration is of something else."""
    document, config = _read(ManifestDocument, content), _read(ConfigDocument, configuration)
    layers = tuple(layer.get("digest") or "" for layer in document.get("layers") or ())
    diff_ids = tuple((config.get("rootfs") or {}).get("diff_ids") or ())
    if any("in-toto" in (layer.get("mediaType") or "") for layer in document.get("layers") or ()):
        diff_ids = ()
    steps = config.get("history") or ()
    made = [step for step in steps if not step.get("empty_layer")]
    return Manifest(
        digest=digest,
        config=(document.get("config") or {}).get("digest") or "",
        layers=layers,
        diff_ids=diff_ids,
        chain_ids=chain_ids(diff_ids),
        made_at=tuple(written_moment(s.get("created")) for s in made) if len(made) == len(diff_ids) else (),
        steps=tuple(not step.get("empty_layer") for step in steps),
        platform=(config.get("os") or "", config.get("architecture") or "", config.get("variant") or ""),
    )


def _read(shape: Any, content: bytes) -> Any:
    """Anybody can put anything into a store: what is none of these is empty."""
    try:
        return shaped(shape, content, "a question about its content")
    except LinkError:
        return {}
