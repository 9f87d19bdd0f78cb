"""Rights: read from the policy in force at the moment of the click; closed when in doubt.

Whoever acts goes through here, whatever the door: what Slack's directory says of them counts, and never what they say.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.core.audit.events import Event, Tag
from bot.core.errors import RefusedError, StoreUnavailableError
from bot.core.json import Json
from bot.core.plan.plan import Person
from bot.core.refusals import VERBS, NotAllowed, NothingOpen, Refusal, barred
from bot.core.rules.hosts import Host
from bot.core.rules.people import Known, split_id
from bot.core.rules.policy import Policy, Right, groups_to_read, may
from bot.ports import Directory

LOG = logging.getLogger(__name__)

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

    def known(self, person: Person, team: str = "") -> Known:
        """What Slack's directory says of a person; ``team`` is the one that the payload says they acted in."""
        of_id, user = split_id(person.id)
        if not user:
            return Known(user=person.id)
        return self.directory.person(user).seen_in(of_id or team)

    def identified(self, person: Person, team: str = "") -> Person:
        """The person with the id that records have: somebody of another team is T…/U…."""
        return replace(person, id=self.known(person, team).id)

    def groups(
        self, policy: Policy, right: Right, who: Known, channel: str = ""
    ) -> Mapping[str, frozenset[str]]:
        """Read the user groups that this decision needs; none when it needs none."""
        return {group: self.directory.members(group) for group in groups_to_read(policy, right, who, channel)}

    def has(self, host: Host, right: Right, person: Person, channel: str = "") -> bool:
        """Whether the person has the right when asking in this channel; without one, channels give none."""
        return not self.objection(host, right, person, channel)

    def objection(self, host: Host, right: Right, person: Person, channel: str = "") -> Refusal | None:
        """Why the person has not the right, and what would give it; None when they have it."""
        who, policy = self.known(person), host.policy
        if may(policy, right, who, self.groups(policy, right, who, channel), channel):
            return None
        return barred(who) or NotAllowed(
            who=who, right=right, host=host.name, policy=policy.name, entries=policy.entries(right),
            guests=policy.guests,
        )  # fmt: skip

    def barred(self, person: Person) -> Refusal | None:
        """Why the person can have no right on any host; None when a policy may give them some."""
        return barred(self.known(person))

    def closed(self, right: Right, person: Person) -> RefusedError:
        """What somebody reads to whom no host at all is open: that, and what they are where that is why."""
        who = self.known(person)
        return RefusedError(barred(who) or NothingOpen(who=who, right=right))

    def require(self, host: Host, right: Right, person: Person, channel: str = "") -> None:
        """Raise RefusedError, which says who may, when the person may not; the audit then says that they tried."""
        refused = self.objection(host, right, person, channel)
        if refused is None:
            return
        facts: dict[str, Json] = {
            "actor_name": person.name, "attempted": str(right), "policy": host.policy.name,
            "reason": str(refused),
        }  # fmt: skip
        try:
            self.record(Event(tag=_TAGS[right], host=host.name, actor=person.id, facts=facts))
        except StoreUnavailableError as error:
            LOG.warning("%s was refused to %s %s: %s", person.id, VERBS[right], host.name, error)
        raise RefusedError(refused)
