"""Visible: which hosts a person may know of. Every door asks here, and one that is hidden is one that does not exist.

At each door a person knows the hosts that they may look at, and those on which they have the right that the door asks
for: whoever may approve on a host reads its name in the plan, and whoever may read an audit reads it there. All else
that is told of hosts (suggestions, lists, tags, patterns, errors) is made of these alone.
"""

from contextlib import suppress
from dataclasses import dataclass

from bot.core.errors import RefusedError
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Host, Hosts
from bot.core.rules.policy import Right
from bot.services.rules.rights import Rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a person asks for something that takes a right on a host."""

    hosts: Hosts
    """All that are registered."""
    rights: Rights
    person: Person
    channel: str = ""
    right: Right = Right.LOOK

    def known(self) -> Hosts:
        """The hosts that the person knows here; each policy is asked once, however many hosts have it."""
        policies = {host.policy.name: host for host in self.hosts.all()}
        return self.hosts.narrowed({name for name, host in policies.items() if self._knows(host)})

    def open_hosts(self) -> Hosts:
        """The hosts at which the person may look and on which they have the right here; each policy is asked once."""
        policies = {host.policy.name: host for host in self.hosts.all()}
        return self.hosts.narrowed({name for name, host in policies.items() if self._has_all(host)})

    def host(self, name: str) -> Host:
        """The host of that name, where the person has the right on it.

        UnknownHostError for one that does not exist or that the person may not know of; RefusedError, which says
        who may, for one that they may look at. Either way the audit says that somebody tried.
        """
        known = self.known()
        self.note(name, known)
        barred = None if name in known.by_name else self.rights.barred(self.person)
        if barred:
            raise RefusedError(barred)
        host = known.find(name)
        self.rights.require(host, self.right, self.person, self.channel)
        return host

    def note(self, name: str, known: Hosts) -> None:
        """Write to the audit that a host was named that is there and hidden from the person."""
        if name in self.hosts.by_name and name not in known.by_name:
            with suppress(RefusedError):
                self.rights.require(self.hosts.by_name[name], self.right, self.person, self.channel)

    def _has_all(self, host: Host) -> bool:
        rights = dict.fromkeys((Right.LOOK, self.right))
        return all(self.rights.has(host, right, self.person, self.channel) for right in rights)

    def _knows(self, host: Host) -> bool:
        rights = dict.fromkeys((Right.LOOK, self.right))
        return any(self.rights.has(host, right, self.person, self.channel) for right in rights)
