"""Propose: turn a request into a stored plan that waits for its decision."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.arguments import PICKED, Arguments
from bot.core.errors import NothingToRemoveError
from bot.core.hosts import Host, Hosts
from bot.core.lifecycle import MessageRef, PlanState
from bot.core.plans import Draft, Person, Plan
from bot.core.policy import Right
from bot.core.selection import NOT_ASKED_FOR
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

    def check(self, host_name: str, arguments: Arguments, requester: Person) -> Host:
        """Raise what is wrong with a request before its host is asked anything."""
        host = self.hosts().find(host_name)
        self.planning.check(arguments)
        self.rights.require(host, Right.REQUEST, requester)
        return host

    def __call__(self, host_name: str, arguments: Arguments, requester: Person, channel: str) -> PlanState:
        """Plan afresh and store the plan; NothingToRemoveError when there is nothing to remove."""
        host = self.check(host_name, arguments, requester)
        survey, draft = self.planning.draft(host.name, arguments)
        if not draft.items:
            raise NothingToRemoveError(nothing_to_remove(host.name, draft))
        now = self.clock.now()
        plan = Plan(
            id=self.new_id(),
            host=host.name,
            draft=draft,
            requester=requester,
            policy=host.policy.name,
            profile_words=draft.words,
            commands=draft.commands,
            created_at=now,
            expires_at=now + host.policy.expires,
            usage=survey.usage,
        )
        message = MessageRef(channel=channel)
        state = self.store.create_plan(plan, host.policy.quorum, message, facts.proposed(plan, host.policy))
        self.changed()
        return state


def nothing_to_remove(host: str, draft: Draft) -> str:
    """Say that a profile finds nothing, and under which rules everything is kept."""
    if draft.profile == PICKED:
        picked = [kept for kept in draft.kept if kept.because != NOT_ASKED_FOR]
        return f"{host}: nothing was removed. " + " ".join(
            f"{kept.name} stays: {kept.rule}." for kept in picked
        )
    counts = Counter(kept.because for kept in draft.kept).most_common(4)
    kept = ", ".join(f"{count} {because}" for because, count in counts)
    return f"{host}: “{draft.profile}” finds nothing to remove." + (f" Kept: {kept}." if kept else "")
