"""The forms of a fleet plan: approve once more, reject, leave hosts out, and all of one host. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.core.life.fleets import FleetState
from bot.core.life.leftover import left_of
from bot.core.life.states import PlanState, Status
from bot.slack.action_ids import FLEET_ADJUST_PLAN, FLEET_ALONE, FLEET_APPROVE_PLAN, FLEET_REJECT_REASON
from bot.slack.fleet.message import total_words, undo_text
from bot.slack.kit.blocks import Block, actions, button, chosen, context, field, modal, option, section, whole
from bot.slack.kit.names import frees_text, range_text
from bot.slack.kit.text import date, escape, mention, paragraphs, plural
from bot.slack.plan.forms.approving import VOLUMES_SHOWN
from bot.slack.plan.forms.rejecting import reason_field
from bot.slack.plan.forms.whole import whole_view
from bot.slack.plan.looking import look_at_text, volumes_text

LEAVE_OUT = "leave_out"
_LISTED = "listed:"
"""Begins the id of the block with which a host's list begins; its plan's id follows."""
BLOCKS = 96
"""Of a form: Slack takes a hundred."""


def approve_form(
    state: FleetState, plans: Sequence[PlanState], place: str, *, reasons: bool = False
) -> Block:
    """What cannot be undone, and host by host the data that goes and the riskiest objects.

    ``reasons``: whether the policy of a host that waits wants to know why.
    """
    waiting = {one.plan for one in state.with_status(Status.PROPOSED)}
    members = [one for one in state.fleet.members if one.plan in waiting]
    blocks = [
        whole(
            f"Remove *{sum(one.objects for one in members):,} objects* from *{plural(len(members), 'host')}*: frees "
            f"*{total_words(members)}*"
        ),
        whole(undo_text(members)),
        *(block for plan in plans if plan.plan.id in waiting for block in _host_blocks(plan)),
    ]
    asked = f"{mention(state.fleet.requester)} asked {date(state.fleet.created_at)}"
    foot = f"{asked}. What you approve is what is removed."
    return modal(
        FLEET_APPROVE_PLAN, "Approve on all hosts?",
        [*blocks, context(foot), *([reason_field("Why may it go?")] if reasons else [])], submit="Approve",
        metadata=f"{state.fleet.id} {place}".strip(),
    )  # fmt: skip


def listed_in(view: Mapping[str, Any]) -> frozenset[str]:
    """The plans that a submitted form listed: its approval is about no other."""
    named = (str(block.get("block_id", "")) for block in view.get("blocks", ()))
    return frozenset(name.removeprefix(_LISTED) for name in named if name.startswith(_LISTED))


def all_is_shown(form: Block) -> bool:
    """Whether the form has room for everything: else hosts with data have to be decided one by one."""
    return len(form["blocks"]) <= BLOCKS


def _host_blocks(plan: PlanState) -> Iterator[Block]:
    draft = left_of(plan)
    head = f"*{escape(plan.plan.host)}*: {plural(len(draft.items), 'object')}, {frees_text(draft)}"
    lines = [
        head,
        *volumes_text(draft.items, VOLUMES_SHOWN).splitlines(),
        *look_at_text(draft).splitlines(),
    ]
    first, *others = paragraphs(lines)
    yield {**whole(first), "block_id": f"{_LISTED}{plan.plan.id}"}
    yield from map(whole, others)


def reject_form(state: FleetState, place: str) -> Block:
    """Asks why the plans of all hosts that wait are rejected."""
    waiting = len(state.with_status(Status.PROPOSED))
    return modal(
        FLEET_REJECT_REASON, "Reject on all hosts",
        [
            section(
                f"*{escape(state.fleet.request)}* on *{escape(state.fleet.selection)}*: {plural(waiting, 'host')} "
                "to be decided."
            ),
            reason_field("Why not?"),
        ],
        submit="Reject", metadata=f"{state.fleet.id} {place}".strip(),
    )  # fmt: skip


def leave_out_form(state: FleetState, place: str) -> Block:
    """Which of the hosts that wait are left out."""
    waiting = {one.plan for one in state.with_status(Status.PROPOSED)}
    options = [
        option(f"{one.host}: {plural(one.objects, 'object')}, {range_text(one.frees)}", one.plan)
        for one in state.fleet.members
        if one.plan in waiting
    ]
    return modal(
        FLEET_ADJUST_PLAN, "Leave hosts out",
        [
            section(
                "The plans of these hosts end here; all others stay as they are, with the votes that they have. To "
                "take less from a host, open it with *All of one host…* and give it a message of its own, with its "
                "own Adjust."
            ),
            field(LEAVE_OUT, "Leave these out", {"type": "multi_static_select", "options": options}),
        ],
        submit="Leave out", metadata=f"{state.fleet.id} {place}".strip(),
    )  # fmt: skip


def left_out_of(view: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the plans whose hosts were chosen."""
    return chosen(view, LEAVE_OUT)


def one_view(plan: PlanState, place: str) -> Block:
    """All of one host's plan; it may be given a message of its own, where it is decided on singly."""
    view = whole_view(plan)
    own = button(
        "A message of its own", FLEET_ALONE, plan.plan.id, spoken=f"A message of its own for {plan.plan.host}"
    )
    note = context("There it is decided on alone, adjusted, stopped and restored, as any plan is.")
    blocks = [*view["blocks"][:1], actions([own]), note, *view["blocks"][1:]]
    return {**view, "blocks": blocks[:100], "private_metadata": f"{plan.plan.id} {place}".strip()}
