"""An SSH channel in the shape of the socket that http.client expects."""

import io
import threading
from typing import Protocol

from bot.engines.deadlines import Deadline
from bot.engines.use import Use

LAST_SECONDS = 0.001
"""In the place of 0, which would mean not to wait at all."""


class Channel(Protocol):
    """What a socket needs of paramiko's channel, which this module does without: it takes long to import."""

    @property
    def closed(self) -> bool: ...
    @property
    def eof_received(self) -> int: ...
    def recv_ready(self) -> bool: ...
    def gettimeout(self) -> float | None: ...
    def settimeout(self, timeout: float | None) -> None: ...
    def send(self, s: bytes) -> int: ...
    def recv(self, nbytes: int) -> bytes: ...
    def shutdown(self, how: int) -> None: ...
    def close(self) -> None: ...


class ChannelSocket:
    """Closes, like a real socket, when it was closed *and* the last file made of it was.

    One that does not own its channel leaves it open for what may still be read from it.
    """

    def __init__(self, channel: Channel, use: Use, *, owner: bool = True) -> None:
        self._channel = channel
        self._use = use
        self._owner = owner
        self._lock = threading.Lock()
        self._files = 0
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether the next request may use it: open, and nothing unread."""
        channel = self._channel
        return not (self._closed or channel.closed or channel.eof_received or channel.recv_ready())

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        """Send it in the time that the channel has for one read; the server says how much it takes at a time."""
        limit = self._channel.gettimeout()
        deadline = None if limit is None else Deadline(limit)
        with self._use:
            while data:
                if deadline is not None:
                    self._channel.settimeout(deadline.left or LAST_SECONDS)
                sent = self._channel.send(data)
                if not sent:
                    raise EOFError("the channel ended")
                data = data[sent:]
                if data and deadline is not None and deadline.over:
                    raise TimeoutError
        self._channel.settimeout(limit)

    def recv_into(self, buffer: bytearray | memoryview) -> int:
        with self._use:
            data = self._channel.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def makefile(
        self, mode: str, buffering: int = io.DEFAULT_BUFFER_SIZE
    ) -> io.RawIOBase | io.BufferedReader:
        """A file to read from, which is all that http.client asks for; without a buffer where that has size 0."""
        if mode != "rb":
            raise ValueError(f"a channel is read as “rb”, not “{mode}”")
        with self._lock:
            self._files += 1
        reader = _Reader(self)
        return io.BufferedReader(reader, buffering) if buffering else reader

    def shutdown(self, how: int) -> None:
        self._channel.shutdown(how)

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._end_when_unused()

    def file_closed(self) -> None:
        with self._lock:
            self._files -= 1
        self._end_when_unused()

    def _end_when_unused(self) -> None:
        if self._owner and self._closed and self._files <= 0:
            self._channel.close()


class _Reader(io.RawIOBase):
    def __init__(self, source: ChannelSocket) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # BufferedReader passes a memoryview
        return self._source.recv_into(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._source.file_closed()
