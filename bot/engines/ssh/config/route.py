"""The way to one SSH server, as the configurations say: where it is, who one is there, and what may be spoken."""

import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithms:
    """What the SSH configuration allows, in its order; empty: whatever Deckhand has."""

    ciphers: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    host_keys: tuple[str, ...] = ()
    user_keys: tuple[str, ...] = ()
    rsa_bits: int = 0
    """The least that an RSA key must have, the server's or ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What to log in with."""

    identities: tuple[Path, ...] = ()
    """Private keys, or public ones (``….pub``) of keys that the agent holds."""
    certificates: tuple[Path, ...] = ()
    """Beside those that lie beside an identity."""
    agent: Path | None = None
    only_identities: bool = False
    """Whether the agent's other keys are left alone."""
    missing: tuple[str, ...] = ()
    """What is named and does not exist, a sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One SSH server, and the servers to go through, nearest first."""

    host: str
    port: int
    user: str
    name: str
    """As known_hosts lists it."""
    known_hosts: tuple[Path, ...]
    missing_known_hosts: tuple[str, ...] = ()
    """Those that are named and do not exist, a sentence each."""
    credentials: Credentials
    pins: Path | None = None
    """Deckhand's own known_hosts file; for a server that it names it alone counts."""
    jump: "Route | None" = None
    command: str | None = None
    """A ProxyCommand, as the shell gets it; it connects in the place of a socket."""
    family: int = socket.AF_UNSPEC
    algorithms: Algorithms = Algorithms()

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def missing(self) -> tuple[str, ...]:
        """What is named for it and does not exist, a sentence each."""
        return self.credentials.missing + self.missing_known_hosts
