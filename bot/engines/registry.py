"""The engines of all registered hosts, each over its kept connection."""

import threading
from collections.abc import Mapping

from bot.core.hosts import Host
from bot.engines.clients import Clients
from bot.engines.engine import DockerEngine


class DockerEngines:
    """Implements ``bot.ports.Engines``; what an engine object remembers is kept as long as this lives."""

    def __init__(self, hosts: Mapping[str, Host]) -> None:
        self._clients = Clients(hosts)
        self._lock = threading.Lock()
        self._engines: dict[str, DockerEngine] = {}

    def connect(self, host: str) -> DockerEngine:
        """The host's engine; HostError when it cannot be reached."""
        self._clients.client(host)
        with self._lock:
            if host not in self._engines:
                self._engines[host] = DockerEngine(
                    host,
                    lambda: self._clients.client(host),
                    lambda engine: self._clients.disk(host, engine),
                )
            return self._engines[host]

    def close(self) -> None:
        self._clients.close()
