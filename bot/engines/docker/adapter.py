"""A requests adapter whose connections are dialled by a function: unix sockets, TCP, TLS, SSH channels.

What a function dials is the only peer that a client has, whatever URL it is asked for.
"""

import queue
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import requests
import requests.adapters
from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from bot.core.errors import EngineUnavailableError
from bot.engines.deadlines import Deadline
from bot.engines.docker.budget import BoundedResponse, Budget
from bot.engines.failures import LinkError, NoRoomError
from bot.engines.limits import Limits
from bot.engines.ssh.channels import ChannelSocket

Dial = Callable[[], socket.socket | ChannelSocket]
CONNECTIONS = 4
TURN_SECONDS = 0.2
"""How long to wait for another's connection before trying for one of one's own again."""
DIALLED_URL = "http://engine:2375"
"""A stand-in: the SDK wants a host and a port, which a dialled connection has not."""


LISTING = re.compile(
    r"(/v[0-9.]+)?/(system/df|events|(images|containers)/json|networks|services|volumes|images/create)(\?.*)?",
    re.DOTALL,
)
"""Paths whose answers grow with what an engine holds."""


def dialled(
    dial: Dial, limits: Limits, instead: Callable[[float], socket.socket | ChannelSocket | None]
) -> socket.socket | ChannelSocket:
    """A connection; where the other side has no room for another, what comes instead within some seconds."""
    deadline = Deadline(limits.queue)
    while True:
        try:
            return dial()
        except NoRoomError:
            if deadline.over:
                raise
            lent = instead(deadline.within(TURN_SECONDS))
            if lent is not None:
                return lent


class _Connection(HTTPConnection):
    def __init__(self, pool: "_Pool", dial: Dial, limits: Limits, host: str, port: int | None) -> None:
        super().__init__(host, port)
        self._pool = pool
        self._dial = dial
        self._limits = limits
        self._most_bytes = limits.answer_bytes

    def connect(self) -> None:
        """What the dial raises is a LinkError, which urllib3 passes on as it is."""
        # A ChannelSocket has what http.client uses of a socket.
        self.sock = cast("socket.socket", dialled(self._dial, self._limits, self._pool.given_up))

    def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> None:
        limits = self._limits
        self._most_bytes = limits.list_bytes if LISTING.fullmatch(url) else limits.answer_bytes
        super().putrequest(method, url, *args, **options)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3 declares its own
        """The time of the answer, all of it, is that of the request's read timeout."""
        seconds = self.timeout if isinstance(self.timeout, int | float) else self._limits.read
        budget = Budget(seconds, self._limits.silence, self._most_bytes)
        self.response_class = partial(_response, budget)  # type: ignore[assignment] # called as a class is
        return super().getresponse()

    @property
    def is_connected(self) -> bool:
        found: object = self.sock
        if isinstance(found, ChannelSocket):
            return found.idle
        return super().is_connected


def _response(budget: Budget, link: socket.socket, method: str | None = None) -> BoundedResponse:
    return BoundedResponse(budget, link, method)


class _Pool(HTTPConnectionPool):
    """At most CONNECTIONS at once, which waiting threads get in turn."""

    def __init__(self, dial: Dial, limits: Limits, host: str, port: int | None) -> None:
        super().__init__(host, port, maxsize=CONNECTIONS, block=True)
        self._dial = dial
        self._limits = limits

    def _new_conn(self) -> _Connection:
        self.num_connections += 1
        return _Connection(self, self._dial, self._limits, self.host, self.port)

    def _get_conn(self, timeout: float | None = None) -> Any:
        return super()._get_conn(timeout=self._limits.queue if timeout is None else timeout)

    def given_up(self, seconds: float) -> "socket.socket | ChannelSocket | None":
        """What another connection of this pool led over, once nobody uses it; its place in the pool is given up.

        So a pool becomes as narrow as the other side is. None: nothing came free in time.
        """
        try:
            connection = self._taken(seconds)
        except queue.Empty:
            return None
        link: socket.socket | None = getattr(connection, "sock", None)
        if connection is None or link is None:
            return None
        if not connection.is_connected:
            connection.close()
            return None
        connection.sock = None
        return link

    def make_room(self) -> None:
        """End one connection that nobody uses, if there is one."""
        taken: list[_Connection | None] = []
        with suppress(queue.Empty):
            while not any(connection is not None and connection.sock is not None for connection in taken):
                taken.append(self._taken(0))
        for connection in taken:
            if connection is not None:
                connection.close()
            self._put_conn(connection)

    def _taken(self, seconds: float) -> _Connection | None:
        """A place: a connection that waits for a request, or None where none was made yet; queue.Empty."""
        if self.pool is None:
            raise queue.Empty
        found: _Connection | None = self.pool.get(timeout=seconds)
        return found


class DialAdapter(requests.adapters.HTTPAdapter):
    """All URLs share one pool (the Docker SDK's own adapters keep one per URL), and so one peer."""

    def __init__(self, dial: Dial, limits: Limits, host: str = "engine", port: int | None = None) -> None:
        """``host`` and ``port`` are told to the engine, as the Host of each request, and lead nowhere."""
        super().__init__()
        self._dial, self._limits = dial, limits
        self._make = partial(_Pool, dial, limits, host, port)
        self._pool = self._make()

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_: Any) -> None:
        """Whoever dials has checked whom it has reached."""

    def request_url(self, request: requests.PreparedRequest, *_: Any) -> str:
        """Only the path: there are no proxies on the way to a socket."""
        return request.path_url

    def make_room(self) -> None:
        """End one connection that nobody uses, if there is one."""
        self._pool.make_room()

    def dial(self) -> socket.socket | ChannelSocket:
        """A connection of the caller's own; LinkError. It takes the place of one that nobody uses where it must."""
        return dialled(self._dial, self._limits, self._room_made)

    def _room_made(self, seconds: float) -> None:
        self.make_room()
        time.sleep(seconds)

    def renew(self) -> None:
        """End the connections that nobody uses; the next request opens another."""
        left, self._pool = self._pool, self._make()
        left.close()

    def close(self) -> None:
        super().close()
        self._pool.close()


def unix_dial(path: Path, limits: Limits) -> Dial:
    """Connections to a unix socket of this machine."""

    def dial() -> socket.socket:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.settimeout(limits.connect)
            link.connect(str(path))
            link.settimeout(limits.read)
        except OSError as error:
            link.close()
            raise LinkError(EngineUnavailableError, _no_socket(path, error)) from error
        return link

    return dial


def _no_socket(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no socket {path}: the engine is not running, or not installed."
    if isinstance(error, ConnectionRefusedError):
        return f"the engine is not running, though its socket {path} is there."
    if isinstance(error, PermissionError):
        return f"Deckhand may not use the socket {path}. Add its user to the group that owns the socket."
    return f"the socket {path} cannot be used: {error.strerror or error}."
