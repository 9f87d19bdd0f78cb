"""TCP connections: found within a time limit, and without the kernel's waiting."""

import errno
import os
import selectors
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import closing
from itertools import zip_longest
from typing import Any, TypeAlias

from bot.core.errors import HostUnreachableError
from bot.engines.deadlines import Deadline
from bot.engines.failures import LinkError
from bot.engines.limits import Limits

Found: TypeAlias = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""As ``socket.getaddrinfo`` gives it."""
DEAD_PEER_MILLISECONDS = 30_000
HEAD_START_SECONDS = 0.25
"""Of each address before the next; RFC 8305, section 5."""
LAST_SECONDS = 0.001
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


def connect(
    host: str, port: int, limits: Limits, deadline: Deadline | None = None, family: int = socket.AF_UNSPEC
) -> socket.socket:
    """A TCP connection to the first address that answers; LinkError.

    The name has ``limits.name`` seconds, and then all its addresses ``limits.connect``: they are raced (RFC 8305), so
    that one that is dead delays the others by a moment. ``deadline`` bounds it all.
    """
    deadline = deadline or Deadline(limits.name + limits.connect)
    found = resolve(host, port, deadline.within(limits.name))
    addresses = [each for each in found if family in (socket.AF_UNSPEC, each[0])]
    if not addresses:
        raise LinkError(
            HostUnreachableError, f"the name {host} has no address of the family that is configured."
        )
    seconds = deadline.within(limits.connect)
    with closing(_Race(_alternating(addresses), seconds)) as race:
        link = race.run()
        if link is not None:
            return link
        raise _nobody(f"{host}:{port}" if ":" not in host else f"[{host}]:{port}", race.errors, seconds)


def _alternating(addresses: Sequence[Found]) -> list[Found]:
    """The families in turn, beginning with that of the first: often it is a whole family that is dead."""
    first = [each for each in addresses if each[0] == addresses[0][0]]
    others = [each for each in addresses if each[0] != addresses[0][0]]
    return [each for pair in zip_longest(first, others) for each in pair if each is not None]


class _Race:
    """Connects to one address after the other, without waiting for the end of one before the next begins."""

    def __init__(self, addresses: list[Found], seconds: float) -> None:
        self._waiting = addresses
        self._deadline = Deadline(seconds)
        self._head_start = min(HEAD_START_SECONDS, seconds / (2 * len(addresses)))
        self._selector = selectors.DefaultSelector()
        self.errors: list[OSError] = []

    def run(self) -> socket.socket | None:
        """The first that is connected, or None: see ``errors``, which is empty where nobody answered."""
        while not self._deadline.over and (self._waiting or self._selector.get_map()):
            if self._waiting:
                self._begin(self._waiting.pop(0))
            patience = self._deadline.within(self._head_start) if self._waiting else self._deadline.left
            for key, _ in self._selector.select(patience) if self._selector.get_map() else ():
                self._selector.unregister(key.fileobj)
                if (link := self._ended(key.data)) is not None:
                    return link
        return None

    def _begin(self, found: Found) -> None:
        kind, form, protocol, _, address = found
        try:
            link = _Prompt(kind, form, protocol)
        except OSError as error:  # this machine has not even that family
            self.errors.append(error)
            return
        link.setblocking(False)  # noqa: FBT003 - the standard library's signature
        begun = link.connect_ex(address)
        if begun in (0, errno.EINPROGRESS):
            self._selector.register(link, selectors.EVENT_WRITE, link)
        else:
            link.close()
            self.errors.append(OSError(begun, os.strerror(begun)))

    def _ended(self, link: _Prompt) -> socket.socket | None:
        failed = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not failed:
            try:
                link.tune()
            except OSError as error:
                failed = error.errno or errno.ECONNABORTED
            else:
                link.settimeout(self._deadline.left or LAST_SECONDS)
                return link
        link.close()
        self.errors.append(OSError(failed, os.strerror(failed)))
        return None

    def close(self) -> None:
        """End the attempts that were too slow."""
        left = [key.data for key in self._selector.get_map().values()]
        self._selector.close()
        for link in left:
            link.close()


def _nobody(where: str, errors: Sequence[OSError], seconds: float) -> LinkError:
    if any(isinstance(error, ConnectionRefusedError) for error in errors):
        return LinkError(
            HostUnreachableError, f"nothing listens on {where}: is its server running, and the port right?"
        )
    if not errors or any(isinstance(error, TimeoutError) for error in errors):
        return LinkError(
            HostUnreachableError,
            f"no answer from {where} in {seconds:g} s: the machine is down or firewalled.",
        )
    return LinkError(HostUnreachableError, f"{where} cannot be reached: {errors[-1].strerror or errors[-1]}.")
