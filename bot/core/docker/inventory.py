"""What an engine holds, as values: everything that a plan is computed from.

A field that may be None is unknown when it is; unknown means in use, and in doubt the object is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bot.core.docker.content.blobs import Content


class Kind(StrEnum):
    """The kinds of Docker objects, in the order in which a cleanup removes them."""

    CONTAINER = "container"
    NETWORK = "network"
    IMAGE = "image"
    BUILD_CACHE = "build_cache"
    VOLUME = "volume"


ORDER = tuple(Kind)


CONTAINERD_STORE = "containerd"


class Identity(NamedTuple):
    """What tells one engine from another, and stays the same through its restarts, upgrades and reboots.

    Machines that were cloned share the id, which lies in the data root: then the name of the machine tells them apart,
    and of two engines on one machine the data root. A machine that was given another name counts as another.
    """

    id: str
    name: str
    data_root: str

    @property
    def key(self) -> str:
        """All of it in one text, to store and to compare."""
        return " ".join(self)

    def __str__(self) -> str:
        return (
            f"{self.id} ({self.name or 'a machine without a name'}, {self.data_root or 'data root unknown'})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """Which engine answered; its ``identity`` is what a plan is pinned to."""

    id: str
    name: str
    version: str
    api_version: str
    store: str
    """The image store's driver: ``overlay2``, or ``containerd`` for the containerd image store."""
    data_root: str
    operating_system: str = ""
    swarm: str = ""
    """What it is to a swarm (``docker.swarm``), empty when unknown; a plan does not carry it."""

    @property
    def identity(self) -> Identity:
        return Identity(self.id, self.name, self.data_root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    parent: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    built_at: datetime | None = None
    tagged_at: datetime | None = None
    """When the engine last tagged or pulled it; None when it never did or does not say."""
    arrived_at: datetime | None = None
    """When its blobs came to the engine; only the containerd store tells."""
    first_seen_at: datetime | None = None
    """When Deckhand first saw it on this host; None when that is not known."""
    used_at: datetime | None = None
    """When Deckhand last saw a container refer to it; None when it never did."""
    size: int | None = None
    shared_size: int | None = None
    blobs_size: int | None = None
    """Its compressed blobs, part of ``size`` but never of ``shared_size``; only the containerd store has them."""
    containers: int | None = None
    """How many containers the engine says use it; None when it does not say."""
    chain_ids: tuple[str, ...] = ()
    history: tuple[int, ...] | None = None
    """Sizes of the history entries, oldest first, in bytes; entries that made no layer are 0."""
    history_at: tuple[datetime | None, ...] = ()
    """When each of these entries was made."""
    folders: tuple[str, ...] = ()
    """Where the overlay2 store keeps its layers, lowest first: equal folders are equal layers. Empty: unknown."""
    repeats: bool = False
    """Whether one layer is in it more than once."""

    @property
    def name(self) -> str:
        """What a person calls it; for display only."""
        return (self.tags or self.digests or (short_id(self.id),))[0]

    @property
    def references(self) -> tuple[str, ...]:
        return self.tags + self.digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    id: str
    name: str
    state: str
    image_id: str
    image: str = ""
    """The reference it was created from, as the engine prints it."""
    manifest: str = ""
    """On the containerd store, the digest of the platform of its image that it runs; empty where it does not say."""
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    """When it ended the last time, or was created if it never started; None while it runs, and when that is unknown."""
    exit_code: int | None = None
    restart: str = ""
    """Its restart policy, as the engine names it. Both are told to people and steer nothing; unknown where empty."""
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    """Paths of the host that are mounted into it; one may lie in a volume."""
    networks: tuple[str, ...] = ()
    """Names and ids of its networks."""
    size_rw: int | None = None
    size_root_fs: int | None = None
    folders: tuple[str, ...] = ()
    """Where the overlay2 store keeps the layers that it stands on, as of an image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    id: str
    name: str
    driver: str
    scope: str
    labels: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    in_use: bool | None = None
    """Whether the engine counts an endpoint on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounting:
    """What is known of who mounted a volume, by its engine's clock: Docker keeps no record of that."""

    first_at: datetime
    """When Deckhand first saw the volume; of the time before nothing is known."""
    at: datetime | None = None
    """When a container, running or stopped, was last seen to mount it."""
    container: str = ""
    image: str = ""
    """That container's name, and what it was created from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    name: str
    driver: str
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    size: int | None = None
    ref_count: int | None = None
    mounting: "Mounting | None" = None
    """What Deckhand knows of who mounted it; for display, and it steers nothing."""

    @property
    def id(self) -> str:
        """What pins a volume: it has only its name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRecord:
    id: str
    type: str
    description: str = ""
    parents: tuple[str, ...] = ()
    size: int | None = None
    shared: bool = True
    in_use: bool = True
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    used: int | None = None
    """How often builds have used it; None where the engine does not say."""

    @property
    def name(self) -> str:
        """What a person sees of it; for display only."""
        return self.description or f"{self.type} {short_id(self.id)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmService:
    """A service, with what its present and its previous specification name."""

    name: str
    images: tuple[str, ...] = ()
    previous_images: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One look at an engine; ``taken_at`` is the engine's own clock, against which all ages are counted."""

    engine: EngineInfo
    taken_at: datetime
    watched_since: datetime | None = None
    """When Deckhand first saw any of its images: when those arrived that it saw then, nobody knows."""
    ran: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """Ids of the different images that each service ran, the latest first; what a service is: ``docker.services``."""
    images: tuple[Image, ...] = ()
    containers: tuple[Container, ...] = ()
    networks: tuple[Network, ...] = ()
    volumes: tuple[Volume, ...] = ()
    cache: tuple[CacheRecord, ...] = ()
    content: Content | None = None
    """What the containerd store keeps; None on other stores, and where it cannot be asked."""
    no_content: str = ""
    """Why that store's content is not known; for display only."""
    services: tuple[SwarmService, ...] | None = ()
    """The services of its swarm, where it is a manager; None where it cannot tell of them."""


def short_id(object_id: str) -> str:
    """The twelve characters of an id that Docker's tables show; for display only."""
    return object_id.removeprefix("sha256:")[:12]


def full_reference(reference: str) -> str:
    """A reference as an image lists it: with ``:latest`` where it has neither tag nor digest."""
    return reference if ":" in reference.rpartition("/")[2] or not reference else f"{reference}:latest"


def repository(reference: str) -> str:
    """The repository of a tag or a digest: ``registry:5000/app`` of ``registry:5000/app:1``."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]
