"""TCP connections as SSH needs them: found within a time limit, and without the kernel's waiting."""

import socket
import time

from bot.core.errors import HostUnreachableError
from bot.engines.failures import LinkError

DEAD_PEER_MILLISECONDS = 30_000


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


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """A TCP connection to the first address that answers; LinkError after ``seconds`` in all."""
    where = f"{host}:{port}" if ":" not in host else f"[{host}]:{port}"
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise LinkError(HostUnreachableError, f"the name {host} does not resolve to an address.") from error
    deadline = time.monotonic() + seconds
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
        raise LinkError(HostUnreachableError, f"nothing listens on {where}.") from last
    if isinstance(last, TimeoutError):
        raise LinkError(
            HostUnreachableError,
            f"no answer from {where} in {seconds:g} s: the machine is down or firewalled.",
        ) from last
    raise LinkError(HostUnreachableError, f"{where} cannot be reached: {last.strerror or last}.") from last
