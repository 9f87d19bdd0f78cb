"""One kept SSH connection to one server: reached, checked, logged in; many channels over it."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import paramiko

from bot.core.errors import HostUnreachableError, LoginRefusedError
from bot.engines import known_hosts
from bot.engines.failures import LinkError
from bot.engines.limits import Limits
from bot.engines.ssh_config import Route
from bot.engines.ssh_keys import Keyring
from bot.engines.tcp import connect

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

    def __init__(self, route: Route, keyring: Keyring, limits: Limits, jump: "SshLink | None") -> None:
        self.route = route
        self.limits = limits
        self._keyring = keyring
        self._jump = jump
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
        return self._opened(
            lambda transport: transport.open_channel(
                "direct-tcpip", (host, port), source, timeout=self.limits.channel
            )
        )

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
            self._transport = self._greet(self._socket)
            self._log_in(self._transport)
        except BaseException:
            self._disconnect()
            raise
        # paramiko's own default wakes ten times a second, which 300 idle hosts would feel.
        self._socket.settimeout(WAKE_SECONDS)
        self._transport.set_keepalive(KEEPALIVE_SECONDS)
        return self._transport

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
        known = known_hosts.known_keys(self.route.name, self.route.known_hosts)
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
        known_hosts.ShownKey(
            name=self.route.name,
            host=self.route.host,
            port=self.route.port,
            type=key.get_name(),
            blob=key.asbytes(),
        ).check(known)
        return transport

    def _no_greeting(self, error: Exception, seconds: float) -> LinkError:
        if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
            return LinkError(
                HostUnreachableError,
                f"{self.route} speaks SSH only with methods that Deckhand does not: {error}",
            )
        if seconds >= self.limits.banner:
            return LinkError(
                HostUnreachableError,
                f"{self.route} accepts connections, but no SSH server answered in {self.limits.banner:g} s.",
            )
        return LinkError(
            HostUnreachableError,
            f"{self.route} closed the connection before SSH began: it is no SSH server, or too busy. "
            "Try again in a minute.",
        )

    def _log_in(self, transport: StreamlocalTransport) -> None:
        problems: list[str] = []
        offered = 0
        with self._keyring.candidates(self.route.identities, problems) as keys:
            for key in keys:
                offered += 1
                began = time.monotonic()
                try:
                    missing = transport.auth_publickey(self.route.user, key)
                except paramiko.AuthenticationException as error:
                    # paramiko says so, too, when the server hung up or kept silent.
                    if not transport.is_active() or time.monotonic() - began >= self.limits.auth:
                        raise self._login_broke(offered) from error
                    continue
                except (paramiko.SSHException, EOFError, OSError) as error:
                    raise self._login_broke(offered) from error
                if not missing:
                    return
                problems.append(f"the server also wants {' and '.join(missing)}, which a bot cannot give")
                break
        what = (
            f"{self.route} accepted none of {offered} keys" if offered else "there is no key to log in with"
        )
        because = f" ({'; '.join(problems)})" if problems else ""
        raise LinkError(
            LoginRefusedError,
            f"{what} for the user {self.route.user}{because}. Put Deckhand's public key into that user's "
            "authorized_keys, or name another identity.",
        )

    def _login_broke(self, offered: int) -> LinkError:
        return LinkError(
            HostUnreachableError,
            f"{self.route} broke off the login of {self.route.user} at key {offered}, or did not answer "
            f"in {self.limits.auth:g} s. Try again; if it stays so, name the one identity to use.",
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
