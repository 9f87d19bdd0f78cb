"""gRPC over any connection to an engine: HTTP/2 behind its ``/grpc``, or at once where an engine takes that.

``h2`` speaks; what carries it needs ``sendall``, ``recv_into`` and ``settimeout`` alone, which sockets, TLS and SSH
channels have.
"""

import http.client
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from bot.core.errors import EngineAnswerError, EngineUnsupportedError, HostUnreachableError
from bot.engines.docker.adapter import Dial
from bot.engines.docker.budget import Budget
from bot.engines.docker.content.methods import Method
from bot.engines.docker.identity import Connected
from bot.engines.failures import BROKEN, LinkError

UPGRADE = "POST /grpc HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
"""From Docker 24.0 on; what follows the answer is HTTP/2."""
MOST_AT_ONCE = 32
"""Questions in flight: a slow line need not be waited for at each of them."""
BUFFER = 65_536
MOST_SAID = 200
MOST_MESSAGES = 100_000
"""Of one answer: one may be five bytes long, and each takes time to read."""
WINDOW = 4_000_000
"""Bytes that an engine may send before it is told that they have arrived."""
PREFIX = struct.Struct(">BI")
"""Before each message of gRPC: whether it is packed, and its length."""
OK, UNKNOWN, NOT_FOUND = b"0", b"2", b"5"
_BARRED = "its content could not be asked for"


class BarredError(LinkError):
    """The engine, or what stands before it, does not offer this."""

    def __init__(self, sentence: str) -> None:
        super().__init__(EngineUnsupportedError, sentence)


@dataclass(slots=True)
class _Stream:
    question: int
    content: bytearray = field(default_factory=bytearray)
    status: bytes = b""
    said: bytes = b""


@contextmanager
def opened(dial: Dial, budget: Budget, host: str = "engine") -> Iterator["Channel"]:
    """A channel over a connection of its own: through the upgrade, else by HTTP/2 alone; LinkError.

    BarredError where neither is taken. ``budget`` is for all that is asked over it; ``host`` is told to the engine
    and leads nowhere.
    """
    try:
        channel = _opened(dial, budget, lambda link: _upgrade(link, budget, host))
    except BarredError as barred:
        try:
            channel = _opened(dial, budget, lambda _link: None)
        except LinkError:
            raise barred from None
    try:
        yield channel
    finally:
        channel.close()


def _opened(dial: Dial, budget: Budget, begin: Callable[[Connected], None]) -> "Channel":
    link = dial()
    try:
        with _translated(budget):
            begin(link)
            return Channel(link, budget)
    except BaseException:
        link.close()
        raise


def _upgrade(link: Connected, budget: Budget, host: str) -> None:
    link.settimeout(budget.wait())
    link.sendall(UPGRADE.format(host).encode())
    head = bytearray()
    one = bytearray(1)
    while not head.endswith(b"\r\n\r\n"):  # byte by byte: what follows is not HTTP/1.1 any more
        link.settimeout(budget.wait())
        if not link.recv_into(one) or len(head) > BUFFER:
            raise BarredError(f"{_BARRED}: the connection ends at /grpc")
        budget.took(1)
        head += one
    version, _, rest = bytes(head).partition(b" ")
    status = int(rest[:3]) if version.startswith(b"HTTP/1.") and rest[:3].isdigit() else 0
    if status != http.client.SWITCHING_PROTOCOLS:
        raise BarredError(f"{_BARRED}: /grpc is answered {status or 'not as HTTP is'}")


@contextmanager
def _translated(budget: Budget) -> Iterator[None]:
    """What h2 and connections raise, as a LinkError."""
    try:
        yield
    except TimeoutError as error:
        raise budget.late() from error
    except (h2.exceptions.ProtocolError, UnicodeError) as error:
        raise BarredError(f"{_BARRED}: what answers there does not speak HTTP/2") from error
    except (OSError, EOFError) as error:
        raise LinkError(HostUnreachableError, BROKEN) from error


