"""Decide: votes on a plan, each checked against the policy at the click, each one compare-and-set."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.audit import facts
from bot.core.audit.events import Event, Tag
from bot.core.errors import RefusedError
from bot.core.life.states import PlanState, Status, Vote
from bot.core.plan.plan import Person
from bot.core.refusals import already, expired
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Right, may_be_own, plan_objection, quorum_of
from bot.ports import Change
from bot.services.clicks import Click, Clicks, Way
from bot.services.decide.approving import quorum_needed, start_of

EXPIRE_SECONDS = 3.0
"""How often the plans whose time is up are ended; that none of them is approved any more does not wait for it."""
APPROVE = Way(verb="approve", right=Right.APPROVE, gone="nothing can be decided about it")
REJECT = replace(APPROVE, verb="reject")
WITHDRAW = Way(verb="withdraw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(Clicks):
    """Votes of people. Whatever is refused, plans whose time is up are ended then."""

    def __call__(
        self, plan_id: str, person: Person, *, approve: bool, reason: str = "", channel: str = ""
    ) -> PlanState:
        """Record a vote; RefusedError, whose sentence says why, when it does not count."""

        def vote(click: Click, state: PlanState, now: datetime) -> Change:
            return _Vote(click=click, approve=approve, reason=reason).decide(state, now)

        with self._due_ended():
            return self.change(APPROVE if approve else REJECT, plan_id, person, channel, vote)

    def check_rejection(self, plan_id: str, person: Person, channel: str = "") -> PlanState:
        """The plan, when this person may reject it now; the same checks follow with the reason itself."""
        return self._check(plan_id, person, channel, approve=False)

    def check_approval(self, plan_id: str, person: Person, channel: str = "") -> PlanState:
        """The plan, when this person may approve it now; the same checks follow with the approval itself."""
        return self._check(plan_id, person, channel, approve=True)

    def _check(self, plan_id: str, person: Person, channel: str, *, approve: bool) -> PlanState:
        way = APPROVE if approve else REJECT
        with self._due_ended(), self.clicked(way, plan_id, person, channel) as click:
            _Vote(click=click, approve=approve).check(click.seen)
            if plan_id in self.plans.due():
                raise RefusedError(expired(click.seen))
            return click.seen

    def withdraw(self, plan_id: str, person: Person) -> PlanState:
        """Take one's own approval back while the plan still waits for others; RefusedError when it is too late."""
        with self._due_ended():
            return self.change(WITHDRAW, plan_id, person, "", taken_back)

    def expire_due(self) -> None:
        """End the plans whose time is up; that they can no longer be approved does not depend on it."""
        for plan_id in self.plans.due():
            try:
                self.plans.change(plan_id, _expire)
            except RefusedError:
                continue  # decided in this very moment
            self.changed()

    @contextmanager
    def _due_ended(self) -> Iterator[None]:
        try:
            yield
        except RefusedError:
            self.expire_due()
            raise


def vote_of(click: Click, state: PlanState, now: datetime, *, approve: bool, reason: str = "") -> Change:
    """What a person's vote does to a plan, by the policy in force; RefusedError when it does not count."""
    return _Vote(click=click, approve=approve, reason=reason).decide(state, now)


def taken_back(click: Click, state: PlanState, now: datetime) -> Change:
    still_open(state, now)
    click.check_right()
    if click.person.id not in [approver.id for approver in state.approvers]:
        raise RefusedError("None of the approvals is yours, so there is nothing to withdraw.")
    left = [approver.id for approver in state.approvers if approver.id != click.person.id]
    withdrawn = facts.event(Tag.PLAN_WITHDRAWN, state.plan, click.person, approvers=[*left])
    return Change(status=Status.PROPOSED, events=(withdrawn,), withdrawn=click.person.id)


def _expire(state: PlanState, now: datetime) -> Change:
    if not state.is_overdue(now):
        raise RefusedError("The plan is not due.")
    return Change(status=Status.EXPIRED, events=(facts.event(Tag.PLAN_EXPIRED, state.plan),), decided=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vote:
    """What a click says of a plan; ``decide`` runs inside the store's transaction."""

    click: Click
    approve: bool
    reason: str = ""

    @property
    def person(self) -> Person:
        return self.click.person

    @property
    def host(self) -> Host:
        return self.click.host

    def decide(self, state: PlanState, now: datetime) -> Change:
        still_open(state, now)
        self.check(state)
        if self.host.policy.reasons and not self.reason:
            raise RefusedError(
                f"Policy “{self.host.policy.name}” wants to know why: press {'Approve' if self.approve else 'Reject'} "
                "again, and write a few words in the form."
            )
        return self._approval(state, now) if self.approve else self._rejection(state, now)

    def check(self, state: PlanState) -> None:
        """Raise RefusedError where the vote does not count, whatever the time."""
        if state.status is not Status.PROPOSED:
            raise RefusedError(already(state))
        self.click.check_right()
        if not self.approve:
            return
        if not may_be_own(self.host.policy, state.plan.requester.id, self.person.id):
            raise RefusedError("You asked for this plan, so somebody else has to approve it.")
        objection = plan_objection(self.host.policy, state.plan.draft)
        if objection:
            raise RefusedError(f"{self.host.name}: {objection}. Ask for another plan.")
        if any(person.id == self.person.id for person in state.approvers):
            needed = quorum_needed(self.host.policy, state.plan.draft)
            raise RefusedError(f"Your approval counts already: {len(state.approvers)} of {needed}.")

    def _rejection(self, state: PlanState, now: datetime) -> Change:
        vote = Vote(person=self.person, approve=False, at=now, reason=self.reason)
        ended = facts.event(Tag.PLAN_REJECTED, state.plan, self.person, reason=self.reason)
        return Change(
            status=Status.REJECTED, events=(self._voted(state), ended), vote=vote, reason=self.reason,
            decided=True,
        )  # fmt: skip

    def _approval(self, state: PlanState, now: datetime) -> Change:
        policy = self.host.policy
        needed, starts_at = quorum_needed(policy, state.plan.draft), start_of(policy, now)
        vote = Vote(person=self.person, approve=True, at=now, reason=self.reason)
        approvers = [*state.approvers, self.person]
        if len(approvers) < needed:
            return Change(status=Status.PROPOSED, events=(self._voted(state),), vote=vote)
        approved = facts.bound(
            Tag.PLAN_APPROVED, state.plan, self.person, approvers=[person.id for person in approvers],
            policy=policy.name, quorum=needed, starts_at=facts.moment(starts_at),
            permalink=facts.permalink(state), **facts.in_force(self.host),
        )  # fmt: skip
        return Change(
            status=Status.APPROVED, events=(self._voted(state), approved), vote=vote, decided=True,
            starts_at=starts_at,
        )  # fmt: skip

    def _voted(self, state: PlanState) -> Event:
        policy = self.host.policy
        return facts.bound(
            Tag.PLAN_VOTED, state.plan, self.person, approve=self.approve, reason=self.reason,
            policy=policy.name, quorum=quorum_of(policy, state.plan.draft),
            permalink=facts.permalink(state), **facts.in_force(self.host),
        )  # fmt: skip


def still_open(state: PlanState, now: datetime) -> None:
    """Raise RefusedError when a plan no longer waits for votes."""
    if state.status is not Status.PROPOSED:
        raise RefusedError(already(state))
    if state.is_overdue(now):
        raise RefusedError(expired(state))
