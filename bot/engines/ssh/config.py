"""Where an SSH address leads: ``~/.ssh/config`` and what the configuration of the host says itself."""

import getpass
import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import paramiko

from bot.core.errors import HostUnreachableError
from bot.core.rules.hosts import SshAddress
from bot.engines.failures import LinkError
from bot.engines.ssh.children import environment
from bot.engines.ssh.known_hosts import SSH_PORT, server_name

RESOLVE_SECONDS = 10.0
MOST_JUMPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One SSH server, and the servers to go through, nearest first."""

    host: str
    port: int
    user: str
    name: str
    """As known_hosts lists it."""
    identities: tuple[Path, ...]
    known_hosts: tuple[Path, ...]
    pins: Path | None = None
    """Deckhand's own known_hosts file; for a server that it names it alone counts."""
    jump: "Route | None" = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if ":" not in self.host else f"[{self.host}]:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshFiles:
    """The SSH configuration to honour (None: none), the default known_hosts file, and Deckhand's own."""

    config: Path | None
    known_hosts: Path
    pins: Path | None = None

    def route(self, address: SshAddress, depth: int = 0) -> Route:
        """The way to an address; LinkError when its configuration cannot be used."""
        if depth > MOST_JUMPS:
            raise LinkError(
                HostUnreachableError, "its ProxyJump leads in a circle. Check the SSH configuration."
            )
        if not address.host or address.host.startswith("-"):
            raise LinkError(HostUnreachableError, f"“{address.host}” is not a host name.")
        found = self._lookup(address.host)
        host = _one(found, "hostname") or address.host
        port = address.port or int(_one(found, "port") or SSH_PORT)
        user = address.user or _one(found, "user") or getpass.getuser()
        alias = _one(found, "hostkeyalias")
        tokens = {"%h": host, "%r": user, "%n": address.host, "%d": str(Path.home()), "%u": getpass.getuser()}
        return Route(
            host=host,
            port=port,
            user=user,
            name=alias.lower() if alias else server_name(host, port),
            identities=_identities(address, found, tokens),
            known_hosts=self._known_hosts(address, found, tokens),
            pins=self.pins,
            jump=self._jump(_one(found, "proxyjump"), depth),
        )

    def _known_hosts(
        self, address: SshAddress, found: Mapping[str, Sequence[str]], tokens: Mapping[str, str]
    ) -> tuple[Path, ...]:
        if address.known_hosts:
            return _paths([address.known_hosts], tokens)
        configured = shlex.split(_one(found, "userknownhostsfile"))
        return _paths(configured, tokens) or (self.known_hosts.expanduser(),)

    def _jump(self, chain: str, depth: int) -> Route | None:
        """``a,b`` means: to a, from there to b, from there to the host."""
        if not chain or chain.lower() == "none":
            return None
        route: Route | None = None
        for hop in chain.split(","):
            here = self.route(_hop(hop.strip()), depth + 1)
            route = here if route is None else replace(here, jump=route)
        return route

    def _lookup(self, host: str) -> Mapping[str, Sequence[str]]:
        if self.config is None or not self.config.expanduser().is_file():
            return {}
        path = self.config.expanduser()
        program = shutil.which("ssh")
        # OpenSSH's own reader knows Include and Match; paramiko's does for where there is no ssh program.
        return _by_openssh(program, path, host) if program else _by_paramiko(path, host)


def _identities(
    address: SshAddress, found: Mapping[str, Sequence[str]], tokens: Mapping[str, str]
) -> tuple[Path, ...]:
    """The one that Deckhand's configuration names, or those of the SSH configuration that exist.

    ``ssh -G`` lists every default name; that most are not there is nothing to tell anybody.
    """
    if address.identity:
        return _paths([address.identity], tokens)
    return tuple(path for path in _paths(found.get("identityfile", ()), tokens) if path.is_file())


def _by_openssh(program: str, path: Path, host: str) -> Mapping[str, Sequence[str]]:
    try:
        done = subprocess.run(  # noqa: S603 - an argument list; the host stands after “--”
            [program, "-G", "-F", str(path), "--", host],
            env=environment(),  # a Match exec runs whatever it names
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=RESOLVE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise LinkError(
            HostUnreachableError, f"{path} took too long to read: what does its Match exec do?"
        ) from error
    if done.returncode:
        cause = done.stderr.strip().splitlines()
        raise LinkError(
            HostUnreachableError, f"{path} cannot be used: {cause[-1] if cause else 'ssh -G failed'}"
        )
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        found.setdefault(key, []).append(value)
    home = pwd.getpwuid(os.getuid()).pw_dir
    if _one(found, "userknownhostsfile") == f"{home}/.ssh/known_hosts {home}/.ssh/known_hosts2":
        del found["userknownhostsfile"]  # OpenSSH's default: nobody configured it, and ours decides
    return found


def _by_paramiko(path: Path, host: str) -> Mapping[str, Sequence[str]]:
    try:
        found = paramiko.SSHConfig.from_path(str(path)).lookup(host)
    except (OSError, paramiko.SSHException) as error:
        raise LinkError(HostUnreachableError, f"{path} cannot be used: {error}") from error
    values: dict[str, str | list[str]] = dict(found)  # annotated as if every value were a string
    return {key: [value] if isinstance(value, str) else value for key, value in values.items()}


def _one(found: Mapping[str, Sequence[str]], key: str) -> str:
    values = found.get(key)
    return values[0] if values else ""


def _hop(text: str) -> SshAddress:
    """``[user@]host[:port]``, with an IPv6 address in brackets."""
    user, _, rest = text.removeprefix("ssh://").rpartition("@")
    host, port = rest, ""
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    elif rest.count(":") == 1:
        host, _, port = rest.partition(":")
    return SshAddress(
        host=host, user=user or None, port=int(port) if port.isascii() and port.isdigit() else None
    )


def _paths(values: Sequence[str], tokens: Mapping[str, str]) -> tuple[Path, ...]:
    return tuple(Path(_expand(value, tokens)).expanduser() for value in values if value.lower() != "none")


def _expand(value: str, tokens: Mapping[str, str]) -> str:
    for token, meaning in tokens.items():
        value = value.replace(token, meaning)
    return value
