"""What an engine keeps: plain frozen values; a change of state is a replaced value."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ContainerState = Literal["created", "running", "paused", "exited"]
MountType = Literal["volume", "bind"]
RecordType = Literal["regular", "source.local", "exec.cachemount", "internal", "frontend"]

ANONYMOUS_LABEL = "com.docker.volume.anonymous"
PREDEFINED_NETWORKS = frozenset({"bridge", "host", "none"})


def digest(*parts: str) -> str:
    """Return a `sha256:` digest of the parts, the form of every id that the engine hands out."""
    return "sha256:" + hashlib.sha256(" ".join(parts).encode()).hexdigest()


def chain_id(parent: str | None, diff_id: str) -> str:
    """Return the chain id of a layer on its parent chain (OCI image specification, "Layer ChainID")."""
    return diff_id if parent is None else digest(parent, diff_id)


def short(object_id: str) -> str:
    """Return the 12 digits by which the engine's messages name an object."""
    return object_id.removeprefix("sha256:")[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of the layer store; `size` in bytes, without its parents."""

    chain_id: str
    diff_id: str
    parent: str | None
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One instruction of a build; an `empty` one made no layer."""

    created: datetime
    created_by: str
    comment: str = ""
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image; `history` and `diff_ids` oldest first, `parent` only where the legacy builder made it."""

    id: str
    created: datetime
    history: tuple[HistoryEntry, ...]
    diff_ids: tuple[str, ...]
    parent: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()

    @property
    def chain_ids(self) -> tuple[str, ...]:
        chains: list[str] = []
        for diff_id in self.diff_ids:
            chains.append(chain_id(chains[-1] if chains else None, diff_id))
        return tuple(chains)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where a container sees a volume or a host directory; `source` is a volume's name or a host path."""

    type: MountType
    source: str
    destination: str
    anonymous: bool = False
    writable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container; `size_rw` in bytes, `top` the chain id its file system stands on."""

    id: str
    name: str
    image_id: str
    image_ref: str
    top: str | None
    state: ContainerState
    created: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int = 0
    size_rw: int = 0
    command: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[str, ...] = ("bridge",)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether the engine counts it as running: a paused container is."""
        return self.state in {"running", "paused"}

    def uses_volume(self, name: str) -> bool:
        return any(mount.type == "volume" and mount.source == name for mount in self.mounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    id: str
    name: str
    driver: str
    created: datetime
    subnet: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume of the local driver; `size` in bytes."""

    name: str
    created: datetime
    size: int
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRecord:
    """One build-cache record.

    `chain` is the layer that it holds, if it is a layer: a "FROM" record holds one and says size 0.
    """

    id: str
    type: RecordType
    description: str
    size: int
    created: datetime
    last_used: datetime | None
    parents: tuple[str, ...] = ()
    usage_count: int = 1
    in_use: bool = False
    chain: str | None = None
