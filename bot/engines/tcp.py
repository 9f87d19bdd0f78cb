"""TCP connections as SSH needs them: found within a time limit, and without the kernel's waiting."""

import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias

from bot.core.errors import HostUnreachableError
from bot.engines.failures import LinkError

Found: TypeAlias = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""As ``socket.getaddrinfo`` gives it."""
DEAD_PEER_MILLISECONDS = 30_000
_asking: "dict[tuple[str, int], Future[Sequence[Found]]]" = {}
_asking_lock = threading.Lock()


class _Prompt(socket.socket):
    """A socket that acknowledges at once.

    sshd waits for that before it sends on, about 40 ms at the login and at the first channel; the kernel
    forgets the option after a while, so it is renewed with each read.
    """

    def tune(self) -> None:
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MILLISECONDS)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        if hasattr(socket, "TCP_QUICKACK"):  # Linux
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return super().recv(size, flags)


def resolve(host: str, port: int, seconds: float) -> Sequence[Found]:
    """The addresses of a name; LinkError when it has none, or when nobody told after ``seconds``."""
    try:
        return _asked(host, port).result(seconds)
    except TimeoutError as error:
        raise LinkError(
            HostUnreachableError,
            f"the name {host} was not resolved in {seconds:g} s: does this machine's name server answer?",
        ) from error
    except (OSError, ValueError) as error:
        raise LinkError(
            HostUnreachableError,
            f"the name {host} does not resolve to an address. Is it spelled right, and known to this machine?",
        ) from error


def _asked(host: str, port: int) -> "Future[Sequence[Found]]":
    """The answer of the name server; who asks for the same while it is awaited, waits for the same.

    The C library waits for a silent name server as long as it likes, and nothing can stop it: there is at most
    one thread for each name that waits so.
    """
    with _asking_lock:
        if (asked := _asking.get((host, port))) is not None:
            return asked
        asked = _asking[host, port] = Future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:
            _told(host, port).set_exception(error)
        else:
            _told(host, port).set_result(found)

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    return asked


def _told(host: str, port: int) -> "Future[Sequence[Found]]":
    with _asking_lock:
        return _asking.pop((host, port))


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """A TCP connection to the first address that answers; LinkError after ``seconds`` in all."""
    where = f"{host}:{port}" if ":" not in host else f"[{host}]:{port}"
    deadline = time.monotonic() + seconds
    addresses = resolve(host, port, seconds)
    last: OSError = TimeoutError()
    for family, kind, protocol, _, address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        link = _Prompt(family, kind, protocol)
        try:
            link.settimeout(left)
            link.connect(address)
            link.tune()
        except OSError as error:
            link.close()
            last = error
        else:
            return link
    if isinstance(last, ConnectionRefusedError):
        raise LinkError(
            HostUnreachableError, f"nothing listens on {where}: is its server running, and the port right?"
        ) from last
    if isinstance(last, TimeoutError):
        raise LinkError(
            HostUnreachableError,
            f"no answer from {where} in {seconds:g} s: the machine is down or firewalled.",
        ) from last
    raise LinkError(HostUnreachableError, f"{where} cannot be reached: {last.strerror or last}.") from last
