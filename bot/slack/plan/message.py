"""The plan's message through its whole life: proposed, decided, running, ended. Pure: a state to blocks."""

from bot.core.life.leftover import left_of
from bot.core.life.states import CLEANUP_OUTCOMES, PlanState, Status
from bot.core.units import short_size
from bot.slack.action_ids import PLAN_AFRESH
from bot.slack.kit.blocks import Block, Message, actions, button, context, fields, header, section
from bot.slack.kit.names import frees_text
from bot.slack.kit.text import code, date, escape, mention, mentions, plain, plural
from bot.slack.plan.looking import look_at_names
from bot.slack.plan.open import (
    NOWHERE,
    About,
    goes_text,
    may_approve_text,
    open_blocks,
    open_title,
    people,
    went_text,
)
from bot.slack.plan.restores import lost_text
from bot.slack.plan.runs import (
    counts_text,
    ended_count,
    planned_text,
    report_blocks,
    report_title,
    running_blocks,
)

REASON_LIMIT = 500
"""Characters of why a plan ended."""

_TITLES = {
    Status.PROPOSED: "Cleanup plan",
    Status.APPROVED: "Approved cleanup",
    Status.REJECTED: "Rejected plan",
    Status.EXPIRED: "Expired plan",
    Status.CANCELLED: "Cancelled plan",
    Status.SUPERSEDED: "Replaced plan",
    Status.RUNNING: "Cleanup running",
    Status.DONE: "Cleanup done",
    Status.PARTIAL: "Cleanup done, some kept",
    Status.STOPPED: "Cleanup stopped",
    Status.FAILED: "Cleanup failed",
}
_ATTENTION = "Cleanup needs attention"
_AFRESH = frozenset({Status.REJECTED, Status.EXPIRED, Status.CANCELLED})


def plan_message(state: PlanState, about: About = NOWHERE) -> Message:
    """Everything about a plan as it stands, under one header."""
    plan = state.plan
    kind = _ATTENTION if state.attention else _TITLES[state.status]
    title = f"{kind}: {plan.draft.profile} on {plan.host}"
    told = decision_text(state, about) if state.status is Status.PROPOSED else sentence(state)
    text = f"{title}. {told}"
    if state.status in {Status.PROPOSED, Status.APPROVED}:
        body = open_blocks(state, about, _verdict(state))
        return Message(text=text, blocks=(header(open_title(state, about)), *body))
    if state.status is Status.RUNNING:
        body = running_blocks(state, people(state))
    elif state.status in CLEANUP_OUTCOMES:
        return Message(text=text, blocks=(header(report_title(state)), *report_blocks(state)))
    else:
        body = _closed_blocks(state)
    foot = context(f"Plan {code(plan.id)} · engine {plain(plan.draft.engine.version, 60)} "
                   f"{code(plan.draft.engine.id, 60)}")  # fmt: skip
    return Message(text=text, blocks=(header(title), *body, foot))


def sentence(state: PlanState) -> str:
    """The decision, for notifications and screen readers."""
    plan = state.plan
    objects = plural(len(plan.draft.items), "object")
    if state.status is Status.PROPOSED:
        left = left_of(state)
        objects = plural(len(left.items), "object")
        return f"Frees {frees_text(left)} in {objects}. Asked for by {mention(plan.requester)}."
    if state.attention:
        return f"It stands still. {plain(state.attention, REASON_LIMIT)}"
    if state.status is Status.RUNNING:
        return f"{ended_count(state)} of {objects}, {short_size(state.reclaimed)} freed so far."
    if state.status in CLEANUP_OUTCOMES:
        return f"{short_size(state.reclaimed)} freed, {planned_text(state)}. {counts_text(state)}."
    return _verdict(state)


def decision_text(state: PlanState, about: About = NOWHERE) -> str:
    """All that somebody needs who decides by ear, or from a notification: it is read instead of the blocks."""
    plan, draft = state.plan, left_of(state)
    lost = lost_text(draft)
    cannot = f"Cannot be undone: {lost}." if lost else "All of it can be made or pulled again."
    names = look_at_names(draft.items)
    look = f" Look at {names}." if names else ""
    who = f" May approve: {may_approve_text(state, about)}." if about.approvers else ""
    went = f"{went_text(state)} " if state.went_with else ""
    return (
        f"{went}Removes {goes_text(draft.items) or 'nothing'}. {sentence(state)} {cannot}{look}{who} "
        f"{len(state.approvers)} of {state.quorum} approvals; expires {date(plan.expires_at)}."
    )


def _verdict(state: PlanState) -> str:
    last = mention(state.votes[-1].person) if state.votes else "nobody"
    said = plain(state.reason, REASON_LIMIT)
    reason = f" {said}" if said else ""
    sentences = {
        Status.APPROVED: f"Approved by {mentions([person.id for person in state.approvers])}.",
        Status.REJECTED: f"Rejected by {last}{f': “{said}”' if said else ''}. Nothing was removed.",
        Status.EXPIRED: "Nobody decided in time. Nothing was removed; "
        f"`/docker-prune {state.plan.host} {escape(state.plan.draft.request)}` plans afresh.",
        Status.CANCELLED: f"Cancelled.{reason or ' Nothing was removed.'}",
        Status.SUPERSEDED: "A newer plan took its place. Nothing was removed.",
    }
    return sentences.get(state.status, "")


def _closed_blocks(state: PlanState) -> list[Block]:
    plan, draft = state.plan, state.plan.draft
    blocks = [
        section(_verdict(state)),
        fields(
            [
                f"*Would have freed*\n{frees_text(draft)} in {plural(len(draft.items), 'object')}",
                f"*Asked for by*\n{mention(plan.requester)}",
            ]
        ),
    ]
    if state.status in _AFRESH:
        spoken = f"Plan afresh: {draft.profile} on {plan.host}"
        blocks.append(actions([button("Plan afresh", PLAN_AFRESH, plan.id, spoken=spoken)]))
    return blocks
