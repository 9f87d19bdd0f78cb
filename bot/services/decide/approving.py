"""Approving: what an approval needs beside the right to give it; the same for a person and for a policy."""

from datetime import datetime

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import RefusedError
from bot.core.life.states import PlanState, Status, Vote
from bot.core.plan.plan import Draft
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Policy, approves_itself, limits_words, quorum_of
from bot.core.units import human_size
from bot.ports import Change


def start_of(policy: Policy, now: datetime) -> datetime | None:
    """When a plan that is approved now may start: None at once, else when the policy's next window opens.

    RefusedError when that is further away than the policy lets an approval hold.
    """
    opening = policy.windows.opening(now)
    if opening - now > policy.start_within:
        raise RefusedError(
            f"Policy “{policy.name}” lets cleanups run {policy.windows.words()}, next from "
            f"{moment_text(policy, opening)}: too long from now for an approval to hold. Ask for a fresh plan "
            "nearer to that time."
        )
    return opening if opening > now else None


def approve_by_policy(host: Host, state: PlanState, now: datetime) -> Change:
    """Approve a plan in the name of the host's policy; RefusedError when it is no longer open."""
    if state.status is not Status.PROPOSED:
        raise RefusedError("The plan is no longer open.")
    policy = host.policy
    starts_at, approver = start_of(policy, now), policy.approver
    approved = facts.bound(
        Tag.PLAN_APPROVED, state.plan, approver, approvers=[approver.id], policy=policy.name, automatic=True,
        starts_at=facts.moment(starts_at), permalink=facts.permalink(state), **facts.in_force(host),
    )  # fmt: skip
    return Change(
        status=Status.APPROVED, events=(approved,), vote=Vote(person=approver, approve=True, at=now),
        decided=True, starts_at=starts_at,
    )  # fmt: skip


def may_approve_itself(policy: Policy, draft: Draft, now: datetime) -> bool:
    """Whether the policy approves the plan, and its approval would hold until a window opens."""
    return approves_itself(policy, draft) and policy.windows.opening(now) - now <= policy.start_within


def quorum_needed(policy: Policy, draft: Draft) -> int:
    """How many approvals the plan needs; RefusedError when no number of them is enough."""
    quorum = quorum_of(policy, draft)
    if quorum is None:
        raise RefusedError(too_much(policy, draft))
    return quorum


def too_much(policy: Policy, draft: Draft) -> str:
    """The sentence for a plan beyond a limit above which nobody can approve."""
    return (
        f"“{draft.profile}” would free {human_size(draft.frees.high)} in {len(draft.items)} objects, and "
        f"policy “{policy.name}” allows no cleanup of more than {limits_words(policy)}. Narrow it: until=240h "
        "(only what is older), only=images (one kind at a time), not=NAME, keep=5."
    )


def moment_text(policy: Policy, moment: datetime) -> str:
    """A moment by the clock of the policy's windows."""
    return f"{moment.astimezone(policy.windows.zone):%a %Y-%m-%d %H:%M} ({policy.windows.zone})"
