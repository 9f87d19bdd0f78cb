"""Where an SSH address leads: OpenSSH's configuration, and what the configuration of the host says itself."""

import getpass
import os
import pwd
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.core.errors import HostUnreachableError
from bot.core.rules.hosts import SshAddress
from bot.engines.failures import LinkError
from bot.engines.ssh.children import Children
from bot.engines.ssh.config import asking, options, tokens
from bot.engines.ssh.config.options import NONE, Settings, given, one
from bot.engines.ssh.config.route import Algorithms, Credentials, Route
from bot.engines.ssh.known_hosts import SSH_PORT, server_name

MOST_JUMPS = 5
OWN_CONFIG = Path("~/.ssh/config")
AGENT = "SSH_AUTH_SOCK"
DEFAULT_KEYS = ("~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519")
"""Of ssh, for where there is none to ask."""
FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}


@dataclass(frozen=True, slots=True, kw_only=True)
class SshFiles:
    """The SSH configuration to honour (None: none), the default known_hosts file, and Deckhand's own."""

    config: Path | None
    known_hosts: Path
    pins: Path | None = None
    children: Children = field(default_factory=Children, compare=False)

    def route(self, address: SshAddress) -> Route:
        """The way to an address; LinkError when its configuration cannot be used, or is not honoured in full."""
        return self._route(address, 0)

    def _route(self, address: SshAddress, depth: int) -> Route:
        if depth > MOST_JUMPS:
            raise LinkError(
                HostUnreachableError, "its ProxyJump leads in a circle. Check the SSH configuration."
            )
        _check(address.host, address.user)
        found, configured = self._asked(address)
        options.check(configured)
        host = one(found, "hostname") or address.host
        port = address.port or int(one(found, "port") or SSH_PORT)
        user = address.user or one(found, "user") or _account()
        _check(host, user)
        alias = one(configured, "hostkeyalias")
        meanings = tokens.tokens(
            host=host, asked=address.host, port=port, user=user, local=_account(), alias=alias
        )
        jump = given(found, "proxyjump")
        known_hosts, named = self._known_hosts(address, found, configured, meanings)
        command = "" if jump else given(found, "proxycommand")
        return Route(
            host=host,
            port=port,
            user=user,
            name=alias.lower() if alias else server_name(host, port),
            known_hosts=known_hosts,
            missing_known_hosts=tuple(f"{path} does not exist" for path in named if not path.exists()),
            credentials=_credentials(address, found, configured, meanings),
            pins=self.pins,
            jump=self._jump(tokens.command(jump, meanings), depth) if jump else None,
            command=tokens.command(command, meanings) if command else None,
            family=FAMILIES.get(one(found, "addressfamily"), socket.AF_UNSPEC),
            algorithms=_algorithms(configured),
        )

    def _asked(self, address: SshAddress) -> tuple[Settings, Settings]:
        """All settings, and those of them that somebody has configured."""
        if self.config is None:
            return {}, {}
        config = self.config.expanduser()
        program = asking.program_of_ssh()
        if program is None or not _has_account():
            why = "there is no ssh program that reads it. Install OpenSSH's client"
            if program is not None:
                why = f"ssh reads nothing for uid {os.getuid()}, which has no account. Give it one in /etc/passwd"
            for path in (config, asking.GLOBAL_FILE):
                if not asking.says_nothing(path):
                    raise LinkError(HostUnreachableError, f"{path} configures SSH, and {why}.")
            return {"identityfile": list(DEFAULT_KEYS)}, {}
        named = None if _is_sshs_own(config) else config
        found = asking.asked(self.children, program, named, address)
        return found, options.changed(found, asking.defaults(program))

    def _known_hosts(
        self, address: SshAddress, found: Settings, configured: Settings, meanings: Mapping[str, str]
    ) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """The file that Deckhand's configuration names alone, or the user's and the machine's.

        And those of them that somebody has named.
        """
        if address.known_hosts:
            alone = (tokens.path(address.known_hosts, meanings),)
            return alone, alone
        user = _files(configured, "userknownhostsfile")
        machine = _files(found, "globalknownhostsfile")
        named = user + _files(configured, "globalknownhostsfile")
        if "userknownhostsfile" not in configured:
            user = (self.known_hosts.expanduser(),)
        return user + machine, named

    def _jump(self, chain: str, depth: int) -> Route | None:
        """``a,b`` means: to a, from there to b, from there to the host."""
        route: Route | None = None
        for hop in chain.split(","):
            here = self._route(_hop(hop.strip()), depth + 1)
            # As ssh has it: a jump that somebody names comes before what the configuration says of the hop.
            route = here if route is None else replace(here, jump=route, command=None)
        return route


