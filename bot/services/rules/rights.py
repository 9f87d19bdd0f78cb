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
from bot.core.rules.hosts import Host
from bot.core.rules.people import Known, Standing, split_id
from bot.core.rules.policy import EVERYONE, Policy, Right, groups_to_read, is_channel, is_group, may
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

_NOBODY = {
    Standing.BOT: "Bots have no rights in Deckhand: a person has to do this.",
    Standing.DEACTIVATED: "This Slack account is deactivated, so it has no rights in Deckhand any more.",
    Standing.UNKNOWN: (
        "Slack does not say who you are at the moment, so nothing was done. Try again in a minute; if that does not "
        "help, whoever runs Deckhand finds the reason in its log (it asks users.info, with the scope users:read)."
    ),
}
"""What those read who can have no right, whatever a policy says."""


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

    def objection(self, host: Host, right: Right, person: Person, channel: str = "") -> str:
        """Why the person has not the right, and what would give it; empty when they have it."""
        who = self.known(person)
        groups = self.groups(host.policy, right, who, channel)
        return "" if may(host.policy, right, who, groups, channel) else refusal(host, right, who)

    def barred(self, person: Person) -> str:
        """Why the person can have no right on any host; empty when a policy may give them some."""
        return _NOBODY.get(self.known(person).standing, "")

    def closed(self, sentence: str, person: Person) -> RefusedError:
        """What somebody reads to whom no host at all is open: the sentence, and what they are where that is why."""
        who = self.known(person)
        return RefusedError(_NOBODY.get(who.standing) or f"{sentence}{_aside(who, guests=False)}")

    def require(self, host: Host, right: Right, person: Person, channel: str = "") -> None:
        """Raise RefusedError, which says who may, when the person may not; the audit then says that they tried."""
        refused = self.objection(host, right, person, channel)
        if not refused:
            return
        facts: dict[str, Json] = {
            "actor_name": person.name, "attempted": str(right), "policy": host.policy.name, "reason": refused,
        }  # fmt: skip
        try:
            self.record(Event(tag=_TAGS[right], host=host.name, actor=person.id, facts=facts))
        except StoreUnavailableError as error:
            LOG.warning("%s was refused to %s %s: %s", person.id, _VERBS[right], host.name, error)
        raise RefusedError(refused)


def refusal(host: Host, right: Right, who: Known) -> str:
    """The sentence for a person without the right; ids are written as Slack mentions."""
    if who.standing in _NOBODY:
        return _NOBODY[who.standing]
    policy = host.policy
    sentence = f"You may not {_VERBS[right]} {host.name}: its policy “{policy.name}” {whom(policy, right)}."
    return f"{sentence}{_aside(who, guests=policy.guests)}"


def _aside(who: Known, *, guests: bool) -> str:
    """What an outsider or a guest has to know beside whom a policy names; ``guests`` is whether it means these too."""
    if who.standing is Standing.OUTSIDER:
        return f" That means people of its own Slack, and you are of another company: an entry for you is {who.id}."
    if who.standing is Standing.GUEST and not guests:
        return " You are a guest here: guests count only where a policy names them, or says guests = true."
    return ""


def whom(policy: Policy, right: Right) -> str:
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
    return f"<!subteam^{entry}>" if is_group(entry) else f"<@{split_id(entry)[1]}>"
