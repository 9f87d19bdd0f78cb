"""One kept SSH connection to one server: reached, checked, logged in; many channels over it."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import paramiko

from bot.core.errors import HostUnreachableError
from bot.engines import known_hosts
from bot.engines.failures import LinkError
from bot.engines.limits import Limits
from bot.engines.ssh_config import Route
from bot.engines.ssh_keys import Keyring
from bot.engines.ssh_login import log_in
from bot.engines.tcp import connect
from bot.engines.use import Use

STREAMLOCAL = "direct-streamlocal@openssh.com"
CHANNEL_OPEN = 90
KEEPALIVE_SECONDS = 15
WAKE_SECONDS = 5.0
SLOW_EXCHANGES = [
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group-exchange-sha256",
]
"""Finite-field exchanges cost 7 to 24 times the CPU of the curves, which OpenSSH has had since 6.5."""

# paramiko logs tracebacks of what we report ourselves.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


class StreamlocalTransport(paramiko.Transport):
    """A Transport that can open OpenSSH's channels to a unix socket of the server's machine."""

    def open_streamlocal(self, path: str, seconds: float) -> paramiko.Channel:
        # One at a time per transport (SshLink holds its lock), so the kind's fields need no other place.
        self._streamlocal_path = path
        return self.open_channel(STREAMLOCAL, timeout=seconds)

    def _send_user_message(self, data: paramiko.Message) -> None:
        """paramiko's own, which knows no other channel kinds: it sends the head, we add the fields."""
        head = paramiko.Message()
        head.add_byte(bytes([CHANNEL_OPEN]))
        head.add_string(STREAMLOCAL)
        if data.asbytes().startswith(head.asbytes()):
            data.add_string(self._streamlocal_path)
            data.add_string("")  # reserved
            data.add_int(0)  # reserved
        super()._send_user_message(data)  # type: ignore[misc] # private, so the stubs leave it out


class _NoChannelError(LinkError):
    """The connection is there and opens no channel: it died unnoticed."""


