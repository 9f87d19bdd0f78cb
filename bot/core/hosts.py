"""The registered hosts: a name, how its engine is reached, its tags and its policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot.core.errors import UnknownHostError
from bot.core.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAddress:
    """An engine behind an SSH server; None means: as the SSH configuration says."""

    host: str
    user: str | None = None
    port: int | None = None
    identity: str | None = None
    known_hosts: str | None = None

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"ssh {user}{self.host}{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextAddress:
    """An engine that a Docker context names."""

    context: str

    def __str__(self) -> str:
        return f"context {self.context}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketAddress:
    """An engine at a ``unix://`` or ``tcp://`` URL; TCP takes a folder with ca.pem, cert.pem and key.pem."""

    url: str
    tls: str | None = None

    def __str__(self) -> str:
        return self.url


Address = SshAddress | ContextAddress | SocketAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    name: str
    address: Address
    policy: Policy
    policy_because: str = ""
    """Why it is this policy; for display only."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hosts:
    """All registered hosts, by name."""

    by_name: Mapping[str, Host]

    def find(self, name: str) -> Host:
        """The host of that name; raises UnknownHostError with the nearest names."""
        if name in self.by_name:
            return self.by_name[name]
        raise UnknownHostError(name, get_close_matches(name, self.by_name, n=3, cutoff=0.5))

    def all(self) -> tuple[Host, ...]:
        return tuple(self.by_name.values())
