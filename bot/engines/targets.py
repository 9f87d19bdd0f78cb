"""What the address of a host leads to: a socket of this machine, a TCP port, or an SSH server."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from bot.core.errors import EngineUnavailableError
from bot.core.rules.hosts import Address, ContextAddress, SocketAddress, SshAddress
from bot.engines import contexts
from bot.engines.contexts import Endpoint
from bot.engines.failures import LinkError

TLS_PORT, PLAIN_PORT = 2376, 2375
ENGINE_SOCKET = "/var/run/docker.sock"
"""Where an engine listens on a host that is reached by SSH, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unix:
    path: Path

    def __str__(self) -> str:
        return f"unix://{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcp:
    host: str
    port: int
    endpoint: Endpoint
    secure: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}, {'with' if self.secure else 'without'} TLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssh:
    address: SshAddress
    path: str | None = None
    """The engine's socket on the server; None: the usual one, and then Docker's helper leads there too."""

    def __str__(self) -> str:
        return str(self.address)


Target: TypeAlias = Unix | Tcp | Ssh


def target_of(address: Address) -> Target:
    """What an address leads to; LinkError when it leads nowhere."""
    match address:
        case SshAddress():
            return Ssh(address=address)
        case ContextAddress(context=name):
            return _at(contexts.from_environment(name))
        case SocketAddress(url=url, tls=tls):
            return _at(Endpoint(url=url, tls=Path(tls).expanduser() if tls else None))


def _at(endpoint: Endpoint) -> Target:
    scheme, _, rest = endpoint.url.partition("://")
    if scheme == "unix":
        return Unix(path=Path("/") / unquote(rest))
    try:
        split = urlsplit(endpoint.url)
        name, port = split.hostname or "", split.port
    except ValueError as error:
        raise LinkError(EngineUnavailableError, f"“{endpoint.url}” is not a URL: {error}.") from error
    if scheme == "ssh":
        address = SshAddress(host=name, user=split.username, port=port)
        return Ssh(address=address, path=split.path.rstrip("/") or None)
    if scheme in ("tcp", "http", "https") and name:
        secure = endpoint.secure or scheme == "https"
        return Tcp(
            host=name, port=port or (TLS_PORT if secure else PLAIN_PORT), endpoint=endpoint, secure=secure
        )
    raise LinkError(
        EngineUnavailableError,
        f"“{endpoint.url}” is no address that Deckhand can use; it takes unix://, tcp:// and ssh://.",
    )
