"""Which SSH key on the way to a host is not trusted yet."""

from bot.core.rules.hosts import Host
from bot.engines.clients import Clients
from bot.engines.failures import translated
from bot.engines.ssh.known_hosts import KnownKeys, ShownKey
from bot.engines.targets import Ssh, target_of


def untrusted(clients: Clients, host: Host) -> tuple[ShownKey, KnownKeys] | None:
    """The first key on the way to a host that is not trusted; None when all are, or there is no SSH.

    HostError when the way ends before, or at a key that is revoked.
    """
    with translated(host.name):
        target = target_of(host.address)
        links = clients.ssh.hops(target) if isinstance(target, Ssh) else ()
        try:
            for link in links:
                shown, known = link.introduction()
                if not shown.trusted(known):
                    return shown, known
        finally:
            for link in reversed(links):
                link.close()
    return None
