"""One host's Docker Engine, over the Engine API: what it holds. Nothing here changes anything."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from docker import APIClient

from bot.core.docker.ages import with_arrivals
from bot.core.docker.content.blobs import Content
from bot.core.docker.inventory import (
    CONTAINERD_STORE,
    CacheRecord,
    Container,
    EngineInfo,
    Image,
    Inventory,
    Network,
    SwarmService,
    Volume,
)
from bot.core.docker.logs import ContainerLog, Logs
from bot.core.docker.services import Use
from bot.core.docker.swarm import MANAGER, tells_services
from bot.core.docker.usage import DiskSpace, DiskUsage, Glance, Survey
from bot.core.errors import (
    EngineRequestError,
    EngineUnavailableError,
    EngineUnsupportedError,
    NotFoundError,
)
from bot.core.life.restoring import RegistrySays
from bot.engines.disk.local import Disk, unknown_disk
from bot.engines.docker import events
from bot.engines.docker.df import Df
from bot.engines.docker.each import each
from bot.engines.docker.history import platform_history
from bot.engines.docker.images import Images
from bot.engines.docker.registries.logins import NO_LOGINS, Logins
from bot.engines.docker.registries.says import Registries
from bot.engines.docker.told import decode, usage
from bot.engines.docker.told.decode import Answer
from bot.engines.failures import LinkError, translated

if TYPE_CHECKING:
    from bot.engines.docker.content.gather import Gatherer

INFO_SECONDS = 60.0


class DockerEngine:
    """Implements ``bot.ports.Engine``; ``client`` gives the host's kept connection at each call.

    ``disk`` tells the disk behind the engine's data root.
    """

    def __init__(
        self,
        host: str,
        client: Callable[[], APIClient],
        disk: Disk = unknown_disk,
        logins: Logins = NO_LOGINS,
    ) -> None:
        self._host = host
        self._connect = client
        self._disk = disk
        self._logins = logins
        self._registries = Registries(host, self._client, logins)
        self._df = Df(host, self._client)
        self._info: tuple[float, EngineInfo | None] = 0, None
        self._gatherer: Gatherer | None = None
        self._images = Images(host)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """Lend the client, and turn what it raises into our errors.

        Typed Any: the SDK's stubs declare most answers as untyped dictionaries.
        """
        with translated(self._host):
            yield self._connect()

    # --- looking --------------------------------------------------------------------------------

    def info(self) -> EngineInfo:
        with self._client() as client:
            return self._identified(client.info(), client.version())

    def clock(self) -> datetime | None:
        """What the engine's clock shows; None where it does not say."""
        with self._client() as client:
            return decode.moment(client.info().get("SystemTime"))

    def _recent_info(self) -> EngineInfo:
        """Which engine it is, as of the last minute: enough for a look that nothing is planned on."""
        at, known = self._info
        if known is None or time.monotonic() - at > INFO_SECONDS:
            known = self.info()
            self._info = time.monotonic(), known
        return known

    def _identified(self, info: Answer, version: Answer) -> EngineInfo:
        engine = decode.engine_info(info, version)
        if not engine.id:
            raise EngineUnsupportedError(self._host, "the engine tells no id that a plan could be pinned to.")
        return engine

    def disk_usage(self) -> DiskUsage:
        return usage.disk_usage(self._df.end(self._df.begin(fresh=True)))

    def disk_space(self) -> DiskSpace | None:
        return self._disk(self.info())

    def glance(self, seconds: float, *, volumes: bool = True) -> Glance:
        if not volumes:
            engine = self._recent_info()
            counted = self._df.without_volumes(seconds)
            found = usage.NOTHING_COUNTED if counted is None else usage.disk_usage(counted)
            return Glance(engine=engine, usage=found, disk=self._disk(engine))
        counting = self._df.begin(fresh=False, here=True)
        engine = self._recent_info()
        disk = self._disk(engine)
        return Glance(engine=engine, usage=usage.disk_usage(self._df.end(counting, seconds)), disk=disk)

    def survey(self, early: Callable[[DiskUsage], None] | None = None) -> Survey:
        """Gather everything, after the engine's clock was read.

        The container list comes last, so that what has just come into use is seen.
        """
        tell = None if early is None else lambda df: early(usage.disk_usage(df))
        with self._client() as client:
            info = client.info()
            counting = self._df.begin(fresh=False, early=tell)  # the slowest by far
            engine = self._identified(info, client.version())
            disk = self._disk(engine)
            listed, networks = client.images(all=True) or (), self._networks(client)
            services = self._services(client, engine)
            listed_volumes = client.volumes().get("Volumes") or ()
            df = self._df.end(counting)
            images = self._images.all(client, listed, df)
            content, no_content = self._content(client, engine, images)
            images = images if content is None else with_arrivals(images, content)
            containers = self._containers_met(client, df, {image.id for image in images})
        if content is not None and self._gatherer is not None:
            content = self._gatherer.with_users(content, containers)
        inventory = Inventory(
            engine=engine,
            taken_at=decode.moment(info.get("SystemTime")) or datetime.now(UTC),
            images=images,
            containers=containers,
            networks=networks,
            volumes=_volumes(listed_volumes, df),
            cache=usage.cache_records(df),
            content=content,
            no_content=no_content,
            services=services,
        )
        return Survey(inventory=inventory, usage=usage.disk_usage(df), disk=disk)

    def _content(
        self, client: Any, engine: EngineInfo, images: Sequence[Image]
    ) -> tuple[Content | None, str]:
        """What the containerd store keeps, or why that cannot be told."""
        if engine.store != CONTAINERD_STORE:
            return None, ""
        from bot.engines.docker.content.gather import Gatherer  # noqa: PLC0415 - other stores need none of it

        def history(image_id: str, platform: tuple[str, str, str]) -> Sequence[int] | None:
            return platform_history(client, image_id, platform)

        self._gatherer = self._gatherer or Gatherer()
        try:
            return self._gatherer.look(client.dial, client.limits, images, history), ""
        except LinkError as error:
            return None, error.sentence

    def barred(self) -> str:
        """Why the content of the containerd store cannot be told; empty where it can, and on other stores."""
        with self._client() as client:
            if self._recent_info().store != CONTAINERD_STORE:
                return ""
            from bot.engines.docker.content.gather import try_out  # noqa: PLC0415 - as above

            try:
                try_out(client.dial, client.limits)
            except LinkError as error:
                return error.sentence
        return ""

    def refreshed(self, images: Sequence[Image]) -> tuple[Image, ...]:
        with self._client() as client:
            return self._images.refreshed(client, images)

    @staticmethod
    def _networks(client: Any) -> tuple[Network, ...]:
        unused = {entry.get("Id") for entry in client.networks(filters={"dangling": True}) or ()}
        return tuple(
            decode.network(entry, in_use=entry.get("Id") not in unused) for entry in client.networks() or ()
        )

    def _services(self, client: Any, engine: EngineInfo) -> tuple[SwarmService, ...] | None:
        """What the swarm of a manager runs; None where the engine is a node that cannot, or may not, tell."""
        if tells_services(engine.swarm):
            return ()
        if engine.swarm != MANAGER:
            return None
        try:
            with translated(self._host):
                return tuple(decode.swarm_service(each) for each in client.services() or ())
        except (EngineRequestError, EngineUnavailableError):
            return None

    def _containers_met(self, client: Any, df: Answer, images: AbstractSet[str]) -> tuple[Container, ...]:
        """All containers; those that do not run are asked when they ended, and in which state they are.

        Those that stand on none of these images, by their ids, are asked what they stand on.
        """
        listed = self._listed(client)
        told = dict(zip((str(entry.get("Id")) for entry in listed), self._decoded(listed, df), strict=True))

        def meet(entry: Answer) -> Container | None:
            known = told[str(entry.get("Id"))]
            if not known.id or (decode.tells_all(entry) and known.image_id in images):
                return known
            try:
                with translated(self._host):
                    return decode.met(known, decode.inspected_container(client.inspect_container(known.id)))
            except NotFoundError:  # gone since it was listed: of what it held, the list has the last word
                return known

        return each(self._host, meet, listed)

    @staticmethod
    def _decoded(listed: Sequence[Answer], df: Answer) -> tuple[Container, ...]:
        sizes = {str(e.get("Id")): e for e in usage.entries(df, "Containers", "ContainerUsage")}
        return tuple(decode.listed_container(entry, sizes) for entry in listed)

    def _listed(self, client: Any) -> Sequence[Answer]:
        listed: Sequence[Answer] | None = client.containers(all=True)
        if listed is None:
            raise EngineUnsupportedError(self._host, "the engine does not tell which containers it has.")
        return listed

    # --- what happens between looks ---------------------------------------------------------------

    def uses(self, since: datetime, until: datetime) -> tuple[Use, ...]:
        """Which images containers were made of between two moments of the engine's clock; it waits for the second."""
        with self._client() as client:
            happened = list(events.told(client, int(since.timestamp()), int(until.timestamp())))
        return each(self._host, lambda event: events.use_of(event, self.container, self.image), happened)

    # --- looking once more, at one object -------------------------------------------------------

    def container(self, container_id: str, *, sized: bool = False) -> Container:
        with self._client() as client:
            # The SDK's own asks for no sizes; its helpers are what it is made of.
            url = client._url("/containers/{0}/json", container_id)  # noqa: SLF001
            answer = client._get(url, params={"size": int(sized)})  # noqa: SLF001
            return decode.inspected_container(client._result(answer, json=True))  # noqa: SLF001

    def containers(self) -> tuple[Container, ...]:
        with self._client() as client:
            return self._decoded(self._listed(client), {})

    def image(self, reference: str) -> Image:
        with self._client() as client:
            return decode.image({}, client.inspect_image(reference), None)

    def parents(self) -> frozenset[str]:
        with self._client() as client:
            return frozenset(str(entry.get("ParentId") or "") for entry in client.images(all=True) or ())

    def services(self) -> tuple[SwarmService, ...] | None:
        engine = self.info()  # which may have joined a swarm since the plan
        with self._client() as client:
            return self._services(client, engine)

    def network(self, network_id: str) -> Network:
        with self._client() as client:
            found = client.inspect_network(network_id)
            return decode.network(found, in_use=bool(found.get("Containers")))

    def volume(self, name: str) -> Volume:
        with self._client() as client:
            return decode.volume(client.inspect_volume(name))

    def volume_sizes(self) -> Mapping[str, int]:
        counted = usage.entries(self._df.volumes(), "Volumes", "VolumeUsage")
        volumes = (decode.volume(entry, entry.get("UsageData")) for entry in counted)
        return {volume.name: volume.size for volume in volumes if volume.size is not None}

    def cache_records(self) -> tuple[CacheRecord, ...]:
        return usage.cache_records(self._df.cache())

    def logs(self) -> Logs:
        with self._client() as client:
            default, listed = str(client.info().get("LoggingDriver") or ""), self._listed(client)

            def ask(entry: Answer) -> ContainerLog | None:
                try:
                    with translated(self._host):
                        return decode.container_log(client.inspect_container(str(entry.get("Id"))))
                except NotFoundError:
                    return None

            return Logs(default=default, containers=each(self._host, ask, listed))

    def registries_say(self, images: Mapping[str, Sequence[str]]) -> Mapping[str, RegistrySays]:
        return self._registries(images)


def _volumes(listed: Iterable[Answer], df: Answer) -> tuple[Volume, ...]:
    counted = {e.get("Name"): e.get("UsageData") for e in usage.entries(df, "Volumes", "VolumeUsage")}
    return tuple(decode.volume(entry, counted.get(entry.get("Name"))) for entry in listed)
