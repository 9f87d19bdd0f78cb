"""Decide: votes on a plan, each checked against the policy at the click, each one compare-and-set."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.audit import Tag
from bot.core.errors import RefusedError
from bot.core.hosts import Host, Hosts
from bot.core.lifecycle import PlanState, Status, Vote
from bot.core.plans import Person
from bot.core.policy import Right, may
from bot.ports import Change, Store
from bot.services import facts
from bot.services.rights import Rights, refusal

_ENDED_WORDS = {
    Status.APPROVED: "already approved",
    Status.REJECTED: "already rejected",
    Status.EXPIRED: "expired",
    Status.CANCELLED: "cancelled",
    Status.SUPERSEDED: "replaced by a newer plan",
    Status.RUNNING: "already approved, and running",
}
_NOBODYS = frozenset({Status.EXPIRED, Status.CANCELLED, Status.SUPERSEDED})
"""Ends that no vote brought about: whoever voted last had no part in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    hosts: Callable[[], Hosts]
    rights: Rights
    store: Store
    changed: Callable[[], None]
    """Called when a plan changed: a message to bring up to date, or a cleanup to start."""

    def __call__(self, plan_id: str, person: Person, *, approve: bool, reason: str = "") -> PlanState:
        """Record a vote; RefusedError, whose sentence says why, when it does not count."""
        seen = self.store.plan(plan_id)
        verb = "approve" if approve else "reject"
        if seen is None:
            why = "This plan is not in the database of this Deckhand. Ask for a new one."
            self.store.record_refusal(facts.refused_vote(plan_id, "", person, verb, why))
            raise RefusedError(why)
        host = self.hosts().by_name.get(seen.plan.host)
        if host is None:
            why = f"{seen.plan.host} is no longer registered, so nothing can be decided about it."
            self.store.record_refusal(facts.refused_vote(plan_id, seen.plan.host, person, verb, why))
            raise RefusedError(why)
        groups = self.rights.groups(host.policy, Right.APPROVE, person)
        allowed = may(host.policy, Right.APPROVE, person.id, groups)
        vote = _Vote(host=host, person=person, approve=approve, reason=reason, allowed=allowed)
        try:
            state = self.store.change(plan_id, vote.decide)
        except RefusedError as refused:
            self.store.record_refusal(facts.refused_vote(plan_id, host.name, person, verb, str(refused)))
            self.expire_due()
            raise
        self.changed()
        return state

    def expire_due(self) -> None:
        """End the plans whose time is up; that they can no longer be approved does not depend on it."""
        for plan_id in self.store.due():
            try:
                self.store.change(plan_id, _expire)
            except RefusedError:
                continue  # decided in this very moment
            self.changed()


def _expire(state: PlanState, now: datetime) -> Change:
    if state.status is not Status.PROPOSED or now < state.plan.expires_at:
        raise RefusedError("The plan is not due.")
    return Change(status=Status.EXPIRED, events=(facts.event(Tag.PLAN_EXPIRED, state.plan),), decided=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vote:
    """One click, with what was read for it; ``decide`` runs inside the store's transaction."""

    host: Host
    person: Person
    approve: bool
    reason: str
    allowed: bool

    def decide(self, state: PlanState, now: datetime) -> Change:
        self._check(state, now)
        vote = Vote(person=self.person, approve=self.approve, at=now, reason=self.reason)
        voted = facts.event(
            Tag.PLAN_VOTED, state.plan, self.person, approve=self.approve, reason=self.reason,
            policy=self.host.policy.name, quorum=self.host.policy.quorum,
            policy_in_force=facts.policy(self.host.policy), permalink=facts.permalink(state),
        )  # fmt: skip
        if not self.approve:
            ended = facts.event(Tag.PLAN_REJECTED, state.plan, self.person, reason=self.reason)
            return Change(
                status=Status.REJECTED, events=(voted, ended), vote=vote, reason=self.reason, decided=True
            )
        approvers = [*state.approvers, self.person]
        if len(approvers) < self.host.policy.quorum:
            return Change(status=Status.PROPOSED, events=(voted,), vote=vote)
        approved = facts.event(
            Tag.PLAN_APPROVED, state.plan, self.person, approvers=[person.id for person in approvers],
            policy=self.host.policy.name, quorum=self.host.policy.quorum,
            policy_in_force=facts.policy(self.host.policy), permalink=facts.permalink(state),
        )  # fmt: skip
        return Change(status=Status.APPROVED, events=(voted, approved), vote=vote, decided=True)

    def _check(self, state: PlanState, now: datetime) -> None:
        if state.status is not Status.PROPOSED:
            raise RefusedError(already(state))
        if now >= state.plan.expires_at:
            raise RefusedError(expired(state))
        if not self.allowed:
            raise RefusedError(refusal(self.host, Right.APPROVE))
        if not self.approve:
            return
        if self.person.id == state.plan.requester.id and not self.host.policy.self_approval:
            raise RefusedError("You asked for this plan, so somebody else has to approve it.")
        if any(person.id == self.person.id for person in state.approvers):
            raise RefusedError(
                f"Your approval counts already: {len(state.approvers)} of {self.host.policy.quorum}."
            )


def already(state: PlanState) -> str:
    """What somebody reads who clicks on a plan that is no longer open: how it ended, and by whom."""
    words = _ENDED_WORDS.get(state.status, "already approved, and finished")
    last = state.votes[-1].person.id if state.votes else ""
    by = f" by <@{last}>" if last and state.status not in _NOBODYS else ""
    return f"This plan is {words}{by}. Nothing was changed by your click."


def expired(state: PlanState) -> str:
    return (
        f"This plan expired. Ask for a fresh one: /docker-prune {state.plan.host} {state.plan.draft.request}"
    )
