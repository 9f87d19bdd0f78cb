"""One kept SSH connection to one server: reached, checked, logged in; many channels over it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import paramiko

from bot.core.errors import HostUnreachableError
from bot.engines.deadlines import WAKE_SECONDS, Cut, Deadline
from bot.engines.failures import LinkError
from bot.engines.limits import Limits
from bot.engines.ssh import known_hosts
from bot.engines.ssh.config import Route
from bot.engines.ssh.greeting import introduced
from bot.engines.ssh.keys import Keyring
from bot.engines.ssh.login import log_in
from bot.engines.ssh.transport import STREAMLOCAL, Transport
from bot.engines.ssh.wire import Wire
from bot.engines.tcp import connect
from bot.engines.use import Use

KEEPALIVE_SECONDS = 15
CONNECT_FAILED = 2
"""RFC 4254, section 5.1."""


class _NoChannelError(LinkError):
    """The connection is there and opens no channel: it died unnoticed."""


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
        self._keyring = keyring
        self._jump = jump
        self._handshakes = handshakes or threading.BoundedSemaphore()
        self._forwarded: list[paramiko.Channel] = []
        self._turn = threading.Lock()
        """Held while connecting, by one at a time."""
        self._ends = threading.Lock()
        """Held for moments, to exchange the two below."""
        self._kept: Wire | None = None
        self._coming: Wire | None = None
        self._closed = False

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
            lambda transport, seconds: transport.opened(STREAMLOCAL, seconds, path=path),
            Deadline(self.limits.reach),
        )

    def session(self) -> paramiko.Channel:
        """A channel for one command; paramiko.ChannelException when the server refuses it."""
        return self._opened(
            lambda transport, seconds: transport.opened("session", seconds), Deadline(self.limits.reach)
        )

    def forward(self, host: str, port: int, deadline: Deadline) -> paramiko.Channel:
        """A channel to a TCP port as the server sees it; paramiko.ChannelException when there is none."""

        def opening(transport: Transport, seconds: float) -> paramiko.Channel:
            try:
                return transport.opened("direct-tcpip", seconds, to=(host, port))
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

    def introduction(self) -> tuple[known_hosts.ShownKey, known_hosts.KnownKeys]:
        """The key that the server shows, trusted or not, and what is known of it; logs in nowhere."""
        deadline = Deadline(self.limits.reach)
        with self._my_turn(deadline):
            self._forget(self._kept)
            wire = self._reach(deadline)
            try:
                return introduced(wire, self.route, self.limits, self._handshakes, deadline)
            finally:
                self._come(None)
                wire.end()

    def disconnect(self) -> None:
        """End the connection that is open, if any; the next question connects anew."""
        self._forget(self._kept)

    def cut(self) -> None:
        """End it for good, at once: who waits for an answer is woken, and nobody waited for."""
        with self._ends:
            self._closed = True
            wires = [wire for wire in (self._kept, self._coming) if wire is not None]
        for wire in wires:
            wire.cut()

    def close(self, seconds: float = WAKE_SECONDS) -> None:
        """End it for good, and see its threads end, for so many seconds at most."""
        self.cut()
        deadline = Deadline(seconds)
        for wire in (self._kept, self._coming):
            if wire is not None:
                wire.end(deadline.left)

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
            wire = self._reach(deadline)
            try:
                self._log_in(wire, deadline)
                with self._ends:
                    self._check_open()
                    self._kept, self._coming = wire, None
            except BaseException:
                self._come(None)
                wire.end()
                self._check_open()
                raise
        self.use.now()
        return wire

    def _log_in(self, wire: Wire, deadline: Deadline) -> None:
        """Exchange keys, check the server's, and log in; nothing secret is sent before that."""
        shown, known = introduced(wire, self.route, self.limits, self._handshakes, deadline)
        shown.check(known)
        transport = wire.transport
        with Cut(deadline.left, wire.cut):
            log_in(transport, self.route, self._keyring, deadline.within(self.limits.auth))
        transport.packetizer.stranger = False
        transport.packetizer.tend(min(KEEPALIVE_SECONDS, self.limits.close), lambda: self._tend(wire))
        # paramiko's own default wakes ten times a second, which 300 idle hosts would feel.
        wire.carrier.settimeout(WAKE_SECONDS)

    def _check_open(self) -> None:
        if self._closed:
            raise LinkError(
                HostUnreachableError,
                "its connection was ended: Deckhand stops, or reaches the host otherwise now.",
            )

    def _reach(self, deadline: Deadline) -> Wire:
        self._check_open()
        if self._jump is None:
            wire = Wire(connect(self.route.host, self.route.port, deadline.within(self.limits.connect)))
        else:
            wire = Wire(self._through(self._jump, deadline))
        self._come(wire)
        if self._closed:  # else ``cut`` has seen it
            wire.end()
        return wire

    def _come(self, wire: Wire | None) -> None:
        with self._ends:
            self._coming = wire

    def _through(self, jump: "SshLink", deadline: Deadline) -> paramiko.Channel:
        try:
            return jump.forward(self.route.host, self.route.port, deadline)
        except LinkError as error:
            raise LinkError(error.kind, f"through the jump host {jump.route}: {error.sentence}") from error
        except paramiko.ChannelException as error:
            raise LinkError(
                HostUnreachableError,
                f"the jump host {jump.route} could not or would not connect to {self.route}.",
            ) from error

    # --- while it is open -----------------------------------------------------------------------

    def _opened(
        self, opening: Callable[[Transport, float], paramiko.Channel], deadline: Deadline
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
        self, opening: Callable[[Transport, float], paramiko.Channel], deadline: Deadline
    ) -> paramiko.Channel:
        wire = self._connected(deadline)
        seconds = deadline.within(self.limits.channel)
        try:
            with Cut(seconds + 3 * self.limits.ping, wire.cut):
                return opening(wire.transport, seconds)
        except paramiko.ChannelException:
            raise
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._forget(wire)
            self._check_open()
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
