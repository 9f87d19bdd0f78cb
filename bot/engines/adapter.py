"""A requests adapter whose connections are dialled by a function: unix sockets, SSH channels."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import requests
import requests.adapters
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from bot.core.errors import EngineUnavailableError
from bot.engines.channels import ChannelSocket
from bot.engines.failures import LinkError
from bot.engines.limits import Limits

Dial = Callable[[], socket.socket | ChannelSocket]
CONNECTIONS = 4
DIALLED_URL = "http://engine:2375"
"""A stand-in: the SDK wants a host and a port, which a dialled connection has not."""


class _Connection(HTTPConnection):
    def __init__(self, dial: Dial) -> None:
        super().__init__("engine")
        self._dial = dial

    def connect(self) -> None:
        """What the dial raises is a LinkError, which urllib3 passes on as it is."""
        # A ChannelSocket has what http.client uses of a socket.
        self.sock = cast("socket.socket", self._dial())

    @property
    def is_connected(self) -> bool:
        found: object = self.sock
        if isinstance(found, ChannelSocket):
            return found.idle
        return super().is_connected


class _Pool(HTTPConnectionPool):
    """At most CONNECTIONS at once, which waiting threads get in turn."""

    def __init__(self, dial: Dial, limits: Limits) -> None:
        super().__init__("engine", maxsize=CONNECTIONS, block=True)
        self._dial = dial
        self._queue_seconds = limits.queue

    def _new_conn(self) -> _Connection:
        self.num_connections += 1
        return _Connection(self._dial)

    def _get_conn(self, timeout: float | None = None) -> Any:
        return super()._get_conn(timeout=self._queue_seconds if timeout is None else timeout)


class DialAdapter(requests.adapters.HTTPAdapter):
    """All URLs share one pool (the Docker SDK's own adapters keep one per URL)."""

    def __init__(self, dial: Dial, limits: Limits) -> None:
        super().__init__()
        self._pool = _Pool(dial, limits)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def request_url(self, request: requests.PreparedRequest, *_: Any) -> str:
        """Only the path: there are no proxies on the way to a socket."""
        return request.path_url

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
