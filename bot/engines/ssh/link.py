"""One kept SSH connection to one server: reached, checked, logged in; many channels over it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import paramiko

from bot.core.errors import EngineUnavailableError, HostUnreachableError
from bot.engines.deadlines import WAKE_SECONDS, Cut, Deadline
from bot.engines.failures import LinkError, NoRoomError
from bot.engines.limits import Limits
from bot.engines.ssh import known_hosts
from bot.engines.ssh.approach import Approach, Jump
from bot.engines.ssh.config.route import Route
from bot.engines.ssh.login.keys import Keyring
from bot.engines.ssh.transport import STREAMLOCAL
from bot.engines.ssh.wire import Wire
from bot.engines.use import Use

KEEPALIVE_SECONDS = 15
CONNECT_FAILED = 2
"""RFC 4254, section 5.1."""


class _NoChannelError(LinkError):
    """The connection is there and opens no channel: it died unnoticed."""


def _nothing() -> None:
    """Nothing that could be ended."""


class SshLink:
    """The kept connection along one route; it connects on demand and again after it broke.

    Every question has a deadline in all, and ``close`` waits for nobody: who is in the middle is woken.
    """

    def __init__(
        self,
        route: Route,
        keyring: Keyring,
        limits: Limits,
        jump: "SshLink | None",
        handshakes: threading.BoundedSemaphore | None = None,
    ) -> None:
        """``handshakes`` bounds how many links work at exchanging keys at once."""
        self.route = route
        self.limits = limits
        self.use = Use()
        self.spare_connection: Callable[[], object] = _nothing
        """Ends an engine's connection over a session that nobody uses; asked for where there is room for few."""
        self.spare_disk: Callable[[], object] = _nothing
        """The same for the session that tells of the disk."""
        self._approach = Approach(route, keyring, limits, handshakes or threading.BoundedSemaphore())
        self._jump = jump
        self._forwarded: list[paramiko.Channel] = []
        self._turn = threading.Lock()
        """Held while connecting, by one at a time."""
        self._ends = threading.Lock()
        """Held for moments, to exchange what is kept."""
        self._kept: Wire | None = None

    @property
    def active(self) -> bool:
        kept = self._kept
        return kept is not None and kept.active

    @property
    def connection(self) -> object | None:
        """What stands for the connection that is open now; another one after it broke."""
        return self._kept

    def streamlocal(self, path: str) -> paramiko.Channel:
        """A channel to the server's unix socket; paramiko.ChannelException when the server refuses it."""
        return self._opened(
            lambda wire, seconds: wire.transport.opened(STREAMLOCAL, seconds, path=path),
            Deadline(self.limits.reach),
        )

    def session(self) -> paramiko.Channel:
        """A channel for one command; paramiko.ChannelException when the server refuses it.

        NoRoomError when it has let one in before on the same connection.
        """

        def opening(wire: Wire, seconds: float) -> paramiko.Channel:
            try:
                channel = wire.transport.opened("session", seconds)
            except paramiko.ChannelException as error:
                if wire.had_session:
                    raise NoRoomError(
                        EngineUnavailableError,
                        f"{self.route} lets so few sessions in at once (MaxSessions) that there was no room for "
                        "another. Allow forwarding to the engine's socket, which takes none: deploy/host-setup.md.",
                    ) from error
                raise
            wire.had_session = True
            return channel

        return self._opened(opening, Deadline(self.limits.reach))

    def forward(self, host: str, port: int, deadline: Deadline) -> paramiko.Channel:
        """A channel to a TCP port as the server sees it; paramiko.ChannelException when there is none."""

        def opening(wire: Wire, seconds: float) -> paramiko.Channel:
            try:
                return wire.transport.opened("direct-tcpip", seconds, to=(host, port))
            except paramiko.ChannelException:
                raise
            except paramiko.SSHException as error:
                # The server may still be connecting: that is no reason to end what others have open.
                if self.answers():
                    raise paramiko.ChannelException(CONNECT_FAILED, "no answer") from error
                raise

        channel = self._opened(opening, deadline)
        with self._ends:
            self._forwarded = [*(each for each in self._forwarded if not each.closed), channel]
        return channel

    def connect(self) -> None:
        """Connect and log in, unless that is done; LinkError says what is in the way."""
        self._connected(Deadline(self.limits.reach))

    def answers(self) -> bool:
        """Whether the server still answers over the open connection; when it does not, that is closed."""
        kept = self._kept
        if kept is None or not kept.active:
            return False
        try:
            with Cut(2 * self.limits.ping, kept.cut):
                kept.transport.opened("session", self.limits.ping).close()
        except paramiko.ChannelException:
            return True  # it refused, and so it is there
        except (paramiko.SSHException, EOFError, OSError):
            self._forget(kept)
            return False
        return True

    def reach(self) -> str:
        """Connect, and say where to; ``introduction`` and ``connect`` then go on with that connection."""
        deadline = Deadline(self.limits.reach)
        with self._my_turn(deadline):
            self._forget(self._kept)
            carrier = self._approach.reach(self._through, deadline).carrier
        if self.route.command is None and isinstance(carrier, socket.socket):
            return f"{carrier.getpeername()[0]}, port {self.route.port}"
        return self.route.command or str(self.route)

    def introduction(self) -> tuple[known_hosts.ShownKey, known_hosts.KnownKeys]:
        """The key that the server shows, trusted or not, and what is known of it; logs in nowhere.

        ``connect`` then goes on with the same connection: some servers let one stranger in at a time.
        """
        deadline = Deadline(self.limits.reach)
        with self._my_turn(deadline):
            return self._approach.introduce(self._through, deadline)[1:]

    def disconnect(self) -> None:
        """End the connection that is open, if any; the next question connects anew."""
        self._forget(self._kept)

    def cut(self) -> None:
        """End it for good, at once: who waits for an answer is woken, and nobody waited for."""
        self._approach.cut()
        with self._ends:
            kept = self._kept
        if kept is not None:
            kept.cut()

    def close(self, seconds: float = WAKE_SECONDS) -> None:
        """End it for good, and see its threads end, for so many seconds at most."""
        self.cut()
        deadline = Deadline(seconds)
        if (kept := self._kept) is not None:
            kept.end(deadline.left)
        self._approach.close(deadline.left)

    # --- connecting -----------------------------------------------------------------------------

    @contextmanager
    def _my_turn(self, deadline: Deadline) -> Iterator[None]:
        if not self._turn.acquire(timeout=deadline.left):
            raise LinkError(
                HostUnreachableError,
                f"{self.route} keeps others waiting who asked before, for {self.limits.reach:g} s now. Try again "
                "in a minute.",
            )
        try:
            yield
        finally:
            self._turn.release()

    def _connected(self, deadline: Deadline) -> Wire:
        with self._my_turn(deadline):
            kept = self._kept
            if kept is not None and kept.active:
                return kept
            self._forget(kept)
            wire = self._approach.log_in(self._through, deadline)
            transport = wire.transport
            transport.packetizer.stranger = False
            transport.packetizer.tend(min(KEEPALIVE_SECONDS, self.limits.close), lambda: self._tend(wire))
            # paramiko's own default wakes ten times a second, which 300 idle hosts would feel.
            wire.carrier.settimeout(WAKE_SECONDS)
            with self._ends:
                self._kept = wire  # from here on ``cut`` sees it
            self._approach.leave()
            self._approach.check_open()
        self.use.now()
        return wire

    @property
    def _through(self) -> Jump | None:
        """Through the jump host, where there is one."""
        jump = self._jump
        if jump is None:
            return None

        def opened(deadline: Deadline) -> paramiko.Channel:
            try:
                return jump.forward(self.route.host, self.route.port, deadline)
            except LinkError as error:
                raise LinkError(
                    error.kind, f"through the jump host {jump.route}: {error.sentence}"
                ) from error
            except paramiko.ChannelException as error:
                raise LinkError(
                    HostUnreachableError,
                    f"the jump host {jump.route} could not or would not connect to {self.route}.",
                ) from error

        return opened

    # --- while it is open -----------------------------------------------------------------------

    def _opened(
        self, opening: Callable[[Wire, float], paramiko.Channel], deadline: Deadline
    ) -> paramiko.Channel:
        """Open a channel; a kept connection that turns out to be dead is replaced once.

        Safe for every request, since none has been sent yet.
        """
        kept = self.active
        try:
            return self._tried(opening, deadline)
        except _NoChannelError:
            if not kept:
                raise
            return self._tried(opening, deadline)

    def _tried(
        self, opening: Callable[[Wire, float], paramiko.Channel], deadline: Deadline
    ) -> paramiko.Channel:
        wire = self._connected(deadline)
        seconds = deadline.within(self.limits.channel)
        try:
            with Cut(seconds + 3 * self.limits.ping, wire.cut):
                return opening(wire, seconds)
        except (paramiko.ChannelException, NoRoomError):
            raise
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._forget(wire)
            self._approach.check_open()
            raise _NoChannelError(
                HostUnreachableError, f"{self.route} let us in and then did not answer: is the machine down?"
            ) from error

    def _forget(self, wire: Wire | None) -> None:
        if wire is None:
            return
        with self._ends:
            if self._kept is wire:
                self._kept = None
        wire.end()

    def _tend(self, wire: Wire) -> None:
        """Ask the server now and then whether it is there, and close what nobody has used for long.

        In the connection's own thread, and so it waits for nothing.
        """
        if self._idle():
            with self._ends:
                if self._kept is wire:
                    self._kept = None
            wire.cut()
        elif wire.transport.clear_to_send.is_set():
            with suppress(paramiko.SSHException):
                wire.transport.global_request("keepalive@lag.net", wait=False)

    def _idle(self) -> bool:
        carries = any(not channel.closed for channel in self._forwarded)
        return not carries and self.use.idle_for >= self.limits.close
