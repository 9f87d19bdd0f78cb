"""paramiko's transport, within bounds, and with OpenSSH's channels to unix sockets."""

import logging
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import paramiko
from paramiko.buffered_pipe import BufferedPipe
from paramiko.common import (
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_EXTENDED_DATA,
    cMSG_CHANNEL_CLOSE,
    cMSG_CHANNEL_OPEN,
)

from bot.engines.deadlines import Deadline
from bot.engines.limits import Limits
from bot.engines.ssh.packets import Packets, TooMuchError

STREAMLOCAL = "direct-streamlocal@openssh.com"
STDERR = 1
MOST_EXTENSIONS = 64
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


def _take(channel: paramiko.Channel, buffer: "BufferedPipe[bytes]", data: bytes) -> None:
    """Keep what came for a channel, as far as the server was told that it may send (RFC 4254, section 5.2)."""
    if channel.closed or not data:
        return
    if len(channel.in_buffer) + len(channel.in_stderr_buffer) + len(data) > channel.in_window_size:
        raise TooMuchError("more than the channel's window")
    buffer.feed(data)
    transport = channel.get_transport()
    if isinstance(transport, Transport):
        transport.packetizer.useful()


def _data(channel: paramiko.Channel, message: paramiko.Message) -> None:
    _take(channel, channel.in_buffer, message.get_binary())


def _extended_data(channel: paramiko.Channel, message: paramiko.Message) -> None:
    if message.get_int() == STDERR:
        _take(channel, channel.in_stderr_buffer, message.get_binary())


class Transport(paramiko.Transport):
    """A Transport that a server can neither fill nor hold, nor make raise anything but SSH's own errors.

    Channels may be opened from many threads at once; each is told its own refusal.
    """

    packetizer: Packets
    _channel_handler_table: ClassVar[dict[int, Callable[[paramiko.Channel, paramiko.Message], None]]] = {
        **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined] # noqa: SLF001 - for all but two
        MSG_CHANNEL_DATA: _data,
        MSG_CHANNEL_EXTENDED_DATA: _extended_data,
    }

    def __init__(self, link: Any, limits: Limits, places: threading.BoundedSemaphore) -> None:
        """``places`` are for the work of handshakes, of which only so many go on at once."""
        super().__init__(link, disabled_algorithms={"kex": SLOW_EXCHANGES}, packetizer_class=Packets)
        self._mine = threading.local()
        self._refusals: dict[int, paramiko.ChannelException] = {}
        self.clear_to_send_timeout = limits.channel
        self.packetizer.write_seconds = limits.channel
        self.packetizer.greeting = Deadline(limits.banner)
        self.packetizer.places = places

    def run(self) -> None:
        try:
            super().run()
        finally:
            self.packetizer.rest()
            if self.completion_event is not None:
                self.completion_event.set()  # paramiko's own only wakes whoever did not close it

    def get_exception(self) -> Exception | None:
        """Why it ended; whatever a server's nonsense raised is one of SSH's own errors."""
        error = super().get_exception()
        if error is None or isinstance(error, paramiko.SSHException | EOFError | OSError):
            return error
        wrapped = paramiko.SSHException(f"a message that makes no sense ({type(error).__name__})")
        wrapped.__cause__ = error
        return wrapped

    # --- channels -------------------------------------------------------------------------------

    def opened(
        self,
        kind: str,
        seconds: float,
        *,
        path: str = "",
        to: tuple[str, int] | None = None,
    ) -> paramiko.Channel:
        """A channel: to the server's unix socket ``path``, to a port as the server sees it, or a session.

        paramiko.ChannelException when the server refuses it, other errors of SSH when it does not answer.
        """
        self._mine.path, self._mine.number = path, None
        try:
            return self.open_channel(kind, to, ("127.0.0.1", 0), timeout=seconds)
        except (paramiko.SSHException, EOFError, OSError):
            self.channel_events.pop(self._mine.number, None)
            refusal = self._refusals.pop(self._mine.number, None)
            if refusal is not None:
                raise refusal from None
            raise

    def _next_channel(self) -> int:
        number: int = super()._next_channel()  # type: ignore[misc] # private, so the stubs leave it out
        self._mine.number = number
        return number

    def _send_user_message(self, data: paramiko.Message) -> None:
        """paramiko's own, which knows no other channel kinds: it sends the head, we add the fields."""
        head = paramiko.Message()
        head.add_byte(cMSG_CHANNEL_OPEN)
        head.add_string(STREAMLOCAL)
        if data.asbytes().startswith(head.asbytes()):
            data.add_string(self._mine.path)
            data.add_string("")  # reserved
            data.add_int(0)  # reserved
        super()._send_user_message(data)  # type: ignore[misc] # private, so the stubs leave it out

    def _parse_channel_open_failure(self, message: paramiko.Message) -> None:
        number, reason = message.get_int(), message.get_int()
        message.rewind()
        if number in self.channel_events:
            self._refusals[number] = paramiko.ChannelException(reason, "refused")
        super()._parse_channel_open_failure(message)  # type: ignore[misc] # as above
        self.saved_exception = None  # whose is told by the number of the channel

    def _parse_channel_open_success(self, message: paramiko.Message) -> None:
        """One that nobody waits for any more is closed again: the server would keep it for ever."""
        number, theirs = message.get_int(), message.get_int()
        message.rewind()
        waited_for = self._channels.get(number) is not None  # type: ignore[attr-defined] # as above
        super()._parse_channel_open_success(message)  # type: ignore[misc] # as above
        if not waited_for:
            closing = paramiko.Message()
            closing.add_byte(cMSG_CHANNEL_CLOSE)
            closing.add_int(theirs)
            self._send_message(closing)  # type: ignore[attr-defined] # as above

    def _parse_ext_info(self, message: paramiko.Message) -> None:
        if message.get_int() > MOST_EXTENSIONS:  # the server's claim, and paramiko counts up to it
            raise TooMuchError("extensions without an end")
        message.rewind()
        super()._parse_ext_info(message)  # type: ignore[misc] # as above
