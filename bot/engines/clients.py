"""Kept connections to the engines of all registered hosts."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import docker

from bot.core.errors import EngineUnavailableError, HostUnreachableError
from bot.core.hosts import ContextAddress, Host, SocketAddress, SshAddress
from bot.core.inventory import EngineInfo
from bot.core.usage import DiskSpace
from bot.engines import contexts
from bot.engines.adapter import DIALLED_URL, DialAdapter, unix_dial
from bot.engines.client import EngineClient, tcp_client
from bot.engines.contexts import Endpoint
from bot.engines.disk import Disk, LocalDisk, RemoteDisk, unknown_disk
from bot.engines.failures import LinkError, translated
from bot.engines.limits import Limits
from bot.engines.ssh_config import Route, SshFiles
from bot.engines.ssh_dial import ENGINE_SOCKET, SshDial
from bot.engines.ssh_keys import Keyring
from bot.engines.ssh_transport import SshLink

DEFAULT_LIMITS = Limits()
HANDSHAKES = 32
"""SSH handshakes at once: more only wait for one another's processor time."""
SSH = Path("~/.ssh")


@dataclass(slots=True)
class _Place:
    """One host's client, and what to close with it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    client: EngineClient | None = None
    link: SshLink | None = None
    disk: Disk = unknown_disk


class Clients:
    """Kept docker.APIClient connections, one per host; safe to use from many threads."""

    def __init__(  # noqa: PLR0913 - each has its default, and tests change one at a time
        self,
        hosts: Mapping[str, Host],
        *,
        known_hosts: Path = SSH / "known_hosts",
        ssh_config: Path | None = SSH / "config",
        limits: Limits = DEFAULT_LIMITS,
        engine_socket: str = ENGINE_SOCKET,
        pins: Path | None = None,
    ) -> None:
        """``engine_socket`` is where engines listen on hosts reached by SSH; ``pins`` is our known_hosts file."""
        self._hosts = hosts
        self._files = SshFiles(config=ssh_config, known_hosts=known_hosts, pins=pins)
        self._limits = limits
        self._engine_socket = engine_socket
        self._keyring = Keyring()
        self._handshakes = threading.BoundedSemaphore(HANDSHAKES)
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._jumps: dict[Route, SshLink] = {}
        self._closed = False

    def client(self, host: str) -> docker.APIClient:
        """The host's client, connected and negotiated; raises HostError when it cannot be had."""
        with translated(host):
            place = self._place(host)
            with place.lock:
                if place.client is None:
                    place.client = self._open(self._hosts[host], place)
                return place.client

    def disk(self, host: str, engine: EngineInfo) -> DiskSpace | None:
        """The disk behind the engine's data root, by the way that leads to the host; None: unknown."""
        with self._lock:
            place = self._places.get(host)
        return None if place is None else place.disk(engine)

    def drop(self, host: str) -> None:
        """Forget a broken connection; the next ``client`` connects anew."""
        with self._lock:
            place = self._places.get(host)
        if place is not None:
            with place.lock:
                _shut(place)

    def close(self) -> None:
        """End every connection and its thread; ``client`` raises from now on."""
        with self._lock:
            self._closed = True
            places, jumps = list(self._places.values()), list(self._jumps.values())
            self._places.clear()
            self._jumps.clear()
        for place in places:
            with place.lock:
                _shut(place)
        for jump in reversed(jumps):
            jump.close()

    def _place(self, host: str) -> _Place:
        with self._lock:
            if self._closed:
                raise LinkError(HostUnreachableError, "Deckhand is shutting down.")
            if host not in self._hosts:
                raise LinkError(HostUnreachableError, "no such host is registered.")
            return self._places.setdefault(host, _Place())

    def _open(self, host: Host, place: _Place) -> EngineClient:
        try:
            place.client = self._made(host, place)
            place.client.negotiate()
        except BaseException:
            _shut(place)
            raise
        return place.client

    def _made(self, host: Host, place: _Place) -> EngineClient:
        match host.address:
            case SshAddress() as address:
                return self._by_ssh(address, place, None)
            case ContextAddress(context=name):
                return self._by_url(contexts.from_environment(name), place)
            case SocketAddress(url=url, tls=tls):
                return self._by_url(Endpoint(url=url, tls=Path(tls).expanduser() if tls else None), place)

    def _by_url(self, endpoint: Endpoint, place: _Place) -> EngineClient:
        scheme, _, rest = endpoint.url.partition("://")
        if scheme == "unix":
            path = Path("/") / unquote(rest)
            place.disk = LocalDisk()
            return EngineClient(
                DIALLED_URL, self._limits, DialAdapter(unix_dial(path, self._limits), self._limits)
            )
        try:
            split = urlsplit(endpoint.url)
            name, port = split.hostname or "", split.port
        except ValueError as error:
            raise LinkError(EngineUnavailableError, f"“{endpoint.url}” is not a URL: {error}.") from error
        if scheme == "ssh":
            address = SshAddress(host=name, user=split.username, port=port)
            return self._by_ssh(address, place, split.path.rstrip("/") or None)
        if scheme in ("tcp", "http", "https") and name:
            secure = endpoint.secure or scheme == "https"
            shown = f"[{name}]" if ":" in name else name
            url = f"{'https' if secure else 'http'}://{shown}:{port or (2376 if secure else 2375)}"
            return tcp_client(url, endpoint, self._limits)
        raise LinkError(
            EngineUnavailableError,
            f"“{endpoint.url}” is no address that Deckhand can use; it takes unix://, tcp:// and ssh://.",
        )

    def _by_ssh(self, address: SshAddress, place: _Place, path: str | None) -> EngineClient:
        route = self._files.route(address)
        jump = None if route.jump is None else self._jump(route.jump)
        place.link = SshLink(route, self._keyring, self._limits, jump, self._handshakes)
        place.disk = RemoteDisk(place.link, self._limits.disk)
        # The helper goes to the engine that the remote user's docker command uses, not to a path of ours.
        dial = SshDial(
            place.link, self._limits, path or self._engine_socket, helper_reaches_path=path is None
        )
        adapter = DialAdapter(dial, self._limits)
        return EngineClient(DIALLED_URL, self._limits, adapter, place.link.close)

    def _jump(self, route: Route) -> SshLink:
        """Jump hosts are shared: one kept connection for all the hosts behind it."""
        before = None if route.jump is None else self._jump(route.jump)
        with self._lock:
            if route not in self._jumps:
                self._jumps[route] = SshLink(route, self._keyring, self._limits, before, self._handshakes)
            return self._jumps[route]


def _shut(place: _Place) -> None:
    client, place.client = place.client, None
    link, place.link = place.link, None
    place.disk = unknown_disk
    if client is not None:
        client.close()
    if link is not None:
        link.close()