class Channel:
    """One HTTP/2 connection to an engine; for one thread."""

    def __init__(self, link: Connected, budget: Budget) -> None:
        self._link = link
        self._budget = budget
        self._buffer = bytearray(BUFFER)
        self._streams: dict[int, _Stream] = {}
        self._h2 = h2.connection.H2Connection()
        self._h2.initiate_connection()
        self._h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: WINDOW})
        self._h2.increment_flow_control_window(WINDOW)
        self._flush()
        while not self._receive(h2.events.RemoteSettingsChanged):
            pass  # what does not speak HTTP/2 is known before anything is asked

    def call(self, method: Method, requests: Sequence[bytes]) -> list[tuple[bytes, ...] | None]:
        """Ask them all, some at a time: the messages of each answer, None where there is no such thing.

        In the order of the questions. LinkError where one is refused.
        """
        answers: list[tuple[bytes, ...] | None] = [None] * len(requests)
        waiting = list(enumerate(requests))[::-1]
        with _translated(self._budget):
            while waiting or self._streams:
                while waiting and len(self._streams) < self._most_at_once():
                    self._ask(method, *waiting.pop())
                self._flush()
                self._receive(h2.events.StreamEnded)
                for number in [n for n, stream in self._streams.items() if stream.status]:
                    ended = self._streams.pop(number)
                    answers[ended.question] = _messages(method, ended)
        return answers

    def in_time(self) -> None:
        """LinkError once the time is over; for who reads the answers, which takes time as their way does."""
        self._budget.wait()

    def close(self) -> None:
        self._link.close()

    def _most_at_once(self) -> int:
        return max(1, min(MOST_AT_ONCE, self._h2.remote_settings.max_concurrent_streams))

    def _ask(self, method: Method, question: int, request: bytes) -> None:
        number = self._h2.get_next_available_stream_id()
        self._h2.send_headers(number, [
            (":method", "POST"), (":scheme", "http"), (":path", Method(method).value), (":authority", "engine"),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ])  # fmt: skip
        self._h2.send_data(number, PREFIX.pack(0, len(request)) + request, end_stream=True)
        self._streams[number] = _Stream(question)

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._link.settimeout(self._budget.wait())
            self._link.sendall(data)

    def _receive(self, awaited: type[h2.events.Event]) -> bool:
        """Take in what arrives next; whether something of what is awaited was among it."""
        self._link.settimeout(self._budget.wait())
        count = self._link.recv_into(self._buffer)
        if not count:
            raise EOFError("the connection ended")
        self._budget.took(count)
        events = self._h2.receive_data(bytes(self._buffer[:count]))
        for event in events:
            self._take(event)
        self._flush()
        return any(isinstance(event, awaited) for event in events)

    def _take(self, event: h2.events.Event) -> None:
        stream = self._streams.get(getattr(event, "stream_id", 0) or 0)
        match event:
            case h2.events.ConnectionTerminated():
                raise BarredError(f"{_BARRED}: the engine ended the conversation")
            case h2.events.DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if stream:
                    stream.content += event.data
            case h2.events.ResponseReceived() | h2.events.TrailersReceived() if stream:
                said = {bytes(name): bytes(value) for name, value in event.headers}
                stream.status = said.get(b"grpc-status", stream.status)
                stream.said = said.get(b"grpc-message", stream.said)
            case h2.events.StreamEnded() | h2.events.StreamReset() if stream:
                stream.status = stream.status or UNKNOWN


def _messages(method: Method, stream: _Stream) -> tuple[bytes, ...] | None:
    if stream.status == NOT_FOUND:
        return None
    if stream.status != OK:
        said = (stream.said[:MOST_SAID] or stream.status).decode(errors="replace")
        raise BarredError(f"{_BARRED}: {method.name.lower()} is refused ({said})")
    found: list[bytes] = []
    content, at = bytes(stream.content), 0
    while at < len(content):
        packed, length = PREFIX.unpack_from(content.ljust(at + PREFIX.size, b"\1"), at)
        at += PREFIX.size + length
        if packed or at > len(content) or len(found) >= MOST_MESSAGES:
            raise LinkError(
                EngineAnswerError,
                "what it tells of its content is broken off, or has no end. Nothing of it was used.",
            )
        found.append(content[at - length : at])
    return tuple(found)
