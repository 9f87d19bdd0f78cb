"""Propose: turn a request into a stored plan that waits for its decision."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors import RefusedError
from bot.core.hosts import Host, Hosts
from bot.core.lifecycle import MessageRef, PlanState
from bot.core.plans import Draft, Person, Plan
from bot.core.policy import Right
from bot.core.profiles import find_profile
from bot.ports import Clock, Store
from bot.services import facts
from bot.services.planning import Planning
from bot.services.rights import Rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    hosts: Callable[[], Hosts]
    rights: Rights
    planning: Planning
    store: Store
    clock: Clock
    new_id: Callable[[], str]
    changed: Callable[[], None]
    """Called when a plan's message has something new to show."""

    def check(self, host_name: str, profile_name: str, requester: Person) -> Host:
        """Raise what is wrong with a request before its host is asked anything."""
        host = self.hosts().find(host_name)
        find_profile(profile_name)
        self.rights.require(host, Right.REQUEST, requester)
        return host

    def __call__(self, host_name: str, profile_name: str, requester: Person, channel: str) -> PlanState:
        """Plan afresh and store the plan; RefusedError when there is nothing to remove."""
        host = self.check(host_name, profile_name, requester)
        profile = find_profile(profile_name)
        survey = self.planning.survey(host.name)
        draft = self.planning.draft(survey, profile)
        if not draft.items:
            raise RefusedError(nothing_to_remove(host.name, draft))
        now = self.clock.now()
        plan = Plan(
            id=self.new_id(),
            host=host.name,
            draft=draft,
            requester=requester,
            policy=host.policy.name,
            profile_words=profile.words(),
            commands=profile.commands(),
            created_at=now,
            expires_at=now + host.policy.expires,
            usage=survey.usage,
        )
        message = MessageRef(channel=channel)
        state = self.store.create_plan(plan, host.policy.quorum, message, facts.proposed(plan))
        self.changed()
        return state


def nothing_to_remove(host: str, draft: Draft) -> str:
    """Say that a profile finds nothing, and under which rules everything is kept."""
    counts = Counter(kept.because for kept in draft.kept).most_common(4)
    kept = ", ".join(f"{count} {because}" for because, count in counts)
    return f"{host}: “{draft.profile}” finds nothing to remove." + (f" Kept: {kept}." if kept else "")
