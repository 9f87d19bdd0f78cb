"""The engines of all registered hosts, each over its kept connection."""

import threading
from collections.abc import Mapping
from pathlib import Path

from bot.core.hosts import Host, Step
from bot.engines.checks import Checks, untrusted
from bot.engines.clients import Clients
from bot.engines.engine import DockerEngine
from bot.engines.known_hosts import KnownKeys, ShownKey


class DockerEngines:
    """Implements ``bot.ports.Engines``; what an engine object remembers is kept as long as this lives."""

    def __init__(self, hosts: Mapping[str, Host], pins: Path | None = None) -> None:
        """``pins`` is Deckhand's own known_hosts file, which counts before all others."""
        self._hosts = hosts
        self._clients = Clients(hosts, pins=pins)
        self._lock = threading.Lock()
        self._engines: dict[str, DockerEngine] = {}

    def connect(self, host: str) -> DockerEngine:
        """The host's engine; HostError when it cannot be reached."""
        self._clients.client(host)
        return self._engine(host)

    def check(self, host: str) -> tuple[Step, ...]:
        """Try every step on the way to the host's engine."""
        return Checks(self._clients, self._engine(host), self._hosts[host])()

    def untrusted(self, host: str) -> tuple[ShownKey, KnownKeys] | None:
        """The first SSH key on the way to a host that is not trusted; HostError when the way ends before."""
        return untrusted(self._clients, self._hosts[host])

    def _engine(self, host: str) -> DockerEngine:
        with self._lock:
            if host not in self._engines:
                self._engines[host] = DockerEngine(
                    host,
                    lambda: self._clients.client(host),
                    lambda engine: self._clients.disk(host, engine),
                )
            return self._engines[host]

    def adopt(self, hosts: Mapping[str, Host]) -> None:
        """Take other hosts; connections to those that are gone, or are reached in another way, end."""
        left = self._clients.adopt(hosts)
        with self._lock:
            self._hosts = hosts
            for host in left:
                self._engines.pop(host, None)

    def close(self) -> None:
        self._clients.close()
