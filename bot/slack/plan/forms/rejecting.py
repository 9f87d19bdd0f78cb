"""The form that asks why a plan is rejected. Pure: a plan to a modal, and a submitted one to what it says."""

from collections.abc import Mapping
from typing import Any

from bot.core.life.states import PlanState
from bot.slack.action_ids import REJECT_REASON
from bot.slack.kit.blocks import Block, section
from bot.slack.kit.names import frees_text
from bot.slack.kit.text import escape, plural
from bot.slack.plan.message import REASON_LIMIT

REASON = "reason"
"""Block id and action id of its one field."""


def reject_form(state: PlanState, place: str = "") -> Block:
    """The modal; what it carries is the plan's id, and where to answer when that is not where the plan is."""
    plan, draft = state.plan, state.plan.draft
    objects = plural(len(draft.items), "object")
    return {
        "type": "modal",
        "callback_id": REJECT_REASON,
        "private_metadata": f"{plan.id} {place}".strip(),
        "title": {"type": "plain_text", "text": "Reject the plan"},
        "submit": {"type": "plain_text", "text": "Reject"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            section(
                f"*{escape(draft.profile)}* on *{escape(plan.host)}* would free {frees_text(draft)} in {objects}."
            ),
            reason_field("Why not?"),
        ],
    }


def reason_field(label: str) -> Block:
    """Where somebody writes why they vote as they do."""
    return {
        "type": "input",
        "block_id": REASON,
        "label": {"type": "plain_text", "text": label},
        "hint": {"type": "plain_text", "text": "Everyone reads it in the plan's message."},
        "element": {
            "type": "plain_text_input",
            "action_id": REASON,
            "multiline": True,
            "min_length": 1,
            "max_length": REASON_LIMIT,
            "focus_on_load": True,
        },
    }


def asks_why(view: Mapping[str, Any]) -> bool:
    """Whether a submitted form has that field."""
    return REASON in ((view.get("state") or {}).get("values") or {})


def reason_of(view: Mapping[str, Any]) -> str:
    """What was written, on one line; empty when it is nothing but white space."""
    fields = ((view.get("state") or {}).get("values") or {}).get(REASON) or {}
    return " ".join(str((fields.get(REASON) or {}).get("value") or "").split())
