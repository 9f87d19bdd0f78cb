"""The engines of all registered hosts, each over its kept connection."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from docker import APIClient

from bot.core.docker.inventory import EngineInfo
from bot.core.errors import EngineChangedError
from bot.core.rules.hosts import Host, Step
from bot.engines.clients import Clients
from bot.engines.disk.local import LOCAL_DISK, Disk
from bot.engines.docker.engine import DockerEngine
from bot.engines.docker.registries.logins import NO_LOGINS, Logins
from bot.engines.held import HeldDockerEngine
from bot.engines.ssh.known_hosts import KnownKeys, ShownKey


class DockerEngines:
    """Implements ``bot.ports.Engines``; what an engine object remembers is kept as long as this lives."""

    def __init__(
        self,
        hosts: Mapping[str, Host],
        pins: Path | None = None,
        logins: Logins = NO_LOGINS,
        local_disk: Disk = LOCAL_DISK,
    ) -> None:
        """``pins`` is Deckhand's own known_hosts file, which counts before all others.

        ``logins`` are those at registries, for what is pulled, and for nothing else. ``local_disk`` tells the disk of
        an engine at a unix socket.
        """
        self._hosts = hosts
        self._logins = logins
        self._clients = Clients(hosts, pins=pins, local_disk=local_disk)
        self._lock = threading.Lock()
        self._engines: dict[str, DockerEngine] = {}

    def connect(self, host: str) -> DockerEngine:
        """The host's engine; HostError when it cannot be reached."""
        self._clients.client(host)
        return self._engine(host)

    @contextmanager
    def hold(self, host: str, engine: EngineInfo) -> Iterator[HeldDockerEngine]:
        with self._clients.held(host, engine.identity) as held:
            yield HeldDockerEngine(host, held, self._logins)

    def check(self, host: str) -> tuple[Step, ...]:
        """Try every step on the way to the host's engine."""
        from bot.engines.checks.steps import Checks  # noqa: PLC0415 - as below

        return Checks(self._clients, self._engine(host), self._hosts[host])()

    def untrusted(self, host: str) -> tuple[ShownKey, KnownKeys] | None:
        """The first SSH key on the way to a host that is not trusted; HostError when the way ends before."""
        from bot.engines.checks.trust import untrusted  # noqa: PLC0415 - it imports paramiko, which takes its time

        return untrusted(self._clients, self._hosts[host])

    def _engine(self, host: str) -> DockerEngine:
        with self._lock:
            if host not in self._engines:
                self._engines[host] = DockerEngine(
                    host,
                    self._way_to(host),
                    lambda engine: self._clients.disk(host, engine),
                    self._logins,
                )
            return self._engines[host]

    def _way_to(self, host: str) -> Callable[[], APIClient]:
        """The kept connection, as long as the name leads where it does now: no look sees parts of two engines."""
        address = self._clients.leads_to(host)

        def client() -> APIClient:
            if self._clients.leads_to(host) != address:
                raise EngineChangedError(
                    host, "the configuration gives it another address since, or none. Look again."
                )
            return self._clients.client(host)

        return client

    def adopt(self, hosts: Mapping[str, Host], logins: Logins = NO_LOGINS) -> None:
        """Take other hosts and logins; connections to those that are gone, or are reached in another way, end."""
        left = self._clients.adopt(hosts)
        with self._lock:
            self._hosts = hosts
            changed, self._logins = logins != self._logins, logins
            for host in tuple(self._engines) if changed else left:
                self._engines.pop(host, None)

    def close(self) -> None:
        self._clients.close()
