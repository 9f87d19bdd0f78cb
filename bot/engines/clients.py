"""Kept connections to the engines of all registered hosts."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import docker

from bot.core.docker.inventory import EngineInfo, Identity
from bot.core.docker.usage import DiskSpace
from bot.core.errors import EngineChangedError, HostUnreachableError
from bot.core.rules.hosts import Address, Host
from bot.engines.deadlines import WAKE_SECONDS, Deadline
from bot.engines.disk.local import LOCAL_DISK, Disk, unknown_disk
from bot.engines.docker.adapter import DIALLED_URL, Dial, DialAdapter, unix_dial
from bot.engines.docker.client import EngineClient, tcp_client
from bot.engines.docker.identity import proven
from bot.engines.docker.shared import Shared
from bot.engines.failures import LinkError, translated
from bot.engines.limits import Limits
from bot.engines.targets import ENGINE_SOCKET, Ssh, Tcp, Unix, target_of

if TYPE_CHECKING:  # they import paramiko, which takes longer than a local engine to answer
    from bot.engines.over_ssh import SshWays
    from bot.engines.ssh.link import SshLink

DEFAULT_LIMITS = Limits()
SSH = Path("~/.ssh")
STOPPING = "Deckhand is shutting down."


@dataclass(slots=True)
class _Place:
    """One host's client, and what to close with it."""

    opening: Shared[EngineClient]
    """One connects at a time; who comes meanwhile shares what comes of it."""
    client: EngineClient | None = None
    link: "SshLink | None" = None
    disk: Disk = unknown_disk
    gone: bool = False
    """Its host is no longer reached in this way: who still holds the place must look for the one now."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held for moments, to exchange the fields above; never while a host is waited for."""

    def take(self, link: "SshLink") -> None:
        """Connect over this link, or over none if the place has been left meanwhile."""
        with self.lock:
            self.link = link
            gone = self.gone
        if gone:
            link.cut()

    def connected(self) -> EngineClient:
        """The client; whoever comes first connects. LinkError."""
        return self.client or self.opening.begin(fresh=False, here=True).result()

    def opened(self, client: EngineClient) -> None:
        with self.lock:
            if self.gone:
                raise LinkError(HostUnreachableError, "its connection was ended meanwhile.")
            self.client = client

    def leave(self) -> None:
        """End what is open or being opened, at once: who waits for it is woken, and nobody waited for."""
        with self.lock:
            self.gone = True
        if self.link is not None:
            self.link.cut()

    def shut(self, seconds: float) -> None:
        """See it end, for so many seconds at most."""
        client, link = self.client, self.link
        if link is not None:
            link.close(seconds)
        if client is not None:
            client.close()


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
        local_disk: Disk = LOCAL_DISK,
    ) -> None:
        """``engine_socket`` is where engines listen on hosts reached by SSH; ``pins`` is our known_hosts file.

        ``local_disk`` tells the disk of an engine at a unix socket.
        """
        self._local_disk = local_disk
        self._hosts = hosts
        self._ssh_files = (ssh_config, known_hosts, pins)
        self.limits = limits
        self._engine_socket = engine_socket
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._holding: list[_Place] = []
        """Ways of those who hold an engine: no reload ends them."""
        self._ssh: SshWays | None = None
        self._closed = False

    def client(self, host: str) -> docker.APIClient:
        """The host's client, connected and negotiated; raises HostError when it cannot be had."""
        with translated(host):
            while True:
                place = self._place(host)
                try:
                    client = place.connected()
                except BaseException:
                    if not place.gone:
                        raise
                    continue
                if not place.gone:
                    return client

    @contextmanager
    def held(self, host: str, meant: Identity) -> Iterator["Held"]:
        """A way of one's own to one engine, for as long as the block takes: each connection has proven to lead there.

        It stays the way that the host had at the beginning, whatever the configuration says meanwhile.
        EngineChangedError where another engine answers, and any other HostError where none does.
        """
        with translated(host):
            registered, place = self._hold(host, meant)
        try:
            with translated(host):
                place.connected()
            yield Held(self, registered, place)
        finally:
            with self._lock:
                self._holding.remove(place)
            _end([place])

    def _hold(self, host: str, meant: Identity) -> tuple[Host, _Place]:
        with self._lock:
            registered = self._registered(host)
            place = self._new_place(registered, meant)
            self._holding.append(place)
            return registered, place

    def leads_to(self, host: str) -> Address | None:
        """The address of a host by the configuration of now; None where there is no such host."""
        with self._lock:
            found = self._hosts.get(host)
        return None if found is None else found.address

    def disk(self, host: str, engine: EngineInfo) -> DiskSpace | None:
        """The disk behind the engine's data root, by the way that leads to the host; None: unknown."""
        with self._lock:
            place = self._places.get(host)
        return None if place is None else place.disk(engine)

    def drop(self, host: str) -> None:
        """Forget a broken connection; the next ``client`` connects anew."""
        with self._lock:
            place = self._places.pop(host, None)
        if place is not None:
            _end([place])

    def adopt(self, hosts: Mapping[str, Host]) -> frozenset[str]:
        """Take other hosts, and end the connections to those that are gone or reached in another way: these."""
        with self._lock:
            before, self._hosts = self._hosts, hosts
            left = frozenset(
                name for name, host in before.items()
                if name not in hosts or hosts[name].address != host.address
            )  # fmt: skip
            places = [place for name in left if (place := self._places.pop(name, None))]
        _end(places)
        return left

    def close(self) -> None:
        """End every connection and its thread; ``client`` raises from now on."""
        with self._lock:
            self._closed = True
            places, ssh = [*self._places.values(), *self._holding], self._ssh
            self._places.clear()
        if ssh is not None:
            ssh.cut()
        _end(places)
        if ssh is not None:
            ssh.close(WAKE_SECONDS)

    @property
    def ssh(self) -> "SshWays":
        """The ways to hosts behind SSH, made when the first of them is asked; LinkError after the end."""
        from bot.engines.over_ssh import SshWays  # noqa: PLC0415 - as above

        with self._lock:
            if self._closed:
                raise LinkError(HostUnreachableError, STOPPING)
            if self._ssh is None:
                self._ssh = SshWays(*self._ssh_files, self.limits, self._engine_socket)
            return self._ssh

    def _place(self, host: str) -> _Place:
        with self._lock:
            registered = self._registered(host)
            if host not in self._places:
                self._places[host] = self._new_place(registered)
            return self._places[host]

    def _registered(self, host: str) -> Host:
        if self._closed:
            raise LinkError(HostUnreachableError, STOPPING)
        if host not in self._hosts:
            raise LinkError(HostUnreachableError, "no such host is registered.")
        return self._hosts[host]

    def _new_place(self, host: Host, meant: Identity | None = None) -> _Place:
        place = _Place(Shared(lambda: self._open(host, place, meant), name=f"connect {host.name}"))
        return place

    def _open(self, host: Host, place: _Place, meant: Identity | None) -> EngineClient:
        client: EngineClient | None = None
        try:
            client = self._made(host, place, meant)
            client.negotiate()
            place.opened(client)
        except BaseException:
            if place.link is not None:
                place.link.close()
            if client is not None:
                client.close()
            raise
        return client

    def _made(self, host: Host, place: _Place, meant: Identity | None) -> EngineClient:
        """A client at the end of the host's way; for ``meant``, each connection has to prove that it leads there."""
        match target_of(host.address):
            case Unix(path=path):
                place.disk = self._local_disk
                return EngineClient(
                    DIALLED_URL, self.limits, self._dialled(unix_dial(path, self.limits), meant)
                )
            case Tcp() as tcp:
                return tcp_client(tcp, self.limits, meant)
            case Ssh() as ssh:
                link, place.disk = self.ssh.link_to(ssh)
                place.take(link)
                adapter = self._dialled(self.ssh.dial(ssh, link), meant)
                link.spare_connection = adapter.make_room
                return EngineClient(DIALLED_URL, self.limits, adapter, link.disconnect, link.answers)

    def _dialled(self, dial: Dial, meant: Identity | None) -> DialAdapter:
        return DialAdapter(proven(dial, meant, self.limits), self.limits)


class Held:
    """One engine, held over a way of its own."""

    def __init__(self, clients: Clients, host: Host, place: _Place) -> None:
        self._clients = clients
        self._host = host
        self._place = place

    def client(self) -> EngineClient:
        """Its connections are opened anew where they broke, and have proven each that they lead to the engine."""
        return self._place.connected()

    def disk(self, engine: EngineInfo) -> DiskSpace | None:
        return self._place.disk(engine)

    def check(self) -> None:
        """EngineChangedError when the host's name leads elsewhere by now; what is held stays what it was."""
        if self._clients.leads_to(self._host.name) != self._host.address:
            raise EngineChangedError(
                self._host.name,
                "the configuration gives it another address since, or none. What was approved for the engine at the "
                "old one is done there or not at all.",
            )


def _end(places: Sequence[_Place]) -> None:
    """All at once first; then see their threads end, which takes no time unless one is stuck."""
    for place in places:
        place.leave()
    deadline = Deadline(WAKE_SECONDS)
    for place in places:
        place.shut(deadline.left)
