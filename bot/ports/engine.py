"""What the services need of Docker: one host's engine, and the way to it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from bot.core.docker.inventory import CacheRecord, Container, EngineInfo, Image, Network, SwarmService, Volume
from bot.core.docker.logs import Logs
from bot.core.docker.services import Use
from bot.core.docker.usage import DiskSpace, DiskUsage, Glance, Survey
from bot.core.life.restoring import RegistrySays

CACHE_BATCH = 1_000
"""Build cache records that one call removes: each id becomes part of the request's URL."""


class Engine(Protocol):
    """One host's Docker Engine, to look at. Every method may raise HostError."""

    def info(self) -> EngineInfo: ...

    def disk_usage(self) -> DiskUsage:
        """``docker system df``, with the figures of that engine's own CLI."""
        ...

    def disk_space(self) -> DiskSpace | None:
        """The disk behind the engine's data root; None where there is no way to tell."""
        ...

    def glance(self, seconds: float, *, volumes: bool = True) -> Glance:
        """Disk usage and disk for a list of hosts; callers at the same moment share one answer.

        Without ``volumes`` no file of theirs is walked: they are unknown then, and all is on an engine that counts
        nothing without them. EngineTimeoutError when the engine has not counted after ``seconds``.
        """
        ...

    def survey(self, early: Callable[[DiskUsage], None] | None = None) -> Survey:
        """All that a plan needs, and the table of disk usage that goes with it.

        ``early`` gets the table without the volumes where those take longer than all else; it must be quick.
        """
        ...

    def container(self, container_id: str, *, sized: bool = False) -> Container:
        """The container as it is now, ``sized`` with what it holds; NotFoundError when it is gone."""
        ...

    def containers(self) -> tuple[Container, ...]:
        """All containers, stopped ones too."""
        ...

    def image(self, reference: str) -> Image:
        """The image that an id or a reference names now; NotFoundError when none."""
        ...

    def refreshed(self, images: Sequence[Image]) -> tuple[Image, ...]:
        """The same images with their names and last tag time as they are now; without those that are gone.

        ``survey`` may have asked for these once and remembered: the engine tells a new tag of an old name to
        nobody who does not ask for that image.
        """
        ...

    def parents(self) -> frozenset[str]:
        """Ids of the images that another one names as its parent, as legacy builds and commits do."""
        ...

    def services(self) -> tuple[SwarmService, ...] | None:
        """What the engine's swarm runs; empty where it is in none, None where it cannot, or may not, tell."""
        ...

    def network(self, network_id: str) -> Network: ...

    def volume(self, name: str) -> Volume: ...

    def volume_sizes(self) -> Mapping[str, int]:
        """What each volume holds, counted now; without those that the engine does not tell of."""
        ...

    def cache_records(self) -> tuple[CacheRecord, ...]: ...

    def logs(self) -> Logs:
        """Where the output of each container goes, stopped ones too; each is asked."""
        ...

    def registries_say(self, images: Mapping[str, Sequence[str]]) -> Mapping[str, RegistrySays]:
        """Whether registries would give images again, by their ids; given are the digest references of each.

        Within half a minute, and it raises nothing: who does not answer has not been asked.
        """
        ...

    def clock(self) -> datetime | None:
        """What the engine's clock shows; None where it does not say."""
        ...

    def uses(self, since: datetime, until: datetime) -> tuple[Use, ...]:
        """Which images containers were made of between two moments of its clock; it waits for the later one."""
        ...


class HeldEngine(Engine, Protocol):
    """The one engine that something was approved for, and the only kind that anything is changed on.

    Each of its connections has proven to lead to that engine before anything else was sent over it; so every method
    may raise EngineChangedError, and then nothing was sent.
    """

    def still_meant(self) -> None:
        """EngineChangedError when the configuration has the host's name lead elsewhere by now.

        What is held still leads where it did: who asks between two objects can end the one that was begun.
        """
        ...

    def remove_container(self, container_id: str) -> None:
        """Remove a stopped container, and not its anonymous volumes. ConflictError, NotFoundError."""
        ...

    def untag(self, reference: str) -> None:
        """Take one reference off an image that has others. ConflictError, NotFoundError."""
        ...

    def tag(self, image_id: str, reference: str) -> None:
        """Put a name (``repository:tag``) on an image; it is taken off any other. NotFoundError."""
        ...

    def remove_image(self, image_id: str) -> tuple[str, ...]:
        """Delete an image by id, never forced, without its parents; the ids that the engine deleted.

        Layers appear by their chain ids. ConflictError, NotFoundError.
        """
        ...

    def pull(self, reference: str) -> None:
        """Pull the image of a digest reference, with the login for its registry; back when it is there.

        EngineRequestError with what the registry said, EngineTimeoutError when it takes too long.
        """
        ...

    def remove_network(self, network_id: str) -> None: ...

    def remove_volume(self, name: str) -> None: ...

    def prune_cache(self, record_ids: Sequence[str]) -> frozenset[str]:
        """Remove exactly these build cache records where nothing holds them; the ids that went.

        At most ``CACHE_BATCH`` in one call.
        """
        ...

    def collect(self) -> None:
        """Have the containerd store let go of what nothing holds any more: builds leave things held for minutes.

        Removes no object. It is back when that is done.
        """
        ...


class Engines(Protocol):
    def connect(self, host: str) -> Engine:
        """The engine of a registered host; HostError when it cannot be reached."""
        ...

    def hold(self, host: str, engine: EngineInfo) -> AbstractContextManager[HeldEngine]:
        """Hold the engine that is meant, by its identity, as long as the block takes.

        EngineChangedError when the host's name leads to another one, and any other HostError when it leads nowhere.
        """
        ...