def _check(host: str, user: str | None) -> None:
    """Nothing that a shell would take for more than a name: both become part of ProxyCommand and Match exec."""
    if not host or tokens.NOT_IN_A_NAME.search(host):
        raise LinkError(HostUnreachableError, f"“{host}” is not a host name.")
    if user and tokens.NOT_IN_A_USER.search(user):
        raise LinkError(HostUnreachableError, f"“{user}” is not a user name.")


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _has_account() -> bool:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True


def _is_sshs_own(config: Path) -> bool:
    """Whether ssh reads the file by itself, and the machine's beside it; one that does not exist is none to name."""
    own = Path(pwd.getpwuid(os.getuid()).pw_dir) / OWN_CONFIG.relative_to("~")
    return config == own or (config == OWN_CONFIG.expanduser() and not config.exists())


def _files(settings: Settings, key: str) -> tuple[Path, ...]:
    """Of known_hosts; ssh has put in what stands for something else."""
    return tuple(Path(word).expanduser() for word in given(settings, key).split())


def _credentials(
    address: SshAddress, found: Settings, configured: Settings, meanings: Mapping[str, str]
) -> Credentials:
    """Those that Deckhand's configuration names, or the SSH configuration, or else the default keys that exist."""
    named = "identityfile" in configured or address.identity is not None
    values = [address.identity] if address.identity else list(found.get("identityfile", ()))
    identities = tuple(tokens.path(value, meanings) for value in values if value.lower() != NONE)
    if not named:
        identities = tuple(path for path in identities if path.is_file())
    certificates = tuple(
        tokens.path(value, meanings) for value in found.get("certificatefile", ()) if value.lower() != NONE
    )
    agent, explicit = _agent(configured, meanings)
    expected = [*(certificates), *([agent] if explicit and agent else [])]
    expected += [path for path in identities if not path.with_name(f"{path.name}.pub").exists()]
    return Credentials(
        identities=identities,
        certificates=certificates,
        agent=agent,
        only_identities=one(found, "identitiesonly").lower() in ("yes", "true"),
        missing=tuple(f"{path} does not exist" for path in expected if not path.exists()),
    )


def _agent(configured: Settings, meanings: Mapping[str, str]) -> tuple[Path | None, bool]:
    """The agent's socket, and whether somebody has named it: IdentityAgent, else the environment's."""
    value = one(configured, "identityagent")
    if value.lower() == NONE:
        return None, True
    if value.startswith("$") and not value.startswith("${"):
        value = os.environ.get(value[1:], "")
        return (Path(value) if value else None), True
    if value and value != AGENT:
        return tokens.path(value, meanings), True
    path = os.environ.get(AGENT)
    return (Path(path) if path else None), False


def _algorithms(configured: Settings) -> Algorithms:
    def listed(key: str) -> tuple[str, ...]:
        return tuple(name for name in one(configured, key).split(",") if name)

    return Algorithms(
        ciphers=listed("ciphers"),
        macs=listed("macs"),
        exchanges=listed("kexalgorithms"),
        host_keys=listed("hostkeyalgorithms"),
        user_keys=listed("pubkeyacceptedalgorithms"),
        rsa_bits=int(one(configured, "requiredrsasize") or 0),
    )


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
