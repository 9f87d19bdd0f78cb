"""What a server may send, how much of it, and for how long: SSH's packets, within bounds."""

import threading
import time
from collections.abc import Callable
from typing import Any

import paramiko
from paramiko.packet import NeedRekeyException, Packetizer

from bot.engines.deadlines import Deadline

MOST_PACKET = 256 * 1024
"""Bytes; OpenSSH's own limit. A packet's length is the server's claim, and is believed up to this."""
MOST_BANNER = 8 * 1024
"""Bytes of all the lines before a server's first packet; RFC 4253 allows lines of 255."""
MOST_FROM_STRANGERS = 1024 * 1024
"""Bytes until the login is done, which takes an honest server some thousands."""
MOST_IDLE_WORDS = 10_000
"""Packets in a minute that bring nobody anything; an honest server sends some dozens."""
MINUTE = 60.0
KEY_EXCHANGE = range(20, 50)
"""The numbers of the messages that cost processor time in a handshake (RFC 4250, section 4.1.2)."""


class TooMuchError(paramiko.SSHException):
    """The server sends more than any SSH server does."""


class Packets(Packetizer):
    """paramiko's own, which believes every length, and waits anew for each byte.

    Its reading half belongs to one thread, the transport's; everybody writes.
    """

    def __init__(self, link: Any) -> None:
        super().__init__(link)
        self._link = link
        self._early = b""
        """Of what was read with the banner, the rest."""
        self._banner_left = MOST_BANNER
        self._strange_left = MOST_FROM_STRANGERS
        self._words, self._minute = 0, time.monotonic()
        self._tend: Callable[[], None] | None = None
        self._tend_every, self._tended = 0.0, 0.0
        self._works = False
        self._reader = 0
        self.stranger = True
        """Whether the login is still to come."""
        self.greeting = Deadline(MINUTE)
        """For the banner."""
        self.write_seconds = MINUTE
        """How long one packet may take to be taken."""
        self.places = threading.BoundedSemaphore()
        """For the work of a handshake, of which only so many go on at once."""

    # --- reading --------------------------------------------------------------------------------

    def start_handshake(self, timeout: float) -> None:
        """Nothing: who connects has a deadline of their own, for which paramiko would start a thread."""

    def readline(self, timeout: float) -> str:  # noqa: ARG002 - paramiko's, which begins anew with each read
        while b"\n" not in self._early:
            if self.greeting.over:
                raise TimeoutError
            if self._banner_left <= 0:
                raise TooMuchError("a greeting without an end")
            more = self._some(min(self._banner_left, 256))
            self._banner_left -= len(more)
            self._early += more
        line, _, self._early = self._early.partition(b"\n")
        return line.removesuffix(b"\r").decode(errors="replace")

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:  # noqa: FBT001, FBT002 - paramiko's signature
        self._bound(n)
        data = bytearray(self._early[:n])
        self._early = self._early[n:]
        while len(data) < n:
            some = self._some(n - len(data))
            data += some
            if not some and not data and check_rekey and self.need_rekey():
                raise NeedRekeyException
            self._look_after()
        return bytes(data)

    def _bound(self, wanted: int) -> None:
        if not 0 <= wanted <= MOST_PACKET:
            raise TooMuchError(f"a packet of {wanted} bytes")
        if self.stranger:
            self._strange_left -= wanted
            if self._strange_left < 0:
                raise TooMuchError("no end before the login")

    def read_message(self) -> tuple[int, paramiko.Message]:
        self._reader = threading.get_ident()
        self.rest()
        kind, message = super().read_message()
        self._count()
        if self.stranger and kind in KEY_EXCHANGE:
            self._works = self.places.acquire(timeout=self.write_seconds)
        return kind, message

    def _count(self) -> None:
        now = time.monotonic()
        if now - self._minute >= MINUTE:
            self._words, self._minute = 0, now
        self._words += 1
        if self._words > MOST_IDLE_WORDS:
            raise TooMuchError("packets for nobody")

    def useful(self) -> None:
        """The packet that was read last brought somebody something."""
        self._words -= 1

    def rest(self) -> None:
        """Leave the place: the work of a handshake is done, and what follows is waiting. For the reader alone."""
        if self._works:
            self._works = False
            self.places.release()

    def _some(self, most: int) -> bytes:
        """What has arrived, or nothing after a while; EOFError when nothing more can come."""
        try:
            some: bytes = self._link.recv(most)
        except (TimeoutError, BlockingIOError) as error:
            if self.closed:
                raise EOFError from error
            return b""
        except OSError as error:
            if self.closed:
                raise EOFError from error
            raise
        if not some:
            raise EOFError
        return some

    # --- looking after the connection -----------------------------------------------------------

    def tend(self, every: float, work: Callable[[], None]) -> None:
        """Run ``work`` in the reader's thread about so often (seconds), whatever the server sends."""
        self._tend_every, self._tended = every, time.monotonic()
        self._tend = work

    def _look_after(self) -> None:
        now = time.monotonic()
        if self._tend is not None and now - self._tended >= self._tend_every:
            self._tended = now
            self._tend()

    # --- writing --------------------------------------------------------------------------------

    def write_all(self, out: Any) -> None:
        """Send it whole, or end the connection, which nobody could go on with."""
        if threading.get_ident() == self._reader:
            self.rest()
        deadline = Deadline(self.write_seconds)
        while out:
            sent: int | None
            try:
                sent = self._link.send(out)
            except (TimeoutError, BlockingIOError):
                sent = None  # not yet
            except (OSError, EOFError):
                sent = 0
            out = out[sent or 0 :]
            if sent == 0 or (out and (deadline.over or self.closed)):
                self.close()
                raise EOFError
