"""What carries one SSH connection, and how it ends: at once, whoever waits for it; and a question over it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import paramiko

from bot.engines.deadlines import WAKE_SECONDS, Cut
from bot.engines.ssh.known_hosts import KnownKeys, ShownKey
from bot.engines.ssh.proxy import ProxyCommand
from bot.engines.ssh.transport import Transport


class Wire:
    """A socket, or a channel of a jump host, and the transport over it once there is one."""

    transport: Transport
    """Set by who begins to speak SSH over it."""

    def __init__(self, carrier: socket.socket | paramiko.Channel, helper: ProxyCommand | None = None) -> None:
        """``helper`` is the program at the other end of the socket, where there is one."""
        self.carrier = carrier
        self.helper = helper
        self.introduced: tuple[ShownKey, KnownKeys] | None = None
        """The key that the server has shown, and what is known of it."""
        self.had_session = False
        """Whether the server has let a session in: if it refuses another, then for want of room."""

    @property
    def active(self) -> bool:
        transport = self._begun
        return transport is not None and transport.is_active()

    @property
    def _begun(self) -> Transport | None:
        return getattr(self, "transport", None)

    def cut(self) -> None:
        """End it now: everybody who reads or writes is woken, and nobody waited for."""
        if isinstance(self.carrier, socket.socket):
            with suppress(OSError):
                self.carrier.shutdown(socket.SHUT_RDWR)  # wakes the transport's thread at once
            self._close()
        else:
            # A channel says its end to the jump host, which may take its time.
            threading.Thread(target=self._close, name="closing", daemon=True).start()

    def _close(self) -> None:
        with suppress(OSError, EOFError, paramiko.SSHException):
            self.carrier.close()
        if self.helper is not None:
            self.helper.end()
        transport = self._begun
        if transport is not None:
            transport.close()

    def end(self, seconds: float = WAKE_SECONDS) -> None:
        """Cut it, and see its thread end, for which a healthy one takes no time, and no other gets more."""
        self.cut()
        transport = self._begun
        if transport is not None and transport.is_alive() and transport is not threading.current_thread():
            transport.join(seconds)


@contextmanager
def answered_within(channel: paramiko.Channel, seconds: float) -> Iterator[None]:
    """A question over a channel and its answer, whatever arrives meanwhile; TimeoutError when it is not done.

    The channel is then closed, and the connection, which others use, is not.
    """

    def end() -> None:
        channel.event.set()  # paramiko waits for some answers without a limit
        with suppress(paramiko.SSHException, OSError, EOFError):  # the connection has ended
            channel.close()

    channel.settimeout(seconds)
    with Cut(seconds, end) as cut:
        try:
            yield
        except (paramiko.SSHException, OSError, EOFError) as error:
            if cut.late:
                raise TimeoutError from error
            raise
    if cut.late:
        raise TimeoutError
