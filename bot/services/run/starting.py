"""Starting: whether an approved plan may begin now, by the policy that is in force now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import RefusedError
from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Host, Hosts
from bot.core.rules.policy import APPROVER_PREFIX, Policy, Right, may_be_own, plan_objection, quorum_of
from bot.core.units import duration_words
from bot.ports import Change, Clock, Plans
from bot.services.decide.approving import may_approve_itself, moment_text
from bot.services.rules.rights import Rights

_AGAIN = "Nothing was removed. The same can be planned afresh."


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """The last question before a run: what was allowed at the click may not be any more."""

    hosts: Callable[[], Hosts]
    rights: Rights
    plans: Plans
    clock: Clock
    changed: Callable[[], None]

    def __call__(self, state: PlanState) -> bool:
        """Whether to go on. A plan that may not start any more is cancelled, with what to do about it.

        A plan whose window is closed waits for the next one, and no longer than its approval holds.
        """
        host = self.hosts().by_name.get(state.plan.host)
        if host is None:
            reason = f"{state.plan.host} is no longer registered. Nothing was removed."
            return self._cancel(state, reason, [])
        now, policy = self.clock.now(), host.policy
        opening = policy.windows.opening(now)
        objection = plan_objection(policy, state.plan.draft) or stale(policy, state.decided_at, opening)
        if objection:
            return self._cancel(state, f"{host.name}: {objection}. {_AGAIN}", [])
        if opening > now:
            return self._wait(state, opening)
        return self._still_approved(host, state, now)

    def _still_approved(self, host: Host, state: PlanState, now: datetime) -> bool:
        """Count the approvals of those who may still give them."""
        policy, counting = host.policy, [p for p in state.approvers if self._counts(host, state, p, now)]
        needed = quorum_of(policy, state.plan.draft) or policy.quorum
        by_policy = any(person.id == policy.approver.id for person in counting)
        if len(counting) >= needed or by_policy:
            return True
        lost = [person for person in state.approvers if person not in counting]
        names = ", ".join(person.name or person.id for person in lost)
        who = f"{names} may not approve on {host.name} any more, by what" if lost else "By what"
        reason = (
            f"{who} policy “{policy.name}” and Slack's directory say now, {len(counting)} of {needed} approvals "
            f"count. {_AGAIN}"
        )
        return self._cancel(state, reason, lost)

    def _counts(self, host: Host, state: PlanState, person: Person, now: datetime) -> bool:
        if person.id.startswith(APPROVER_PREFIX):
            same = person.id == host.policy.approver.id
            return same and may_approve_itself(host.policy, state.plan.draft, now)
        if not may_be_own(host.policy, state.plan.requester.id, person.id):
            return False
        channel = state.message.channel if state.message else ""
        return self.rights.has(host, Right.APPROVE, person, channel)

    def _wait(self, state: PlanState, opening: datetime) -> bool:
        """Let the plan wait for its window, and say so in its message; always False."""
        if state.starts_at != opening:

            def wait(current: PlanState, _now: datetime) -> Change:
                waits = facts.event(Tag.PLAN_WAITS, current.plan, until=facts.moment(opening))
                _must_wait(current)
                return Change(status=Status.APPROVED, events=(waits,), starts_at=opening)

            self._change(state, wait)
        return False

    def _cancel(self, state: PlanState, reason: str, lost: list[Person]) -> bool:
        """End the plan with a reason; always False."""

        def cancel(current: PlanState, _now: datetime) -> Change:
            _must_wait(current)
            cancelled = facts.event(
                Tag.PLAN_CANCELLED, current.plan, reason=reason, lost=[person.id for person in lost]
            )
            return Change(status=Status.CANCELLED, events=(cancelled,), reason=reason)

        self._change(state, cancel)
        return False

    def _change(self, state: PlanState, decide: Callable[[PlanState, datetime], Change]) -> None:
        try:
            self.plans.change(state.plan.id, decide)
        except RefusedError:
            return  # another process was faster
        self.changed()


def _must_wait(state: PlanState) -> None:
    if state.status is not Status.APPROVED:
        raise RefusedError("The plan is no longer waiting to start.")


def stale(policy: Policy, decided_at: datetime | None, opening: datetime) -> str | None:
    """Whether an approval of then would be older than the policy lets it hold when the plan can start."""
    if decided_at is None or opening - decided_at <= policy.start_within:
        return None
    held = duration_words(policy.start_within)
    windows = f" (the next window opens {moment_text(policy, opening)})" if policy.windows.windows else ""
    return f"its approval held for {held}, and the cleanup did not begin in that time{windows}"
