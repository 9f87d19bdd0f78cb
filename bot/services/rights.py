"""Rights: read from the policy in force at the moment of the click; closed when in doubt."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.errors import RefusedError
from bot.core.hosts import Host
from bot.core.plans import Person
from bot.core.policy import EVERYONE, Policy, Right, groups_to_read, is_channel, is_group, may
from bot.ports import Directory

_VERBS = {
    Right.LOOK: "look at",
    Right.REQUEST: "ask for cleanups on",
    Right.APPROVE: "decide about cleanups on",
    Right.STOP: "stop cleanups on",
    Right.RESTORE: "restore images on",
    Right.AUDIT: "read the audit of",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    directory: Directory

    def groups(
        self, policy: Policy, right: Right, person: Person, channel: str = ""
    ) -> Mapping[str, frozenset[str]]:
        """Read the user groups that this decision needs; none when it needs none."""
        needed = groups_to_read(policy, right, person.id, channel)
        return {group: self.directory.members(group) for group in needed}

    def has(self, host: Host, right: Right, person: Person, channel: str = "") -> bool:
        """Whether the person has the right when asking in this channel; without one, channels give none."""
        groups = self.groups(host.policy, right, person, channel)
        return may(host.policy, right, person.id, groups, channel)

    def require(self, host: Host, right: Right, person: Person, channel: str = "") -> None:
        """Raise RefusedError, which says who may, when the person may not."""
        if not self.has(host, right, person, channel):
            raise RefusedError(refusal(host, right))


def refusal(host: Host, right: Right) -> str:
    """The sentence for a person without the right; ids are written as Slack mentions."""
    return (
        f"You may not {_VERBS[right]} {host.name}: its policy “{host.policy.name}” {who(host.policy, right)}."
    )


def who(policy: Policy, right: Right) -> str:
    """Whom a policy gives a right, as a person reads it in Slack."""
    entries = policy.entries(right)
    if not entries:
        return f"names nobody for “{right}”"
    if EVERYONE in entries:
        return f"gives everyone “{right}”"
    return f"gives “{right}” to {', '.join(map(_mention, entries))}"


def _mention(entry: str) -> str:
    if is_channel(entry):
        return f"anyone in <#{entry}>"
    return f"<!subteam^{entry}>" if is_group(entry) else f"<@{entry}>"
