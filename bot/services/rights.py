"""Rights: read from the policy in force at the moment of the click; closed when in doubt."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.core.audit import Event, Json, Tag
from bot.core.errors import RefusedError, StoreUnavailableError
from bot.core.hosts import Host
from bot.core.plans import Person
from bot.core.policy import EVERYONE, Policy, Right, groups_to_read, is_channel, is_group, may
from bot.ports import Directory

LOG = logging.getLogger(__name__)

_VERBS = {
    Right.LOOK: "look at",
    Right.REQUEST: "ask for cleanups on",
    Right.APPROVE: "decide about cleanups on",
    Right.STOP: "stop cleanups on",
    Right.RESTORE: "restore images on",
    Right.AUDIT: "read the audit of",
}

_TAGS = {
    Right.LOOK: Tag.LOOK_REFUSED,
    Right.REQUEST: Tag.REQUEST_REFUSED,
    Right.APPROVE: Tag.PLAN_REFUSED,
    Right.STOP: Tag.STOP_REFUSED,
    Right.RESTORE: Tag.RESTORE_REFUSED,
    Right.AUDIT: Tag.AUDIT_REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    directory: Directory
    record: Callable[[Event], None] = field(default=lambda _refused: None)
    """Writes a refused attempt to the audit."""

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
        """Raise RefusedError, which says who may, when the person may not; the audit then says that they tried."""
        if self.has(host, right, person, channel):
            return
        refused = refusal(host, right)
        facts: dict[str, Json] = {
            "actor_name": person.name, "attempted": str(right), "policy": host.policy.name, "reason": refused,
        }  # fmt: skip
        try:
            self.record(Event(tag=_TAGS[right], host=host.name, actor=person.id, facts=facts))
        except StoreUnavailableError as error:
            LOG.warning("%s was refused to %s %s: %s", person.id, _VERBS[right], host.name, error)
        raise RefusedError(refused)


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
