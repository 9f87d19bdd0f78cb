"""The rules in force: all that may change while Deckhand runs, as one value that is read whole and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.docker.ages import Arrival
from bot.core.plan.profiles import BUILT_IN, Profile
from bot.core.plan.protection import Protection, rules_digest
from bot.core.plan.waves import Waves
from bot.core.rules.hosts import Hosts
from bot.core.rules.on_call import OnCall
from bot.core.rules.policy import Policy, is_group
from bot.core.rules.schedules import Schedule

ONLY_RESTORABLE = "only_restorable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Whoever decides something reads them once: no decision is made by parts of two configurations."""

    hosts: Hosts
    """With the policy of each, and what is protected there."""
    profiles: Mapping[str, Profile] = field(default_factory=lambda: BUILT_IN)
    """The built-in ones, as the configuration overrides them, then its own."""
    schedules: tuple[Schedule, ...] = ()
    on_call: Mapping[str, OnCall] = field(default_factory=dict)
    """On-call schedules by name."""
    waves: Waves = Waves()  # noqa: RUF009 - frozen, like all values here
    """Of the plans for many hosts that are proposed from now on."""

    def called(self, policy: Policy, moment: datetime) -> tuple[str, ...]:
        """Ids of the people and user groups who are on call for a policy; being among them gives no right."""
        if is_group(policy.on_call) and policy.on_call not in self.on_call:
            return (policy.on_call,)
        schedule = self.on_call.get(policy.on_call)
        return schedule.at(moment) if schedule else ()

    def protection(self, host: str) -> Protection:
        """All that cleanups leave alone on a host; UnknownHostError."""
        return self.hosts.find(host).protection

    def profiles_on(self, host: str) -> Mapping[str, Profile]:
        """The profiles, with the arrival of images counted as the host's policy says; UnknownHostError."""
        if self.hosts.find(host).policy.arrival is Arrival.SEEN:
            return self.profiles
        return {name: replace(profile, arrival=Arrival.BUILD) for name, profile in self.profiles.items()}

    def only_restorable(self, host: str) -> bool:
        """Whether only that may go there which can be brought back; UnknownHostError."""
        return self.hosts.find(host).policy.only_restorable

    def named(self, host: str, profile: str) -> str:
        """Names what a profile takes and all that is protected: equal when nothing changed. UnknownHostError."""
        named = rules_digest(self.profiles_on(host).get(profile), self.protection(host))
        return f"{named} {ONLY_RESTORABLE}" if self.only_restorable(host) else named
