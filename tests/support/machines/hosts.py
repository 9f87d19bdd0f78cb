"""Registered hosts for tests of the transports."""

from bot.core.rules.hosts import Address, Host
from bot.core.rules.policy import Policy
from bot.engines.limits import Limits

HOST = "prod-3"
QUICK = Limits(name=1, connect=1, banner=1, auth=3, channel=2, ping=1, read=1, removal=2, idle=30, queue=5)


def registered(address: Address, name: str = HOST) -> dict[str, Host]:
    """The one registered host, at this address."""
    return {name: Host(name=name, address=address, policy=Policy(name="open"))}
