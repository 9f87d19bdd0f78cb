"""The ways to hosts behind SSH: a link to each, and one kept connection for all that share a jump host.

Whoever reaches no such host does without this module, and without paramiko.
"""

import threading
from pathlib import Path

from bot.core.errors import HostUnreachableError
from bot.engines.deadlines import Deadline
from bot.engines.disk.local import Disk
from bot.engines.disk.remote import RemoteDisk
from bot.engines.failures import LinkError
from bot.engines.limits import Limits
from bot.engines.ssh.config.files import SshFiles
from bot.engines.ssh.config.route import Route
from bot.engines.ssh.dial import SshDial
from bot.engines.ssh.link import SshLink
from bot.engines.ssh.login.keys import Keyring
from bot.engines.targets import Ssh

HANDSHAKES = 32
"""SSH handshakes at work at once: more only wait for one another's processor time. Who waits for a server holds
no place."""
STOPPING = "Deckhand is shutting down."


class SshWays:
    """Safe to use from many threads."""

    def __init__(
        self, config: Path | None, known_hosts: Path, pins: Path | None, limits: Limits, engine_socket: str
    ) -> None:
        self.files = SshFiles(config=config, known_hosts=known_hosts, pins=pins)
        self.handshakes = threading.BoundedSemaphore(HANDSHAKES)
        self._limits = limits
        self._engine_socket = engine_socket
        self._keyring = Keyring()
        self._lock = threading.Lock()
        self._jumps: dict[Route, SshLink] = {}
        self._closed = False

    def link_to(self, target: Ssh) -> tuple[SshLink, Disk]:
        """A link of the caller's own, not connected yet, and the disk behind it; LinkError."""
        link = self.link(self.files.route(target.address))
        return link, RemoteDisk(link, self._limits.disk)

    def dial(self, target: Ssh, link: SshLink) -> SshDial:
        """What opens connections to the engine behind a link."""
        # The helper goes to the engine that the remote user's docker command uses, not to a path of ours.
        path = target.path or self._engine_socket
        return SshDial(link, self._limits, path, helper_reaches_path=target.path is None)

    def hops(self, target: Ssh) -> tuple[SshLink, ...]:
        """Links of the caller's own, not connected yet, one behind the other: jump hosts first."""
        routes: list[Route] = []
        route: Route | None = self.files.route(target.address)
        while route is not None:
            routes.insert(0, route)
            route = route.jump
        links: list[SshLink] = []
        for each in routes:
            before = links[-1] if links else None
            links.append(SshLink(each, self._keyring, self._limits, before, self.handshakes))
        return tuple(links)

    def link(self, route: Route) -> SshLink:
        """A link along a route, through the jump host that others use too."""
        jump = None if route.jump is None else self._jump(route.jump)
        return SshLink(route, self._keyring, self._limits, jump, self.handshakes)

    def _jump(self, route: Route) -> SshLink:
        """Jump hosts are shared: one kept connection for all the hosts behind it."""
        link = self.link(route)
        with self._lock:
            if self._closed:
                raise LinkError(HostUnreachableError, STOPPING)
            return self._jumps.setdefault(route, link)

    def cut(self) -> None:
        """End the connections to jump hosts for good, at once: who waits behind them is woken."""
        with self._lock:
            self._closed = True
        self.files.children.cut()
        for jump in self._jumps.values():
            jump.cut()

    def close(self, seconds: float) -> None:
        """See them end, for so many seconds at most."""
        self.cut()
        deadline = Deadline(seconds)
        for jump in reversed(self._jumps.values()):
            jump.close(deadline.left)