class SshLink:
    """The kept connection along one route; it connects on demand and again after it broke."""

    def __init__(
        self,
        route: Route,
        keyring: Keyring,
        limits: Limits,
        jump: "SshLink | None",
        handshakes: threading.BoundedSemaphore | None = None,
    ) -> None:
        """``handshakes`` bounds how many links exchange keys and log in at once."""
        self.route = route
        self.limits = limits
        self.use = Use()
        self._keyring = keyring
        self._jump = jump
        self._handshakes = handshakes or threading.BoundedSemaphore()
        self._forwarded: list[paramiko.Channel] = []
        self._lock = threading.Lock()
        self._transport: StreamlocalTransport | None = None
        self._socket: socket.socket | paramiko.Channel | None = None

    @property
    def active(self) -> bool:
        transport = self._transport
        return transport is not None and transport.is_active()

    @property
    def connection(self) -> object | None:
        """What stands for the connection that is open now; another one after it broke."""
        return self._transport

    def streamlocal(self, path: str) -> paramiko.Channel:
        """A channel to the server's unix socket; paramiko.ChannelException when the server refuses it."""
        return self._opened(lambda transport: transport.open_streamlocal(path, self.limits.channel))

    def session(self) -> paramiko.Channel:
        """A channel for one command; paramiko.ChannelException when the server refuses it."""
        return self._opened(lambda transport: transport.open_session(timeout=self.limits.channel))

    def forward(self, host: str, port: int) -> paramiko.Channel:
        """A channel to a TCP port as the server sees it; paramiko.ChannelException when refused."""
        source = ("127.0.0.1", 0)
        channel = self._opened(
            lambda transport: transport.open_channel(
                "direct-tcpip", (host, port), source, timeout=self.limits.channel
            )
        )
        self._forwarded = [*(each for each in self._forwarded if not each.closed), channel]
        return channel

    def connect(self) -> None:
        """Connect and log in, unless that is done; LinkError says what is in the way."""
        with self._lock:
            self._connected()

    def answers(self) -> bool:
        """Whether the server still answers over the open connection; when it does not, that is closed."""
        transport = self._transport
        if transport is None or not transport.is_active():
            return False
        try:
            transport.open_session(timeout=self.limits.ping).close()
        except paramiko.ChannelException:
            return True  # it refused, and so it is there
        except (paramiko.SSHException, EOFError, OSError):
            with self._lock:
                if self._transport is transport:
                    self._disconnect()
            return False
        return True

    def introduction(self) -> tuple[known_hosts.ShownKey, known_hosts.KnownKeys]:
        """The key that the server shows, trusted or not, and what is known of it; logs in nowhere."""
        with self._lock:
            self._disconnect()
            try:
                self._socket = self._reach()
                _, shown, known = self._introduced(self._socket)
                return shown, known
            finally:
                self._disconnect()

    def close(self) -> None:
        with self._lock:
            self._disconnect()

    # --- connecting; the lock is held ------------------------------------------------------------

    def _connected(self) -> StreamlocalTransport:
        if self._transport is not None and self._transport.is_active():
            return self._transport
        self._disconnect()
        try:
            self._socket = self._reach()
            with self._handshakes:
                self._transport = self._greet(self._socket)
                log_in(self._transport, self.route, self._keyring, self.limits)
        except BaseException:
            self._disconnect()
            raise
        # paramiko's own default wakes ten times a second, which 300 idle hosts would feel.
        self._socket.settimeout(WAKE_SECONDS)
        self.use.now()
        self._keep(self._transport)
        return self._transport

    def _keep(self, transport: StreamlocalTransport) -> None:
        """Ask the server now and then whether it is there, and close what nobody has used for long."""

        def keep() -> None:  # in the transport's own thread
            if self._idle() and self._lock.acquire(blocking=False):
                try:
                    if self._transport is transport and self._idle():
                        self._disconnect()
                        return
                finally:
                    self._lock.release()
            transport.global_request("keepalive@lag.net", wait=False)

        transport.packetizer.set_keepalive(min(KEEPALIVE_SECONDS, self.limits.close), keep)

    def _idle(self) -> bool:
        carries = any(not channel.closed for channel in self._forwarded)
        return not carries and self.use.idle_for >= self.limits.close

    def _opened(self, opening: Callable[[StreamlocalTransport], paramiko.Channel]) -> paramiko.Channel:
        """Open a channel; a kept connection that turns out to be dead is replaced once.

        Safe for every request, since none has been sent yet.
        """
        with self._lock:
            kept = self.active
            try:
                return self._tried(opening)
            except _NoChannelError:
                if not kept:
                    raise
                return self._tried(opening)

    def _tried(self, opening: Callable[[StreamlocalTransport], paramiko.Channel]) -> paramiko.Channel:
        transport = self._connected()
        try:
            return opening(transport)
        except paramiko.ChannelException:
            raise
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._disconnect()
            raise _NoChannelError(
                HostUnreachableError, f"{self.route} let us in and then did not answer: is the machine down?"
            ) from error

    def _disconnect(self) -> None:
        transport, self._transport = self._transport, None
        link, self._socket = self._socket, None
        if link is not None:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)  # wakes the transport's thread at once
            link.close()
        if transport is not None:
            transport.packetizer.complete_handshake()  # ends the timer thread of a handshake that did not end
            transport.close()
            if transport is not threading.current_thread():
                transport.join(WAKE_SECONDS)

    def _reach(self) -> "socket.socket | paramiko.Channel":
        if self._jump is None:
            return connect(self.route.host, self.route.port, self.limits.connect)
        try:
            return self._jump.forward(self.route.host, self.route.port)
        except LinkError as error:
            raise LinkError(
                error.kind, f"through the jump host {self._jump.route}: {error.sentence}"
            ) from error
        except paramiko.ChannelException as error:
            raise LinkError(
                HostUnreachableError,
                f"the jump host {self._jump.route} could not or would not connect to {self.route}.",
            ) from error

    def _greet(self, link: "socket.socket | paramiko.Channel") -> StreamlocalTransport:
        """Exchange keys and check the server's; nothing secret is sent before that."""
        transport, shown, known = self._introduced(link)
        shown.check(known)
        return transport

    def _introduced(
        self, link: "socket.socket | paramiko.Channel"
    ) -> tuple[StreamlocalTransport, known_hosts.ShownKey, known_hosts.KnownKeys]:
        """Exchange keys: the key that the server shows, and what is known of it."""
        known = known_hosts.trusted_keys(self.route.name, self.route.pins, self.route.known_hosts)
        transport = StreamlocalTransport(link, disabled_algorithms={"kex": SLOW_EXCHANGES})
        self._transport = transport  # so that a failure below ends its thread
        transport.banner_timeout = self.limits.banner
        transport.handshake_timeout = self.limits.banner
        transport.auth_timeout = self.limits.auth
        _prefer(transport, known)
        began = time.monotonic()
        try:
            # Longer than the limits inside, or the cause would be lost.
            transport.start_client(timeout=2 * self.limits.banner + 1)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise self._no_greeting(error, time.monotonic() - began) from error
        key = transport.get_remote_server_key()
        shown = known_hosts.ShownKey(
            name=self.route.name,
            host=self.route.host,
            port=self.route.port,
            type=key.get_name(),
            blob=key.asbytes(),
        )
        return transport, shown, known

    def _no_greeting(self, error: Exception, seconds: float) -> LinkError:
        if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
            return LinkError(
                HostUnreachableError,
                f"{self.route} speaks SSH only with methods that Deckhand does not: {error}",
            )
        if seconds >= self.limits.banner:
            return LinkError(
                HostUnreachableError,
                f"{self.route} accepts connections, but no SSH server answered in {self.limits.banner:g} s: "
                "is it overloaded, or is this another service's port?",
            )
        return LinkError(
            HostUnreachableError,
            f"{self.route} closed the connection before SSH began: it is no SSH server, or too busy. "
            "Try again in a minute.",
        )


def _prefer(transport: paramiko.Transport, known: known_hosts.KnownKeys) -> None:
    """Ask the server first for a key of a type that known_hosts has, as OpenSSH does."""
    if not known.by_type:
        return
    options = transport.get_security_options()
    names = set(known.by_type)
    if "ssh-rsa" in names:
        names |= {"rsa-sha2-512", "rsa-sha2-256"}
    options.key_types = tuple(sorted(options.key_types, key=lambda name: name not in names))
